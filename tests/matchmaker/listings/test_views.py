"""Writing, publishing, withdrawing and translating one's listings over HTTP."""

import re
from datetime import timedelta

import pytest
from sqlmodel import select

from matchmaker.accounts import service as accounts
from matchmaker.accounts.models import MembershipRole, Organisation, Person, Role
from matchmaker.audit.models import AuditEvent
from matchmaker.core.clock import now
from matchmaker.db.engine import reading_session
from matchmaker.db.uow import unit_of_work
from matchmaker.listings import queries, service
from matchmaker.listings.actions import ACTIONS
from matchmaker.listings.models import Listing, Status, TextOrigin
from matchmaker.listings.schemas import ListingDraft
from matchmaker.quality import service as quality
from tests.factories.market import NEED, RESULT, approve, judgement, publish, submit, translate, write

FULL = {
    "lang": "zh",
    "title": "煤矿井下自动钻孔机器人",
    "summary": "希望引进可自动定位的钻孔机器人。",
    "description": "现有钻机每班需五人。",
    "technical_spec": "防爆型式满足要求。",
    "country": "CN",
    "partnerships": ["licence", "joint_venture"],
    "target_countries": ["DE", "IT"],
    "ipc": "E21B, e21c",
    "budget_max": "15000000",
    "budget_currency": "CNY",
}


@pytest.fixture
def member(signed_in):
    """A signed-in member of an organisation: the browser, and who it is."""
    client, actor = signed_in()
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client, actor


@pytest.fixture
def only(engine):
    """The one listing there is, as it is stored now."""

    def find():
        with reading_session(engine) as session:
            return queries.full(session, session.exec(select(Listing)).one())

    return find


def page(response, status=200):
    assert response.status_code == status
    return response.get_data(as_text=True)


def revision_in(text):
    return re.search(r'name="revision" value="(\d+)"', text).group(1)


def test_the_doors_lead_to_both_forms(member):
    client, _ = member
    text = page(client.get("/listings/new"))
    assert 'href="/listings/new/need"' in text
    assert 'href="/listings/new/result"' in text
    page(client.get("/listings/new/need"))
    page(client.get("/listings/new/result"))


def test_there_is_no_third_door(member):
    client, _ = member
    assert client.get("/listings/new/shoes").status_code == 404


def test_the_form_guesses_the_language_and_the_country_of_its_writer(signed_in):
    client, _ = signed_in(country="RS")
    text = page(client.get("/listings/new/need", headers={"Accept-Language": "zh"}))
    assert '<option value="zh" selected>' in text
    assert '<option value="RS" selected>' in text


def test_a_draft_is_saved_for_its_organisation_only(member, client, only):
    browser, actor = member
    response = browser.post("/listings/new/need", data={**FULL, "summary": "", "action": "draft"})
    found = only()
    assert response.status_code == 303
    assert response.location == f"/listings/{found.listing.public_id}/edit"
    assert found.listing.status is Status.DRAFT
    assert found.listing.organisation_id == actor.organisation_id
    assert client.get(f"/listings/{found.listing.public_id}").status_code == 404
    assert "The draft is saved" in page(browser.get(response.location))


def test_everything_typed_is_stored_and_handed_in(member, client, engine, only):
    browser, _ = member
    response = browser.post("/listings/new/need", data={**FULL, "action": "submit"})
    found = only()
    assert response.location == f"/listings/{found.listing.public_id}"
    assert found.listing.status is Status.SUBMITTED
    assert "This listing waits for its quality review." in page(browser.get(response.location))
    assert found.original.title == FULL["title"]
    assert found.codes["ipc"] == ["E21B", "E21C"]
    assert found.codes["target_countries"] == ["DE", "IT"]
    assert str(found.listing.budget_max) == "15000000.00"
    assert client.get(response.location).status_code == 404
    approve(engine, found.listing)
    assert client.get(response.location).status_code == 200


def test_handing_in_tells_every_missing_field_and_keeps_every_word(member, session):
    client, _ = member
    typed = {**FULL, "summary": "", "technical_spec": " ", "partnerships": [], "description": "Zeile 1\r\nZeile <2>"}
    text = page(client.post("/listings/new/need", data={**typed, "action": "submit"}), 422)
    assert "3 fields need attention" in text
    for name in ("summary", "technical_spec", "partnerships"):
        assert f'<a href="#f-{name}">' in text
        assert f'id="error-{name}"' in text
        assert f'id="f-{name}"' in text
    assert "Zeile 1\r\nZeile &lt;2&gt;</textarea>" in text
    assert 'value="E21B, e21c"' in text
    assert '<option value="IT" selected>' in text
    assert 'value="15000000"' in text
    assert session.exec(select(Listing)).all() == []


def test_an_error_is_tied_to_its_field_for_a_screen_reader(member):
    client, _ = member
    text = page(client.post("/listings/new/need", data={**FULL, "title": "", "action": "draft"}), 422)
    tag = re.search(r'<input[^>]*name="title"[^>]*>', text).group()
    assert 'aria-describedby="hint-title error-title"' in tag
    assert 'aria-invalid="true"' in tag


def test_a_text_that_is_too_long_comes_back_whole(member):
    client, _ = member
    text = page(client.post("/listings/new/need", data={**FULL, "summary": "长" * 501, "action": "draft"}), 422)
    assert "长" * 501 in text
    assert "This has 501 characters; 500 are the most." in text


def test_a_code_nobody_knows_comes_back_beside_the_known_ones(member):
    client, _ = member
    text = page(client.post("/listings/new/need", data={**FULL, "ipc": "E21B, drilling", "action": "draft"}), 422)
    assert 'value="E21B, drilling"' in text
    assert "“drilling” is not in the list." in text


def test_script_in_a_field_is_shown_as_text(member):
    client, _ = member
    evil = '"><script>alert(1)</script>'
    text = page(client.post("/listings/new/need", data={**FULL, "title": evil, "deadline": evil, "ipc": evil}), 422)
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text


def test_the_browser_learns_which_of_its_copies_is_stored(member):
    client, _ = member
    client.post("/listings/new/need", data={**FULL, "copy": "abc123-def456", "action": "draft"})
    assert client.get_cookie("saved_form").value == "abc123-def456"


def test_a_copy_that_was_refused_is_not_called_stored(member):
    client, _ = member
    client.post("/listings/new/need", data={**FULL, "title": "", "copy": "abc123-def456", "action": "draft"})
    assert client.get_cookie("saved_form") is None


def test_nothing_but_a_token_gets_into_the_cookie(member):
    client, _ = member
    client.post("/listings/new/need", data={**FULL, "copy": "x; Path=/evil", "action": "draft"})
    assert client.get_cookie("saved_form") is None


def test_editing_shows_what_is_stored_and_stores_what_is_typed(member, engine, only):
    client, actor = member
    listing = write(engine, actor, NEED, budget_min="1999.50", budget_max="20000")
    text = page(client.get(f"/listings/{listing.public_id}/edit"))
    assert NEED["title"] in text
    assert 'value="1999.50"' in text
    assert 'value="20000"' in text
    response = client.post(
        f"/listings/{listing.public_id}/edit", data={**FULL, "title": "新标题", "revision": 1, "action": "draft"}
    )
    assert response.status_code == 303
    assert only().original.title == "新标题"
    assert only().listing.revision == 2


def test_a_published_listing_cannot_be_saved_incomplete(member, engine, only):
    client, actor = member
    listing = publish(engine, actor, NEED)
    data = {**FULL, "description": "", "title": "新标题", "revision": 1, "action": "save"}
    text = page(client.post(f"/listings/{listing.public_id}/edit", data=data), 422)
    assert '<a href="#f-description">' in text
    assert "新标题" in text
    assert only().original.title == NEED["title"]


def test_two_writers_neither_overwrite_each_other_nor_lose_a_word(member, engine, only):
    client, actor = member
    listing = write(engine, actor, NEED)
    with unit_of_work(engine) as uow:
        service.change(uow, listing.public_id, ListingDraft(**{**NEED, "title": "同事的标题"}), revision=1, actor=actor)
    data = {**FULL, "title": "我的标题", "revision": 1, "action": "draft"}
    text = page(client.post(f"/listings/{listing.public_id}/edit", data=data), 409)
    assert 'value="我的标题"' in text
    assert "同事的标题" in text.split('id="theirs-title"')[1][:600]
    assert only().original.title == "同事的标题"
    revision = re.search(r'name="revision" value="(\d+)"', text).group(1)
    again = client.post(f"/listings/{listing.public_id}/edit", data={**data, "revision": revision})
    assert again.status_code == 303
    assert only().original.title == "我的标题"


def test_handing_in_from_the_list_asks_for_what_is_missing(member, engine, only):
    client, actor = member
    listing = write(engine, actor, {"direction": "result", "lang": "de", "title": "Bohrgerät", "country": "DE"})
    response = client.post(f"/listings/{listing.public_id}/submit")
    assert response.location == f"/listings/{listing.public_id}/edit?check=1"
    text = page(client.get(response.location))
    assert 'id="error-advantages"' in text
    assert "Bohrgerät" in text
    assert only().listing.status is Status.DRAFT


def test_withdrawing_can_be_taken_back_with_one_button(member, client, engine, only):
    browser, actor = member
    listing = publish(engine, actor, NEED)
    text = page(browser.post(f"/listings/{listing.public_id}/withdraw", follow_redirects=True))
    assert client.get(f"/listings/{listing.public_id}").status_code == 404
    undo = re.search(r'<form method="post" action="([^"]+)"[^>]*>(?:(?!</form>).)*data-undo', text, re.S).group(1)
    assert browser.post(undo).status_code == 303
    assert only().listing.status is Status.PUBLISHED


def test_a_button_of_a_page_leads_back_to_our_pages_only(member, engine):
    client, actor = member
    listing = publish(engine, actor, NEED)
    response = client.post(f"/listings/{listing.public_id}/withdraw", data={"next": "https://evil.example/"})
    assert response.location == "/listings/mine"


def test_what_was_never_published_is_not_published_without_a_review(member, engine):
    client, actor = member
    for listing in (write(engine, actor, NEED), submit(engine, actor, RESULT)):
        assert client.post(f"/listings/{listing.public_id}/publish").status_code == 409


def test_my_listings_are_filtered_and_counted(member, engine, person):
    client, actor = member
    publish(engine, actor, NEED)
    write(engine, actor, RESULT, title="Entwurf eines Bohrgeräts")
    publish(engine, person(), NEED, title="别人的需求")
    everything = page(client.get("/listings/mine"))
    assert NEED["title"] in everything
    assert "Entwurf eines Bohrgeräts" in everything
    assert "别人的需求" not in everything
    drafts = page(client.get("/listings/mine?status=draft"))
    assert NEED["title"] not in drafts
    assert "Entwurf eines Bohrgeräts" in drafts
    assert "Nothing here with these filters" in page(client.get("/listings/mine?status=ended"))


def test_a_newcomer_is_shown_both_doors(member):
    client, _ = member
    text = page(client.get("/listings/mine"))
    assert 'href="/listings/new/need"' in text
    assert 'href="/listings/new/result"' in text


def test_a_listings_text_carries_its_language_and_direction(member, engine):
    client, actor = member
    write(engine, actor, RESULT, lang="ar", title="جهاز حفر")
    assert 'lang="ar" dir="auto">جهاز حفر</a>' in page(client.get("/listings/mine"))


def test_a_language_version_is_added_changed_and_removed(member, engine, only):
    client, actor = member
    listing = write(engine, actor, NEED)
    base = f"/listings/{listing.public_id}/texts"
    assert client.get(f"{base}?text=it").location == f"{base}/it"
    assert NEED["title"] in page(client.get(f"{base}/it"))
    client.post(f"{base}/it", data={"title": "Robot", "summary": "Cerchiamo un robot.", "revision": 1})
    data = {"title": "Robot di perforazione", "summary": "Cerchiamo un robot.", "revision": 2}
    assert client.post(f"{base}/it", data=data).status_code == 303
    version = only().text_for("it")
    assert (version.title, version.origin) == ("Robot di perforazione", TextOrigin.OWNER)
    assert "Robot di perforazione" in page(client.get(base))
    client.post(f"{base}/it/remove")
    assert [text.lang for text in only().texts] == ["zh"]


def test_a_machines_version_becomes_the_owners_when_the_owner_saves_it(member, engine, only):
    client, actor = member
    listing = write(engine, actor, NEED)
    translate(engine, actor, listing, lang="en", title="Drilling robot", origin=TextOrigin.MACHINE)
    assert only().text_for("en").origin is TextOrigin.MACHINE
    client.post(f"/listings/{listing.public_id}/texts/en", data={"title": "Drilling robot for mines", "revision": 2})
    assert only().text_for("en").origin is TextOrigin.OWNER


def test_two_writers_of_a_version_neither_overwrite_each_other_nor_lose_a_word(member, engine, only):
    client, actor = member
    listing = write(engine, actor, NEED)
    address = f"/listings/{listing.public_id}/texts/en"
    revision = revision_in(page(client.get(address)))
    translate(engine, actor, listing, lang="en", title="A colleague's robot", indicators="Saves four people.")
    mine = {"title": "My robot", "summary": "Finds its way.", "revision": revision}
    text = page(client.post(address, data=mine), 409)
    assert 'value="My robot"' in text
    assert "Finds its way.</textarea>" in text
    assert "A colleague&#39;s robot" in text.split('id="theirs-title"')[1][:600]
    assert "Saves four people." in text.split('id="theirs-indicators"')[1][:600]
    assert only().text_for("en").title == "A colleague's robot"
    assert client.post(address, data=mine | {"revision": revision_in(text)}).status_code == 303
    assert only().text_for("en").title == "My robot"


def test_a_page_with_problems_does_not_forget_which_revision_was_read(member, engine, only):
    client, actor = member
    listing = write(engine, actor, NEED)
    with unit_of_work(engine) as uow:
        service.change(uow, listing.public_id, ListingDraft(**{**NEED, "title": "同事的标题"}), revision=1, actor=actor)
    data = {**FULL, "title": "", "revision": 1, "action": "draft"}
    text = page(client.post(f"/listings/{listing.public_id}/edit", data=data), 422)
    again = {**data, "title": "我的标题", "revision": revision_in(text)}
    assert client.post(f"/listings/{listing.public_id}/edit", data=again).status_code == 409
    assert only().original.title == "同事的标题"


def test_a_language_that_has_a_version_is_refused_at_its_field_and_every_word_stays(member, engine, only):
    client, actor = member
    listing = write(engine, actor, NEED)
    translate(engine, actor, listing, lang="en", title="Drilling robot")
    typed = {"lang": "en", "title": "Drilling rig", "summary": "We look for a rig.", "description": "It is deep here."}
    data = {**FULL, **typed, "technical_spec": "", "revision": 2, "action": "draft"}
    text = page(client.post(f"/listings/{listing.public_id}/edit", data=data), 422)
    assert "There is a version in this language already" in text.split('id="error-lang"')[1][:400]
    assert 'value="Drilling rig"' in text
    assert '<option value="en" selected>' in text
    assert {version.lang: version.title for version in only().texts} == {"zh": NEED["title"], "en": "Drilling robot"}


def test_words_in_another_script_than_their_language_are_noticed(member, engine, only):
    client, actor = member
    text = page(client.post("/listings/new/need", data={**FULL, "lang": "en", "action": "draft"}), 422)
    said = "This text looks as if it were written in Han script, not in English."
    assert said in text.split('id="error-lang"')[1][:400]
    assert FULL["title"] in text
    listing = write(engine, actor, NEED)
    words = {"title": "Робот", "summary": "Тражимо робота за бушење у руднику.", "revision": 1}
    address = f"/listings/{listing.public_id}/texts"
    assert "Cyrillic script, not in German" in page(client.post(f"{address}/de", data=words), 422)
    assert client.post(f"{address}/sr", data=words).status_code == 303
    assert {version.lang for version in only().texts} == {"zh", "sr"}


@pytest.mark.parametrize(
    ("browser", "country", "lang"),
    [("it-IT,it;q=0.9,en;q=0.8", "RS", "it"), ("tlh, de-CH", "CN", "de"), ("*", "RS", "sr"), ("", "CN", "zh")],
)
def test_the_form_begins_in_the_browsers_language_or_the_countrys(signed_in, browser, country, lang):
    client, _ = signed_in(country=country)
    text = page(client.get("/listings/new/need", headers={"Accept-Language": browser}))
    assert f'<option value="{lang}" selected>' in text


def test_a_deadline_that_has_passed_is_told_at_its_field(member, engine):
    client, actor = member
    data = {**FULL, "deadline": "2020-01-31", "budget_currency": "", "action": "submit"}
    text = page(client.post("/listings/new/need", data=data), 422)
    assert "This day has passed" in text.split('id="error-deadline"')[1][:400]
    assert "currency of the budget" in text.split('id="error-budget_currency"')[1][:400]
    listing = write(engine, actor, NEED, deadline="2020-01-31")
    response = client.post(f"/listings/{listing.public_id}/submit")
    assert "This day has passed" in page(client.get(response.location))


def test_a_budget_is_taken_as_people_write_it(member, only):
    client, _ = member
    data = {**FULL, "budget_min": "１，５００，０００", "budget_max": "200万", "action": "draft"}
    assert client.post("/listings/new/need", data=data).status_code == 303
    assert (str(only().listing.budget_min), str(only().listing.budget_max)) == ("1500000.00", "2000000.00")


def test_a_currency_that_is_history_is_not_offered_and_not_lost(member, engine):
    client, actor = member
    listing = write(engine, actor, NEED, budget_max="100", budget_currency="DEM")
    assert '<option value="DEM" selected>' in page(client.get(f"/listings/{listing.public_id}/edit"))
    assert 'value="DEM"' not in page(client.get("/listings/new/need"))


def test_a_draft_is_deleted_from_the_list_and_from_its_page(member, engine, session):
    client, actor = member
    listing = write(engine, actor, NEED)
    public = publish(engine, actor, RESULT)
    for path in ("/listings/mine", f"/listings/{listing.public_id}/edit"):
        text = page(client.get(path))
        assert f'action="/listings/{listing.public_id}/delete"' in text
        assert f'action="/listings/{public.public_id}/delete"' not in text
    text = page(client.post(f"/listings/{listing.public_id}/delete", follow_redirects=True))
    assert "The draft is deleted." in text
    assert NEED["title"] not in text
    assert client.post(f"/listings/{public.public_id}/delete").status_code == 409
    assert [row.public_id for row in session.exec(select(Listing))] == [public.public_id]


def test_a_strangers_draft_is_not_deleted(member, engine, person, session):
    client, _ = member
    listing = write(engine, person(), NEED)
    assert client.post(f"/listings/{listing.public_id}/delete").status_code == 404
    assert session.exec(select(Listing)).one().public_id == listing.public_id


def test_a_version_without_a_title_keeps_what_was_typed(member, engine):
    client, actor = member
    listing = write(engine, actor, NEED)
    data = {"title": " ", "summary": "Cerchiamo un robot."}
    text = page(client.post(f"/listings/{listing.public_id}/texts/it", data=data), 422)
    assert "Cerchiamo un robot." in text
    assert 'id="error-title"' in text


@pytest.mark.parametrize("lang", ["zh", "xx", "und"])
def test_the_original_and_what_is_no_language_are_no_versions(member, engine, lang):
    client, actor = member
    listing = write(engine, actor, NEED)
    assert client.get(f"/listings/{listing.public_id}/texts/{lang}").status_code == 404


PATHS = ("edit", "texts", "texts/it")


@pytest.mark.parametrize("path", PATHS)
def test_a_strangers_draft_does_not_exist(member, engine, person, path):
    client, _ = member
    listing = write(engine, person(), NEED)
    assert client.get(f"/listings/{listing.public_id}/{path}").status_code == 404


@pytest.mark.parametrize("path", PATHS)
def test_a_strangers_published_listing_is_not_theirs_to_change(member, engine, person, path):
    client, _ = member
    listing = publish(engine, person(), NEED)
    assert client.get(f"/listings/{listing.public_id}/{path}").status_code == 403


def test_a_stranger_cannot_withdraw(member, engine, person, only):
    client, _ = member
    listing = publish(engine, person(), NEED)
    assert client.post(f"/listings/{listing.public_id}/withdraw").status_code == 403
    assert client.post(f"/listings/{listing.public_id}/edit", data={**FULL, "revision": 1}).status_code == 403
    assert only().listing.status is Status.PUBLISHED


def test_a_visitor_is_asked_to_sign_in_and_comes_back(client):
    response = client.get("/listings/new/need")
    assert response.status_code == 303
    assert response.location == "/sign-in?next=/listings/new/need"


def test_an_administrator_without_an_organisation_is_told_so(signed_in):
    client, _ = signed_in(Role.ADMINISTRATOR)
    text = page(client.get("/listings/new", headers={"Accept-Language": "en"}))
    assert "acts for no organisation" in text
    assert "/listings/new/need" not in text


def test_a_broker_posts_nothing(signed_in):
    client, _ = signed_in(Role.BROKER)
    assert client.get("/listings/new").status_code == 403


def test_somebody_who_only_looks_for_an_organisation_is_told_before_typing(app, engine, person):
    reader = person()
    with unit_of_work(engine) as uow:
        someone = Person(email="viewer@example.org", name="Viewer", password_hash="-")
        uow.session.add(someone)
        uow.session.flush()
        owner = uow.session.get(Organisation, reader.organisation_id)
        accounts.join(uow, someone, owner, MembershipRole.VIEWER)
        token = accounts.sign_in(uow, someone)
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"], cookie["_fresh"] = token, True
    assert client.get("/listings/new/need").status_code == 403


STEPS_FROM = {
    "submit": Status.DRAFT,
    "take-back": Status.SUBMITTED,
    "hold": Status.PUBLISHED,
    "withdraw": Status.PUBLISHED,
    "close-interest": Status.PUBLISHED,
    "open-interest": Status.PUBLISHED,
    "resume": Status.ON_HOLD,
    "publish": Status.WITHDRAWN,
    "archive": Status.WITHDRAWN,
    "renew": Status.PUBLISHED,
}


def brought_to(engine, actor, status):
    """A listing of the actor's in this status, in its last week."""
    make = {Status.DRAFT: write, Status.SUBMITTED: submit}.get(status, publish)
    listing = make(engine, actor, NEED)
    with unit_of_work(engine) as uow:
        if status in {Status.ON_HOLD, Status.WITHDRAWN}:
            {Status.ON_HOLD: service.hold, Status.WITHDRAWN: service.withdraw}[status](
                uow, listing.public_id, actor=actor
            )
        if status is not Status.DRAFT and status is not Status.SUBMITTED:
            uow.session.get(Listing, listing.id).expires_at = now() + timedelta(days=5)
    return listing


@pytest.mark.parametrize("step", sorted(ACTIONS))
def test_a_step_that_is_sent_twice_is_taken_once(member, engine, only, session, step):
    client, actor = member
    assert set(STEPS_FROM) == set(ACTIONS)
    listing = brought_to(engine, actor, STEPS_FROM[step])
    before = len(session.exec(select(AuditEvent)).all())
    session.rollback()
    first, second = (client.post(f"/listings/{listing.public_id}/{step}") for _ in range(2))
    assert first.status_code == 303
    # Renewed once is renewed for good; everything else finds itself done.
    assert second.status_code == (409 if step == "renew" else 303)
    assert len(session.exec(select(AuditEvent)).all()) == before + (step != "open-interest")
    if ACTIONS[step].result:
        assert only().listing.status in ACTIONS[step].result


@pytest.mark.parametrize("step", sorted(ACTIONS))
def test_a_step_of_somebody_elses_listing_is_refused(member, engine, person, only, step):
    client, _ = member
    listing = brought_to(engine, person(), STEPS_FROM[step])
    seen = STEPS_FROM[step] is Status.PUBLISHED
    assert client.post(f"/listings/{listing.public_id}/{step}").status_code == (403 if seen else 404)
    assert only().listing.status is STEPS_FROM[step]


@pytest.mark.parametrize("step", sorted(ACTIONS))
def test_every_step_is_offered_where_it_can_be_taken_and_its_undo_leads_back(member, engine, step):
    client, actor = member
    listing = brought_to(engine, actor, STEPS_FROM[step])
    address = f'action="/listings/{listing.public_id}/{step}"'
    if step != "open-interest":
        assert address in page(client.get("/listings/mine"))
        assert address in page(client.get(f"/listings/{listing.public_id}"))
    text = page(client.post(f"/listings/{listing.public_id}/{step}", follow_redirects=True))
    if ACTIONS[step].undo:
        undo = f"/listings/{listing.public_id}/{ACTIONS[step].undo}"
        assert f'action="{undo}"' in text
        assert client.post(undo).status_code == 303


def test_a_form_that_is_sent_twice_makes_one_listing(member, session):
    client, _ = member
    for action, status in (("submit", Status.SUBMITTED),):
        data = {**FULL, "title": f"Zweimal {action}", "lang": "zh", "action": action}
        assert [client.post("/listings/new/need", data=data).status_code for _ in range(2)] == [303, 303]
        found = session.exec(select(Listing).where(Listing.status == status)).all()
        session.rollback()
        assert len(found) == 1


def test_who_has_not_confirmed_their_address_saves_and_is_told_why_it_was_not_handed_in(member, engine, only):
    client, actor = member
    with unit_of_work(engine) as uow:
        uow.session.get(Person, actor.person_id).email_confirmed_at = None
    assert "please confirm your e-mail address" in page(client.get("/listings/new/need"))
    text = page(client.post("/listings/new/need", data={**FULL, "action": "submit"}, follow_redirects=True))
    assert "Please confirm your e-mail address first" in text
    found = only()
    assert (found.listing.status, found.original.title) == (Status.DRAFT, FULL["title"])
    text = page(client.post(f"/listings/{found.listing.public_id}/submit", follow_redirects=True))
    assert "Please confirm your e-mail address first" in text
    assert only().listing.status is Status.DRAFT


def test_a_change_during_the_review_is_saved_and_stays_complete(member, engine, only):
    client, actor = member
    listing = submit(engine, actor, NEED)
    path = f"/listings/{listing.public_id}/edit"
    text = page(client.get(path))
    assert 'value="save"' in text
    assert 'value="submit"' not in text
    assert "1 field needs attention" in page(client.post(path, data={**FULL, "summary": "", "revision": 1}), 422)
    response = client.post(path, data={**FULL, "title": "审核中的新标题", "revision": 1, "action": "save"})
    assert "the reviewer reads the new version" in page(client.get(response.location))
    assert (only().original.title, only().listing.status) == ("审核中的新标题", Status.SUBMITTED)


def test_a_returned_listing_is_mended_and_handed_in_with_one_button(member, engine, person, only):
    client, actor = member
    broker, listing = person(Role.BROKER), submit(engine, actor, NEED)
    with unit_of_work(engine) as uow:
        quality.take(uow, listing.public_id, actor=broker)
        quality.return_(uow, quality.Read(listing.public_id, 1), judgement(2, remarks="Which class?"), actor=broker)
    path = f"/listings/{listing.public_id}/edit"
    assert 'value="submit"' in page(client.get(path))
    client.post(path, data={**FULL, "technical_spec": "Ex d I Mb.", "revision": 1, "action": "submit"})
    assert (only().listing.status, only().original.technical_spec) == (Status.SUBMITTED, "Ex d I Mb.")


def test_many_listings_take_a_step_together_and_those_that_cannot_stay(member, engine, person, session):
    client, actor = member
    mine = [publish(engine, actor, NEED) for _ in range(3)]
    draft, strangers = write(engine, actor, RESULT), publish(engine, person(), NEED)
    ids = [listing.public_id for listing in (*mine, draft, strangers)] + ["nosuchlist", mine[0].public_id]
    text = page(client.post("/listings/many", data={"listing": ids, "step": "withdraw"}, follow_redirects=True))
    assert "Done for 3 listings. 3 could not take this step." in text
    rows = {row.id: row.status for row in session.exec(select(Listing)).all()}
    assert [rows[x.id] for x in mine] == [Status.WITHDRAWN] * 3
    assert (rows[draft.id], rows[strangers.id]) == (Status.DRAFT, Status.PUBLISHED)
    for step in ("archive", "", "explode"):
        assert client.post("/listings/many", data={"listing": ids, "step": step}).status_code == 409
    assert "Done for 0 listings" in page(client.post("/listings/many", data={"step": "renew"}, follow_redirects=True))


def test_a_copy_is_a_draft_of_its_own(member, engine, session):
    client, actor = member
    listing = publish(engine, actor, NEED)
    first, response = (client.post(f"/listings/{listing.public_id}/copy") for _ in range(2))
    assert first.location == response.location
    assert "This is a copy." in page(client.get(response.location))
    assert sorted(row.status for row in session.exec(select(Listing)).all()) == [Status.DRAFT, Status.PUBLISHED]


def test_a_listing_in_its_last_days_says_so_and_offers_its_second_year(member, engine, only):
    client, actor = member
    listing = brought_to(engine, actor, Status.PUBLISHED)
    for path in ("/listings/mine", f"/listings/{listing.public_id}"):
        text = page(client.get(path))
        assert "nds in 5 days" in text
        assert f'action="/listings/{listing.public_id}/renew"' in text
    client.post(f"/listings/{listing.public_id}/renew")
    assert only().listing.renewals == 1
    assert f'action="/listings/{listing.public_id}/renew"' not in page(client.get("/listings/mine"))


def test_a_viewer_reads_and_does_nothing(app, engine, person):
    owner = person()
    listing = publish(engine, owner, NEED)
    with unit_of_work(engine) as uow:
        someone = Person(email="v@example.org", name="V", password_hash="-", email_confirmed_at=now())
        uow.session.add(someone)
        uow.session.flush()
        accounts.join(uow, someone, uow.session.get(Organisation, owner.organisation_id), MembershipRole.VIEWER)
        token = accounts.sign_in(uow, someone)
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"], cookie["_fresh"] = token, True
    text = page(client.get("/listings/mine"))
    assert NEED["title"] in text
    assert "/withdraw" not in text
    assert page(client.get(f"/listings/{listing.public_id}/history"))
    for step in ACTIONS:
        assert client.post(f"/listings/{listing.public_id}/{step}").status_code == 403
