"""The back office: lists, accounts and roles, and that somebody always keeps it."""

import pytest
from sqlmodel import Session, select

from matchmaker.accounts.models import Broker, Organisation, OrganisationIdentifier, Person, Role, Verification
from matchmaker.audit.models import AuditEvent
from matchmaker.core.clock import now
from matchmaker.db.uow import unit_of_work
from matchmaker.people import service as people
from tests.factories.html import parse
from tests.factories.letters import letters


@pytest.fixture
def office(signed_in):
    return signed_in(Role.ADMINISTRATOR)


def row(engine, actor) -> Person:
    with Session(engine) as session:
        return session.get(Person, actor.person_id)


def deeds(engine, subject: str) -> list[str]:
    with Session(engine) as session:
        events = session.exec(select(AuditEvent).where(AuditEvent.object_id == subject).order_by(AuditEvent.id))
        return [event.action for event in events]


def do(client, actor, deed, **data):
    return client.post(f"/admin/people/{actor.public_id}/{deed}", data=data, follow_redirects=True)


def test_the_start_page_counts_what_waits(engine, office, person):
    client, _ = office
    waiting = person()
    with unit_of_work(engine) as uow:
        uow.session.get(Organisation, waiting.organisation_id).verification = Verification.REQUESTED
        uow.session.get(Person, waiting.person_id).email_confirmed_at = None
    counts = [card.all("strong")[0].text for card in parse(client.get("/admin/").text).all("li", class_="mm-card")]
    assert counts == ["1", "0", "1", "0", "0"]
    links = [link.get("href") for link in parse(client.get("/admin/").text).all("a")]
    assert {"/admin/organisations?state=requested", "/quality", "/admin/export-rules"} <= set(links)


def test_the_menu_leaves_out_what_an_administrator_has_no_organisation_for(office):
    client, _ = office
    (menu,) = [nav for nav in parse(client.get("/admin/").text).all("nav") if "navbar" in (nav.get("class") or "")]
    links = {link.get("href") for link in menu.all("a")}
    assert {"/desk", "/quality", "/introductions"} <= links
    assert not {"/mine", "/matches", "/new"} & links


@pytest.mark.parametrize("text", ["机床 Works", "机床 WORKS", "91110000600037341l"])
def test_an_organisation_is_found_by_name_or_number(engine, office, person, text):
    client, _ = office
    person()
    wanted = person()
    with unit_of_work(engine) as uow:
        organisation = uow.session.get(Organisation, wanted.organisation_id)
        organisation.name = "机床 Works"
        uow.session.add(
            OrganisationIdentifier(organisation_id=organisation.id, scheme="uscc", value="91110000600037341L")
        )
    page = parse(client.get("/admin/organisations", query_string={"q": text}).text)
    assert [item.all("a")[0].text for item in page.all("ul", class_="mm-rows")[0].all("li")] == ["机床 Works"]


def test_signs_of_a_pattern_are_only_letters(office, person):
    client, _ = office
    person()
    for text in ("%", "_", "\\"):
        page = client.get("/admin/organisations", query_string={"q": text}).text
        assert "Nothing found" in page


def test_whoever_waits_comes_first_and_states_filter(engine, office, person):
    client, _ = office
    first, second = person(), person()
    with unit_of_work(engine) as uow:
        uow.session.get(Organisation, second.organisation_id).verification = Verification.REQUESTED
    names = [one.name for actor in (second, first) for one in actor.affiliations]
    page = parse(client.get("/admin/organisations").text)
    assert [item.all("a")[0].text for item in page.all("ul", class_="mm-rows")[0].all("li")] == names
    page = client.get("/admin/organisations?state=requested").text
    assert names[0] in page
    assert names[1] not in page
    assert client.get("/admin/organisations?state=nonsense").status_code == 200


def test_two_organisations_with_one_number_are_pointed_out(engine, office, person):
    client, _ = office
    one, two = person(), person()
    with unit_of_work(engine) as uow:
        for actor in (one, two):
            uow.session.add(
                OrganisationIdentifier(organisation_id=actor.organisation_id, scheme="pic", value="999999999")
            )
    page = client.get(f"/admin/organisations/{one.affiliations[0].public_id}").text
    assert "Other organisations give the same number" in page
    assert two.affiliations[0].name in page


def test_people_are_found_by_name_address_and_role(office, person):
    client, _ = office
    wanted, other = person(), person(Role.BROKER)
    for query in ({"q": wanted.name}, {"q": wanted.email.upper()}, {"q": wanted.public_id}, {"role": "member"}):
        page = client.get("/admin/people", query_string=query).text
        assert wanted.email in page
        assert other.email not in page


def test_somebody_is_made_a_broker_and_the_deed_is_recorded(engine, office, signed_in):
    client, _ = office
    theirs, actor = signed_in()
    assert theirs.get("/desk").status_code == 403
    do(client, actor, "role", role="broker")
    assert theirs.get("/desk").status_code == 200
    do(client, actor, "role", role="broker")  # a second click changes nothing
    assert deeds(engine, actor.public_id).count("person.role.broker") == 1


def test_a_broker_who_is_none_any_more_takes_on_nothing_and_looks_after_nobody(engine, office, person):
    client, _ = office
    broker, owner = person(Role.BROKER), person()
    with unit_of_work(engine) as uow:
        uow.session.add(Broker(person_id=broker.person_id))
        uow.session.get(Organisation, owner.organisation_id).broker_id = broker.person_id
    do(client, broker, "role", role="member")
    with Session(engine) as session:
        assert not session.get(Broker, broker.person_id).available
        assert session.get(Organisation, owner.organisation_id).broker_id is None


def test_the_last_administrator_stays_whoever_tries(engine, office):
    client, actor = office
    for deed, data in (("role", {"role": "member"}), ("close", {})):
        page = do(client, actor, deed, **data)
        assert "Not done" in page.text
    assert row(engine, actor).role is Role.ADMINISTRATOR
    assert row(engine, actor).closed_at is None


def test_one_of_two_administrators_may_go_and_is_out_at_once(engine, office, signed_in):
    client, actor = office
    other, _ = signed_in(Role.ADMINISTRATOR)
    assert client.post(f"/admin/people/{actor.public_id}/role", data={"role": "member"}).location == "/"
    assert client.get("/admin/").status_code == 403
    assert other.get("/admin/").status_code == 200


def test_a_closed_administrator_counts_for_none(engine, office, person):
    client, actor = office
    other = person(Role.ADMINISTRATOR)
    do(client, other, "close")
    do(client, actor, "role", role="member")
    assert row(engine, actor).role is Role.ADMINISTRATOR


def test_a_closed_account_is_out_at_its_next_request_and_may_be_opened_again(engine, office, signed_in):
    client, _ = office
    theirs, actor = signed_in()
    assert theirs.get("/account").status_code == 200
    for _ in range(2):
        do(client, actor, "close")
    assert theirs.get("/account").status_code == 303
    assert theirs.post("/account", data={"name": "x"}).status_code == 303
    do(client, actor, "reopen")
    assert row(engine, actor).closed_at is None
    assert theirs.get("/account").status_code == 303  # it has to sign in anew
    assert [deed for deed in deeds(engine, actor.public_id) if deed.startswith("person.close")] == ["person.close"]


def test_letters_for_an_address_and_for_a_password_are_sent_again(engine, office, person):
    client, _ = office
    actor = person()
    with unit_of_work(engine) as uow:
        uow.session.get(Person, actor.person_id).email_confirmed_at = None
    do(client, actor, "confirmation")
    do(client, actor, "reset")
    assert {letter.kind for letter in letters(engine, address=actor.email)} == {"confirm_email", "reset_password"}


def test_no_letter_goes_where_it_makes_no_sense(engine, office, person):
    client, _ = office
    actor = person()
    assert "Not done" in do(client, actor, "confirmation").text
    do(client, actor, "close")
    assert "Not done" in do(client, actor, "reset").text
    assert letters(engine) == []


def test_letters_are_throttled_here_too(office, person):
    client, _ = office
    actor = person()
    statuses = [do(client, actor, "reset").status_code for _ in range(people.LETTERS.failures + 1)]
    assert statuses == [200] * people.LETTERS.failures + [429]


@pytest.mark.parametrize("role", ["", "king", "x" * 5000])
def test_a_role_that_is_none_is_refused(engine, office, person, role):
    actor = person()
    assert do(office[0], actor, "role", role=role).status_code == 422


@pytest.mark.parametrize("deed", ["role", "close", "reopen", "confirmation", "reset"])
def test_an_account_that_is_not_there_is_404(office, deed):
    data = {"role": "broker"} if deed == "role" else {}
    assert office[0].post(f"/admin/people/bcdfghjkmn/{deed}", data=data).status_code == 404


def test_a_brokers_page_is_for_brokers(office, person):
    client, _ = office
    assert client.get(f"/admin/brokers/{person().public_id}").status_code == 404
    broker = person(Role.BROKER)
    assert broker.name in client.get("/admin/brokers").text
    assert client.get(f"/admin/brokers/{broker.public_id}").status_code == 200


@pytest.mark.parametrize("role", [Role.MEMBER, Role.BROKER])
def test_nobody_else_gets_in(signed_in, role):
    client, _ = signed_in(role)
    for path in ("/admin/", "/admin/people", "/admin/audit", "/admin/audit.csv", "/admin/organisations"):
        assert client.get(path).status_code == 403


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_page_is_there_in_both_languages(engine, office, person, lang):
    client, _ = office
    member, broker = person(), person(Role.BROKER)
    with unit_of_work(engine) as uow:
        uow.session.get(Person, broker.person_id).closed_at = now()
    organisation = member.affiliations[0].public_id
    pages = ["", "people", "organisations", "brokers", "audit", f"people/{member.public_id}"]
    pages += [f"people/{broker.public_id}", f"organisations/{organisation}", f"brokers/{broker.public_id}"]
    for page in pages:
        answer = client.get(f"/admin/{page}", query_string={"lang": lang})
        assert answer.status_code == 200, page
        assert len(parse(answer.text).all("h1")) == 1, page
