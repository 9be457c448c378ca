"""One's own account: name, language, time zone, address, browsers, and its end."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session, select

from matchmaker.accounts import queries as accounts_queries
from matchmaker.accounts.models import Membership, MembershipRole, Organisation, Person, Role, SignIn
from matchmaker.accounts.service import join
from matchmaker.core.clock import now
from matchmaker.db.uow import unit_of_work
from matchmaker.listings import service as listings
from matchmaker.people import browsers
from tests.factories import market
from tests.factories.html import parse
from tests.factories.letters import confirmation, letters
from tests.matchmaker.people.conftest import PASSWORD

CHINESE = {"Accept-Language": "zh-CN"}


def language(client, path="/account", **headers) -> str:
    page = client.get(path, headers={"Accept-Language": "en", **headers}).text
    return page.split('<html lang="', 1)[1].split('"', 1)[0].split("-")[0]


def profile(client, **change):
    return client.post("/account", data={"name": "Anna", "lang": "", "timezone": "", **change})


def test_name_language_and_time_zone_are_kept(enter, row):
    client, actor = enter()
    assert profile(client, name="安娜", lang="zh", timezone="Asia/Shanghai").status_code == 303
    person = row(actor.email)
    assert (person.name, person.lang, person.timezone) == ("安娜", "zh", "Asia/Shanghai")
    page = parse(client.get("/account").text)
    chosen = [option.get("value") for option in page.all("option") if "selected" in option.attributes]
    assert chosen == ["zh", "Asia/Shanghai"]


@pytest.mark.parametrize(
    "change", [{"name": ""}, {"name": "x" * 5000}, {"lang": "xx"}, {"timezone": "Mars/Base"}, {"timezone": "../etc"}]
)
def test_what_is_wrong_is_said_and_nothing_changes(enter, row, change):
    client, actor = enter()
    assert profile(client, **change).status_code == 422
    assert row(actor.email).name == actor.name


def test_the_accounts_language_beats_the_cookie_and_the_browser_and_the_address_beats_all(enter):
    client, _ = enter()
    client.set_cookie("language", "en")
    profile(client, lang="zh")
    assert language(client) == "zh"
    assert language(client, "/account?lang=en") == "en"


def test_a_language_that_is_asked_for_by_address_becomes_the_accounts(enter, row):
    client, actor = enter()
    language(client, "/about?lang=zh")
    assert row(actor.email).lang == "zh"
    assert language(client) == "zh"


def test_without_a_choice_the_browser_decides(enter):
    client, _ = enter()
    assert language(client, **CHINESE) == "zh"
    assert language(client) == "en"


def test_the_accounts_time_zone_beats_the_browsers(engine, enter):
    client, _ = enter()
    with unit_of_work(engine) as uow:
        row = uow.session.exec(select(SignIn)).one()
        row.created_at = datetime(2026, 1, 2, 20, 30, tzinfo=UTC)
        row.seen_at = now()
    client.set_cookie("timezone", "America/New_York")
    # 2026-01-02 20:30 UTC is still the 2nd in New York and the 3rd in Shanghai.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accounts_queries, "LONGEST", timedelta(days=10_000))
        assert "1/2/26" in client.get("/account").text
        profile(client, timezone="Asia/Shanghai")
        assert "1/3/26" in client.get("/account").text


def test_a_new_address_counts_once_its_letter_was_answered_and_the_old_one_is_told(engine, app, enter, row):
    client, actor = enter()
    sent = client.post("/account/email", data={"email": "New@example.org", "current": PASSWORD})
    assert sent.status_code == 303
    assert row(actor.email).public_id == actor.public_id
    assert app.test_client().post(confirmation(engine, "new@example.org")).status_code == 303
    assert row("new@example.org").public_id == actor.public_id
    assert [letter.address for letter in letters(engine, "email_changed")] == [actor.email]
    assert "new@example.org" not in letters(engine, "email_changed")[0].text


def test_a_letter_to_an_address_that_was_given_up_brings_it_not_back(engine, enter, row):
    client, actor = enter()
    client.post("/account/email", data={"email": "first@example.org", "current": PASSWORD})
    stale = confirmation(engine, "first@example.org")
    client.post("/account/email", data={"email": "second@example.org", "current": PASSWORD})
    assert client.post(stale).status_code == 410
    assert client.post(confirmation(engine, "second@example.org")).status_code == 303
    assert client.post(stale).status_code == 410
    assert row("second@example.org").public_id == actor.public_id


def test_an_address_that_was_taken_in_the_meantime_is_told_to_who_reads_its_letters(engine, enter, person, row):
    client, actor = enter()
    client.post("/account/email", data={"email": "wanted@example.org", "current": PASSWORD})
    other = person()
    with unit_of_work(engine) as uow:
        uow.session.get(Person, other.person_id).email = "wanted@example.org"
    answer = client.post(confirmation(engine, "wanted@example.org"))
    assert answer.status_code == 410
    assert "belongs to another account" in answer.text
    assert row(actor.email).public_id == actor.public_id


def test_an_address_of_somebody_else_is_not_told_apart(engine, enter, person):
    client, _ = enter()
    answer = client.post("/account/email", data={"email": person().email, "current": PASSWORD})
    assert answer.status_code == 303
    assert letters(engine, "confirm_email") == []


@pytest.mark.parametrize(
    "change", [{"current": "wrong"}, {"email": "x"}, {"email": "p1@example.org"}, {"email": "x" * 5000}]
)
def test_a_change_of_address_that_is_refused_says_why(engine, enter, change):
    client, _ = enter()
    answer = client.post("/account/email", data={"email": "a@example.org", "current": PASSWORD, **change})
    assert answer.status_code == 422
    assert letters(engine) == []


def test_every_browser_is_listed_with_where_it_is_and_this_one_is_marked(enter):
    here, actor = enter()
    enter(actor)
    page = parse(here.get("/account").text).all("section", id="sign-ins")[0]
    rows = page.all("li")
    assert len(rows) == 2
    assert sum("this one" in row.text for row in rows) == 1
    assert all("Firefox on Linux" in row.text and "127.0.0.1" in row.text for row in rows)


def test_one_browser_is_signed_out_from_another_and_its_hash_stands_on_no_page(engine, enter):
    here, actor = enter()
    there, _ = enter(actor)
    text = here.get("/account").text
    with Session(engine) as session:
        assert not [row for row in session.exec(select(SignIn)) if row.token_hash in text]
    forms = parse(text).all("section", id="sign-ins")[0].all("form")
    (end,) = [form.get("action") for form in forms if form.get("action") != "/account/sign-ins/end"]
    assert here.post(end).status_code == 303
    assert there.get("/account").status_code == 303
    assert here.get("/account").status_code == 200
    assert here.post(end).status_code == 303  # twice is the same as once


def test_nobody_ends_the_sign_in_of_somebody_else(engine, enter):
    here, _ = enter()
    there, other = enter()
    handle = parse(enter(other)[0].get("/account").text).all("section", id="sign-ins")[0].all("form")[0].get("action")
    assert here.post(handle).status_code == 404
    assert there.get("/account").status_code == 200


def test_signing_out_everywhere_ends_every_browser(enter):
    here, actor = enter()
    there, _ = enter(actor)
    assert here.post("/account/sign-ins/end").location == "/sign-in"
    assert here.get("/account").status_code == 303
    assert there.get("/account").status_code == 303


@pytest.mark.parametrize(
    ("agent", "title"),
    [
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537 Chrome/140.0 Safari/537 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18) Mobile MicroMessenger/8.0", "WeChat on iPhone"),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537", "Chrome on Android"),
        ("curl/8", "Unknown browser"),
        ("", "Unknown browser"),
    ],
)
def test_a_browser_is_named_as_its_owner_knows_it(app, agent, title):
    with app.test_request_context():
        assert browsers.title(agent) == title


def close(client, password=PASSWORD):
    return client.post("/account/close", data={"current": password})


def memberships(engine, actor) -> list[Membership]:
    with Session(engine) as session:
        return list(session.exec(select(Membership).where(Membership.person_id == actor.person_id)))


def test_a_closed_account_is_out_everywhere_and_signs_in_no_more(engine, app, enter):
    here, actor = enter()
    there, _ = enter(actor)
    assert close(here).location == "/"
    assert there.get("/account").status_code == 303
    data = {"email": actor.email, "password": PASSWORD}
    assert app.test_client().post("/sign-in", data=data).status_code == 422
    assert memberships(engine, actor) == []


def test_closing_needs_the_password(engine, enter):
    here, _ = enter()
    assert close(here, "wrong").status_code == 422
    assert here.get("/account").status_code == 200


def test_the_only_owner_of_listings_is_told_what_to_do_first(engine, enter):
    here, actor = enter()
    listing = market.publish(engine, actor, market.NEED)
    page = parse(here.get("/account").text).all("section", id="close")[0]
    assert "It has one listing: withdraw it" in page.text
    assert page.all("form") == []
    assert close(here).status_code == 409
    with unit_of_work(engine) as uow:
        listings.withdraw(uow, listing.public_id, actor=actor)
    assert close(here).status_code == 303


def test_the_only_owner_among_members_has_to_hand_over_first(engine, enter, person):
    here, actor = enter()
    other = person(Role.BROKER)
    with unit_of_work(engine) as uow:
        organisation = uow.session.get(Organisation, actor.organisation_id)
        join(uow, uow.session.get(Person, other.person_id), organisation, MembershipRole.MEMBER)
    assert "make one of them its owner" in here.get("/account").text
    assert close(here).status_code == 409
    assert memberships(engine, actor)


def test_one_of_two_owners_may_go(engine, enter, person):
    here, actor = enter()
    market.publish(engine, actor, market.NEED)
    other = person(Role.BROKER)
    with unit_of_work(engine) as uow:
        organisation = uow.session.get(Organisation, actor.organisation_id)
        join(uow, uow.session.get(Person, other.person_id), organisation, MembershipRole.OWNER)
    assert close(here).status_code == 303


def test_the_last_administrator_cannot_go(engine, enter, session):
    here, _ = enter(role=Role.ADMINISTRATOR)
    assert "You are the only administrator" in here.get("/account").text
    assert close(here).status_code == 409
    enter(role=Role.ADMINISTRATOR)
    assert close(here).status_code == 303
    assert accounts_queries.open_administrators(session) == 1


def test_a_broker_who_goes_looks_after_nobody_any_more(engine, enter, person):
    broker, actor = enter(role=Role.BROKER)
    owner = person()
    with unit_of_work(engine) as uow:
        uow.session.get(Organisation, owner.organisation_id).broker_id = actor.person_id
    close(broker)
    with Session(engine) as session:
        assert session.get(Organisation, owner.organisation_id).broker_id is None


def test_an_old_sign_in_is_not_listed(engine, enter):
    here, actor = enter()
    enter(actor)
    with unit_of_work(engine) as uow:
        rows = uow.session.exec(select(SignIn).order_by(SignIn.created_at)).all()
        rows[1].seen_at = now() - timedelta(days=8)
    assert len(parse(here.get("/account").text).all("section", id="sign-ins")[0].all("li")) == 1


def test_the_menu_leads_to_everything_of_an_account_without_a_script(enter):
    client, actor = enter()
    menu = parse(client.get("/about").text).all("ul", class_="mm-me-menu")[0]
    targets = [link.get("href") for link in menu.all("a")]
    assert targets[0] == "/account"
    assert f"/organisations/{actor.affiliations[0].public_id}" in targets
    assert menu.all("form", action="/sign-out")
    assert "/admin/" not in targets
    toggle = parse(client.get("/about").text).all("a", class_="mm-me")[0]
    assert toggle.get("href") == "/account"
