"""An invitation is a letter that lets its receiver in, once; every other use of it gets a clear answer."""

from datetime import timedelta

import pytest
from sqlmodel import Session, select

from matchmaker.accounts.models import Invitation, MembershipRole, Person, Role
from matchmaker.accounts.service import allow
from matchmaker.core.clock import now
from matchmaker.db.uow import unit_of_work
from matchmaker.organisations.invitations import MOST
from tests.factories.html import parse
from tests.factories.letters import letters, path_in

GUEST = {"name": "Јована Илић", "password": "a long and quiet sentence"}
EMAIL = "guest@example.org"


def invite(house, email=EMAIL, role="member", lang="en", who=None):
    return (who or house.owner).client.post(f"{house.path}/people", data={"email": email, "role": role, "lang": lang})


@pytest.fixture
def link(engine):
    return lambda email=EMAIL: path_in(letters(engine, "invitation", email)[0].text, "/organisations/invitations/")


@pytest.fixture
def invited(engine, house, someone, link):
    """Somebody with an account who was invited: who, and the path of their link."""
    guest = someone()
    assert invite(house, guest.actor.email).status_code == 303
    return guest, link(guest.actor.email)


def change(engine, **values) -> None:
    with unit_of_work(engine) as uow:
        row = uow.session.exec(select(Invitation)).one()
        for name, value in values.items():
            setattr(row, name, value)


def test_a_letter_goes_out_in_the_chosen_language_and_only_the_hash_of_its_token_is_kept(engine, house, link):
    invite(house, "Guest@Example.org", lang="zh")
    (letter,) = letters(engine, "invitation")
    assert (letter.address, letter.lang) == (EMAIL, "zh")
    assert "邀请" in letter.subject
    with Session(engine) as session:
        row = session.exec(select(Invitation)).one()
    assert link().rsplit("/", 1)[1] != row.token_hash
    assert timedelta(days=13) < row.expires_at - now() <= timedelta(days=14)


def test_somebody_with_an_account_accepts_and_acts_for_it(house, roles, invited):
    guest, path = invited
    assert "Accept" in guest.client.get(path).text
    assert guest.id not in roles()
    assert guest.client.post(path).location == house.path
    assert roles()[guest.id] is MembershipRole.MEMBER
    menu = parse(guest.client.get("/about").text).all("a", class_="mm-me")[0]
    assert house.owner.actor.affiliations[0].name in menu.text
    assert "accepted an invitation" in house.owner.client.get("/news").text


def test_accepting_twice_is_the_same_as_once(engine, house, roles, invited):
    guest, path = invited
    for _ in range(2):
        assert guest.client.post(path).location == house.path
    assert "already" in guest.client.get(path).text
    assert len([id_ for id_ in roles() if id_ == guest.id]) == 1


def test_a_newcomer_makes_an_account_whose_address_the_letter_has_proved(app, engine, house, link, roles):
    invite(house, role="viewer")
    client = app.test_client()
    assert EMAIL in client.get(link()).text
    answer = client.post(f"{link()}/register", data=GUEST, headers={"Accept-Language": "zh"})
    assert (answer.status_code, answer.location) == (303, house.path)
    with Session(engine) as session:
        person = session.exec(select(Person).where(Person.email == EMAIL)).one()
    assert person.email_confirmed_at is not None
    assert (person.name, person.lang) == (GUEST["name"], "zh")
    assert roles()[person.public_id] is MembershipRole.VIEWER
    assert client.get("/account").status_code == 200


def test_a_newcomers_second_click_makes_no_second_account(app, engine, house, link):
    invite(house)
    client = app.test_client()
    client.post(f"{link()}/register", data=GUEST)
    assert app.test_client().post(f"{link()}/register", data=GUEST).status_code == 410
    with Session(engine) as session:
        assert len(session.exec(select(Person).where(Person.email == EMAIL)).all()) == 1


def test_a_newcomer_is_told_what_is_wrong_and_the_link_stays_good(app, house, link):
    invite(house)
    client = app.test_client()
    for wrong in ({"password": "short"}, {"name": ""}, {"name": "x" * 5000}):
        assert client.post(f"{link()}/register", data={**GUEST, **wrong}).status_code == 422
    assert client.post(f"{link()}/register", data=GUEST).status_code == 303


def test_an_address_that_has_an_account_signs_in_and_is_not_overwritten(app, engine, house, invited, roles):
    guest, path = invited
    stranger = app.test_client()
    page = stranger.get(path).text
    assert "Sign in to accept" in page
    assert "new-password" not in page
    assert stranger.post(f"{path}/register", data=GUEST).status_code == 200  # the same page: sign in
    assert guest.id not in roles()


def test_without_an_account_accepting_leads_to_the_door(app, house, link):
    invite(house)
    assert app.test_client().post(link()).status_code == 303


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"expires_at": now() - timedelta(seconds=1)}, "This invitation has expired"),
        ({"revoked_at": now()}, "This invitation was taken back"),
        ({"used_at": now()}, "This invitation was accepted already"),
    ],
)
def test_an_invitation_that_is_over_says_why(engine, invited, roles, values, sentence):
    guest, path = invited
    change(engine, **values)
    for answer in (
        guest.client.get(path),
        guest.client.post(path),
        guest.client.application.test_client().post(f"{path}/register", data=GUEST),
    ):
        assert answer.status_code == 410
        assert sentence in answer.text
    assert guest.id not in roles()


def test_somebody_else_is_told_whose_it_is_and_does_not_get_in(someone, invited, roles):
    guest, path = invited
    other = someone()
    for answer in (other.client.get(path), other.client.post(path)):
        assert answer.status_code == 403
        assert guest.actor.email in answer.text
    assert other.id not in roles()


@pytest.mark.parametrize("token", ["x", "a" * 5000, "é"])
def test_a_token_that_was_never_sent_is_404(app, someone, token):
    assert app.test_client().get(f"/organisations/invitations/{token}").status_code == 404
    assert someone().client.post(f"/organisations/invitations/{token}").status_code == 404


def test_an_invitation_is_taken_back_and_that_twice_is_once(engine, house, invited, roles):
    guest, path = invited
    with Session(engine) as session:
        id_ = session.exec(select(Invitation)).one().public_id
    address = f"{house.path}/invitations/{id_}/revoke"
    for _ in range(2):
        assert house.owner.client.post(address).status_code == 303
    assert guest.client.post(path).status_code == 410
    assert guest.id not in roles()


def test_an_accepted_one_cannot_be_taken_back_and_nobody_elses_can(engine, house, someone, invited):
    guest, path = invited
    with Session(engine) as session:
        id_ = session.exec(select(Invitation)).one().public_id
    other = someone()
    theirs = f"/organisations/{other.actor.affiliations[0].public_id}/invitations/{id_}/revoke"
    assert other.client.post(theirs).status_code == 404
    guest.client.post(path)
    assert house.owner.client.post(f"{house.path}/invitations/{id_}/revoke").status_code == 409


def test_a_new_invitation_to_the_same_address_ends_the_one_before(engine, house, someone, link):
    guest = someone()
    invite(house, guest.actor.email)
    first = link(guest.actor.email)
    invite(house, guest.actor.email, role="owner")
    assert guest.client.post(first).status_code == 410
    assert guest.client.post(link(guest.actor.email)).status_code == 303


def test_only_proved_owners_invite(engine, house, someone):
    for who in (
        house.join(MembershipRole.MEMBER),
        house.join(MembershipRole.VIEWER),
        someone(),
        someone(Role.ADMINISTRATOR),
    ):
        assert invite(house, who=who).status_code == 403
    with unit_of_work(engine) as uow:
        uow.session.get(Person, house.owner.actor.person_id).email_confirmed_at = None
    assert invite(house).status_code == 403
    assert letters(engine, "invitation") == []


@pytest.mark.parametrize(
    "wrong", [{"email": "x"}, {"email": "x" * 5000 + "@a.b"}, {"role": "king"}, {"role": ""}, {"lang": "xx"}]
)
def test_what_is_wrong_is_said_and_nothing_is_sent(engine, house, wrong):
    assert invite(house, **wrong).status_code == 422
    assert letters(engine) == []


def test_somebody_who_is_in_already_is_not_invited(house):
    answer = invite(house, house.join(MembershipRole.VIEWER).actor.email)
    assert answer.status_code == 422
    assert "acts for your organisation already" in answer.text


def test_too_many_invitations_an_hour_are_refused(engine, house):
    with unit_of_work(engine) as uow:
        for _ in range(MOST.failures):
            allow(uow, "invite:" + house.public_id, MOST)
    assert invite(house).status_code == 429
    assert letters(engine) == []


def test_accepting_proves_an_address_that_was_not(engine, invited):
    guest, path = invited
    with unit_of_work(engine) as uow:
        uow.session.get(Person, guest.actor.person_id).email_confirmed_at = None
    guest.client.post(path)
    with Session(engine) as session:
        assert session.get(Person, guest.actor.person_id).email_confirmed_at is not None
