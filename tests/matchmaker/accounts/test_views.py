"""Signing in and out, and registering, over HTTP."""

import pytest
from sqlmodel import select

from matchmaker.accounts import service
from matchmaker.accounts.models import Membership, MembershipRole, Organisation, Person, Role
from matchmaker.db.uow import unit_of_work
from tests.factories.html import parse

PASSWORD = "a long and quiet sentence"
NEWCOMER = {
    "name": "Anna Rossi",
    "email": "Anna@Example.org",
    "password": PASSWORD,
    "organisation": "Università di prova",
    "kind": "university",
    "country": "IT",
}


@pytest.fixture
def anna(engine):
    """Somebody with a password."""
    with unit_of_work(engine) as uow:
        person = Person(email="anna@example.org", name="Anna", password_hash=service.hash_password(PASSWORD))
        uow.session.add(person)
    return person


def sign_in(client, password=PASSWORD, email="anna@example.org", **more):
    return client.post("/sign-in", data={"email": email, "password": password, **more})


def is_signed_in(client):
    return client.get("/listings/mine").status_code == 200


def test_the_right_password_signs_in_and_goes_on_to_where_one_wanted(client, anna):
    refused = client.get("/listings/mine?status=draft")
    assert refused.status_code == 303
    page = parse(client.get(refused.location).text)
    wanted = page.all("input", name="next")[0].get("value")
    answer = sign_in(client, next=wanted)
    assert (answer.status_code, answer.location) == (303, "/listings/mine?status=draft")
    assert is_signed_in(client)


def test_the_capitals_of_an_address_do_not_matter(client, anna):
    assert sign_in(client, email="  ANNA@example.ORG ").status_code == 303


@pytest.mark.parametrize(
    ("email", "password"), [("anna@example.org", "wrong"), ("nobody@example.org", PASSWORD), ("", "")]
)
def test_a_wrong_pair_says_the_same_whether_or_not_there_is_such_an_account(client, anna, email, password):
    answer = sign_in(client, password, email, next="/about")
    assert answer.status_code == 422
    page = parse(answer.text)
    assert page.all("div", role="alert")[0].text == "This e-mail address and password do not belong together."
    assert page.all("input", name="email")[0].get("value") == email
    assert page.all("input", name="password")[0].get("value") == ""
    assert page.all("input", name="next")[0].get("value") == "/about"
    assert not is_signed_in(client)


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_nobody_is_sent_to_another_site(client, anna, target):
    assert sign_in(client, next=target).location == "/"


@pytest.mark.parametrize(("role", "page"), [(Role.BROKER, "/desk"), (Role.MEMBER, "/"), (Role.ADMINISTRATOR, "/")])
def test_everybody_begins_where_their_work_is(client, engine, anna, role, page):
    with unit_of_work(engine) as uow:
        uow.session.merge(anna).role = role
    assert sign_in(client, next="").location == page
    assert sign_in(client, next="/about").location == "/about"


def test_too_many_failures_are_told_and_even_the_right_password_waits(client, anna):
    for _ in range(10):
        assert sign_in(client, "wrong").status_code == 422
    answer = sign_in(client)
    assert answer.status_code == 429
    assert "Too many attempts" in answer.text


def test_signing_out_ends_the_session_and_says_so(client, anna):
    sign_in(client)
    answer = client.post("/sign-out", follow_redirects=True)
    assert "You are signed out." in parse(answer.text).all("div", role="status")[0].text
    assert not is_signed_in(client)


def test_the_head_of_the_page_knows_who_is_there(client, anna):
    assert "Sign out" not in client.get("/").text
    sign_in(client)
    page = parse(client.get("/").text)
    assert page.all("a", class_="mm-me")[0].text == "Anna"
    links = [link.text for link in page.all("a", class_="nav-link")]
    assert "My listings" in links
    assert "Broker desk" not in links
    assert "Sign in" not in links


def test_a_newcomer_registers_with_an_organisation_and_is_signed_in(client, session):
    answer = client.post("/register", data=NEWCOMER)
    assert (answer.status_code, answer.location) == (303, "/listings/mine")
    assert is_signed_in(client)
    person = session.exec(select(Person)).one()
    organisation = session.exec(select(Organisation)).one()
    assert (person.email, person.name) == ("anna@example.org", "Anna Rossi")
    assert (organisation.name, organisation.country, organisation.kind) == ("Università di prova", "IT", "university")
    assert session.exec(select(Membership)).one().role is MembershipRole.OWNER
    assert PASSWORD not in person.password_hash
    assert person.email_confirmed_at is None


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "  ", "Please fill this in."),
        ("email", "anna.example.org", "Please write an e-mail address such as name@example.org."),
        ("password", "short", "Please use at least 12 characters."),
        ("organisation", "", "Please fill this in."),
        ("country", "XX", "Please fill this in."),
        ("name", "x" * 129, "This has 129 characters; 128 are the most."),
    ],
)
def test_what_is_wrong_is_said_beside_the_field_and_the_rest_is_kept(client, session, field, value, sentence):
    answer = client.post("/register", data={**NEWCOMER, field: value})
    assert answer.status_code == 422
    page = parse(answer.text)
    box = page.all(id=field)[0]
    assert box.get("aria-invalid") == "true"
    assert sentence in [page.all(id=id_)[0].text for id_ in box.get("aria-describedby").split()]
    kept = "organisation" if field == "name" else "name"
    assert page.all("input", name=kept)[0].get("value") == NEWCOMER[kept]
    assert session.exec(select(Person)).all() == []


def test_a_password_is_never_sent_back(client):
    answer = client.post("/register", data={**NEWCOMER, "email": "x"})
    assert answer.status_code == 422
    assert PASSWORD not in answer.text


def test_an_address_that_has_an_account_is_told(client, anna):
    answer = client.post("/register", data=NEWCOMER)
    assert answer.status_code == 422
    assert "There is an account with this address already." in answer.text


def test_the_chosen_country_and_kind_stay_chosen(client):
    page = parse(client.post("/register", data={**NEWCOMER, "email": "x"}).text)
    chosen = [option.get("value") for option in page.all("option") if "selected" in option.attributes]
    assert chosen == ["university", "IT"]


def test_the_pages_speak_chinese(client):
    answer = client.get("/register", headers={"Accept-Language": "zh-CN"})
    assert parse(answer.text).all("h1")[0].text == "注册您的单位"
    assert "意大利" in answer.text
