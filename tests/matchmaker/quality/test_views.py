"""The reviewers' pages over HTTP: the queue, the sheet, two at once, replays."""

import io
import re
from datetime import timedelta

import pytest
from sqlmodel import select

from matchmaker.accounts.models import Membership, Role
from matchmaker.core.clock import now
from matchmaker.core.errors import Conflict
from matchmaker.db.engine import reading_session
from matchmaker.db.uow import unit_of_work
from matchmaker.listings import queries, service
from matchmaker.listings.criteria import CRITERIA
from matchmaker.listings.models import Listing, QualityReview, SealedText, Status
from matchmaker.quality import service as quality
from tests.factories import documents
from tests.factories.market import NEED, RESULT, publish, submit, translate
from tests.matchmaker.listings.test_service import change

MARKS = {criterion.name: "4" for criterion in CRITERIA}


@pytest.fixture
def desk(signed_in):
    """A signed-in reviewer: the browser, and who it is."""
    client, actor = signed_in(Role.BROKER)
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client, actor


@pytest.fixture
def waiting(engine, person):
    owner = person()
    return submit(engine, owner, NEED), owner


@pytest.fixture
def now_stored(engine):
    def find(listing):
        with reading_session(engine) as session:
            return session.get(Listing, listing.id)

    return find


def page(response, status=200):
    assert response.status_code == status
    return response.get_data(as_text=True)


def send(client, listing, step, **data):
    return client.post(f"/quality/{listing.public_id}/{step}", data=data)


def verdict(client, listing, button, *, revision=1, **data):
    return send(client, listing, "verdict", **{**MARKS, "revision": revision, "verdict": button, **data})


def count(engine):
    with reading_session(engine) as session:
        return len(session.exec(select(QualityReview)).all())


def test_from_the_queue_to_the_market(desk, client, waiting, now_stored):
    browser, _ = desk
    listing, _ = waiting
    queue = page(browser.get("/quality"))
    assert NEED["title"] in queue
    assert f'action="/quality/{listing.public_id}/take"' in queue
    assert 'name="verdict"' not in page(browser.get(f"/quality/{listing.public_id}"))
    response = send(browser, listing, "take")
    sheet = page(browser.get(response.location))
    for text in (NEED["summary"], NEED["description"], NEED["technical_spec"], 'name="clarity"', 'value="publish"'):
        assert text in sheet
    assert verdict(browser, listing, "publish").location == "/quality"
    assert now_stored(listing).status is Status.PUBLISHED
    assert "Nothing waits for review" in page(browser.get("/quality"))
    assert client.get(f"/listings/{listing.public_id}").status_code == 200


def test_remarks_reach_the_owner_on_the_form_the_page_and_the_list(desk, signed_in, engine):
    browser, _ = desk
    member, owner = signed_in()
    listing = submit(engine, owner, NEED)
    send(browser, listing, "take")
    verdict(browser, listing, "return", remarks="Which <b>explosion class</b>?\n请补充。")
    for path in (f"/listings/{listing.public_id}/edit", f"/listings/{listing.public_id}", "/listings/mine"):
        text = page(member.get(path, headers={"Accept-Language": "en"}))
        assert "Which &lt;b&gt;explosion class&lt;/b&gt;?\n请补充。" in text, path
        assert "Remarks of the reviewer" in text


def test_what_is_wrong_with_a_sheet_is_said_and_what_was_typed_stays(desk, waiting, engine):
    browser, _ = desk
    listing, _ = waiting
    send(browser, listing, "take")
    text = page(verdict(browser, listing, "publish", clarity="", remarks="长" * 5001), 422)
    assert 'id="problem-clarity"' in text
    assert "This has 5001 characters; 5000 are the most." in text
    assert "长" * 5001 in text
    assert re.search(r'name="substance" value="4" checked', text)
    zero = page(verdict(browser, listing, "publish", substance="0", remarks="Ad."), 422)
    assert "A 0 keeps a listing from the market" in zero.split('id="problem-substance"')[1][:400]
    assert "Please say what is to be mended" in page(verdict(browser, listing, "return"), 422)
    assert count(engine) == 0


def test_the_enter_key_decides_nothing(desk, waiting, engine):
    browser, _ = desk
    listing, _ = waiting
    send(browser, listing, "take")
    for button in ("", "explode"):
        text = page(verdict(browser, listing, button, remarks="Half a thought"), 422)
        assert "Half a thought" in text
    first = re.search(r'<button[^>]*name="verdict"[^>]*>', text).group()
    assert 'value=""' in first
    assert count(engine) == 0


def test_two_reviewers_at_once(desk, signed_in, waiting):
    (one, _), (two, _) = desk, signed_in(Role.BROKER)
    listing, _ = waiting
    assert send(one, listing, "take").status_code == 303
    assert "Somebody was faster" in page(send(two, listing, "take"), 409)
    assert "is reviewing it" in page(two.get(f"/quality/{listing.public_id}"))
    text = page(verdict(two, listing, "publish", remarks="I had read it too."), 409)
    assert "I had read it too." in text
    assert verdict(one, listing, "publish").status_code == 303


def test_every_button_that_is_pressed_twice_does_its_work_once(desk, waiting, engine, now_stored):
    browser, _ = desk
    listing, _ = waiting
    assert [send(browser, listing, "take").status_code for _ in range(2)] == [303, 303]
    assert [send(browser, listing, "give-back").status_code for _ in range(2)] == [303, 409]
    send(browser, listing, "take")
    assert [verdict(browser, listing, "publish").status_code for _ in range(3)] == [303] * 3
    assert count(engine) == 1
    hold = {"clarity": "0", "remarks": "Whose patent?"}
    assert [verdict(browser, listing, "hold", **hold).status_code for _ in range(2)] == [303, 303]
    assert count(engine) == 2
    assert [send(browser, listing, "release").status_code for _ in range(2)] == [303, 409]
    assert now_stored(listing).status is Status.PUBLISHED


def test_an_owner_who_wrote_meanwhile_is_told_beside_the_kept_sheet(desk, waiting, engine, now_stored):
    browser, _ = desk
    listing, owner = waiting
    send(browser, listing, "take")
    change(engine, owner, listing, title="改过的标题")
    text = page(verdict(browser, listing, "return", remarks="Which class?"), 409)
    assert "The owner changed this listing while you were reading" in text
    assert "改过的标题" in text
    assert "Which class?" in text
    assert f"/listings/{listing.public_id}/history?against=1" in text
    revision = re.search(r'name="revision" value="(\d+)"', text).group(1)
    assert verdict(browser, listing, "return", revision=revision, remarks="Which class?").status_code == 303
    assert now_stored(listing).status is Status.RETURNED


def test_an_owner_who_takes_it_back_costs_the_reviewer_no_word(desk, waiting, engine):
    browser, _ = desk
    listing, owner = waiting
    send(browser, listing, "take")
    with unit_of_work(engine) as uow:
        service.take_back(uow, listing.public_id, actor=owner)
    for button, remarks in (("return", "An hour of work."), ("publish", "长" * 5001)):
        text = page(verdict(browser, listing, button, remarks=remarks), 409)
        assert remarks in text
        assert NEED["title"] not in text
    assert browser.get(f"/quality/{listing.public_id}").status_code == 404
    assert count(engine) == 0


def test_a_reviewer_of_the_owners_organisation_finds_nothing(signed_in, engine, person):
    client, insider = signed_in(Role.BROKER)
    owner = person()
    listing = submit(engine, owner, NEED)
    with unit_of_work(engine) as uow:
        uow.session.add(Membership(person_id=insider.person_id, organisation_id=owner.organisation_id))
    assert NEED["title"] not in page(client.get("/quality"))
    assert client.get(f"/quality/{listing.public_id}").status_code == 404
    assert send(client, listing, "take").status_code == 403


def test_every_language_version_is_a_click_away(desk, engine, waiting):
    browser, _ = desk
    listing, owner = waiting
    translate(engine, owner, listing, lang="en", title="Drilling robot", description="Five people a shift.")
    assert NEED["description"] in page(browser.get(f"/quality/{listing.public_id}"))
    assert "Five people a shift." in page(browser.get(f"/quality/{listing.public_id}?text=en"))


def test_the_history_shows_what_was_put_in_and_taken_out_to_eyes_and_ears(desk, engine, waiting):
    browser, _ = desk
    listing, owner = waiting
    change(engine, owner, listing, title="煤矿自动钻孔<i>机器人</i>")
    text = page(browser.get(f"/listings/{listing.public_id}/history"))
    assert re.search(r"<del><span[^>]*>\[taken out:\] </span>井下<span", text)
    assert re.search(r"<ins><span[^>]*>\[put in:\] </span>&lt;i&gt;<span", text)
    assert owner.name not in text


def test_an_old_version_is_put_into_the_form_and_becomes_the_newest(signed_in, engine):
    client, actor = signed_in()
    listing = publish(engine, actor, NEED, ipc=("E21B", "G06F"), budget_max="1500000.50", budget_currency="CNY")
    change(engine, actor, listing, title="后来的标题", ipc=())
    path = f"/listings/{listing.public_id}/edit"
    text = page(client.get(f"{path}?version=1", headers={"Accept-Language": "en"}))
    assert "Version 1 is in the form" in text
    assert f'value="{NEED["title"]}"' in text
    assert 'value="E21B, G06F"' in text
    assert 'value="1500000.50"' in text
    assert '<option value="CNY" selected>' in text
    assert re.search(r'value="licence" checked', text)
    assert "后来的标题" in text.split('id="theirs-title"')[1][:400]
    assert 'name="revision" value="2"' in text
    with reading_session(engine) as session:
        assert queries.visible(session, listing.public_id, actor).original.title == "后来的标题"
    assert client.get(f"{path}?version=9").status_code == 404


def test_a_zero_cannot_be_talked_away_by_an_incomplete_listing(desk, waiting, engine):
    browser, _ = desk
    listing, _ = waiting
    send(browser, listing, "take")
    with unit_of_work(engine) as uow:
        uow.session.get(Listing, listing.id).country = ""
    assert "not complete any more" in page(verdict(browser, listing, "publish"), 422)


def test_results_are_reviewed_like_needs(desk, engine, person, now_stored):
    browser, _ = desk
    listing = submit(engine, person(country="DE"), RESULT)
    send(browser, listing, "take")
    assert RESULT["advantages"] in page(browser.get(f"/quality/{listing.public_id}"))
    verdict(browser, listing, "publish")
    assert now_stored(listing).status is Status.PUBLISHED
    with pytest.raises(Conflict), unit_of_work(engine) as uow:
        quality.give_back(uow, listing.public_id, actor=desk[1])


SECRETS = ("合金成分的配比", "Organisation")


def test_a_reviewer_reads_neither_the_sealed_part_nor_the_name_of_an_anonymous_owner(desk, engine, waiting):
    browser, _ = desk
    listing, owner = waiting
    with unit_of_work(engine) as uow:
        uow.session.get(Listing, listing.id).anonymous = True
        uow.session.add(SealedText(listing_id=listing.id, lang="zh", text=SECRETS[0]))
    change(engine, owner, listing, title="改过的标题")
    send(browser, listing, "take")
    for path in ("/quality", f"/quality/{listing.public_id}", f"/listings/{listing.public_id}/history"):
        text = page(browser.get(path))
        assert [secret for secret in (*SECRETS, owner.name) if secret in text] == [], path


def test_a_reviewer_sees_the_open_files_and_no_sealed_one(desk, engine, signed_in):
    browser, _ = desk
    owners, owner = signed_in()
    listing = submit(engine, owner, NEED)
    for name, part in (("photo.png", "open"), ("secret.png", "sealed")):
        form = {"file": (io.BytesIO(documents.png()), name), "part": part}
        assert owners.post(f"/listings/{listing.public_id}/files", data=form).status_code == 303
    send(browser, listing, "take")
    text = page(browser.get(f"/quality/{listing.public_id}"))
    assert "photo.png" in text
    assert "secret.png" not in text
    with browser.get(re.search(r"/files/\w+", text)[0]) as answer:
        assert answer.status_code == 200


def test_a_published_listing_under_embargo_is_not_read_by_reviewers(desk, engine, person):
    browser, _ = desk
    listing = publish(engine, person(), NEED)
    with unit_of_work(engine) as uow:
        uow.session.get(Listing, listing.id).embargo_until = (now() + timedelta(days=9)).date()
    text = page(browser.get(f"/quality/{listing.public_id}"))
    assert NEED["summary"] in text
    assert NEED["description"] not in text
    assert browser.get(f"/listings/{listing.public_id}/history").status_code == 404
