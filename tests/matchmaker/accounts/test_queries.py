"""Who is signed in, and until when."""

from datetime import timedelta

import pytest

from matchmaker.accounts import queries, service
from matchmaker.accounts.models import Membership, MembershipRole, Organisation, Person, SignIn
from matchmaker.core.clock import now
from matchmaker.db.uow import unit_of_work


@pytest.fixture
def token(engine, known) -> str:
    with unit_of_work(engine) as uow:
        return service.digest(service.sign_in(uow, uow.session.get(Person, known.actor.person_id)))


def change(engine, token: str, **values: object) -> None:
    with unit_of_work(engine) as uow:
        row = uow.session.get(SignIn, token)
        for name, value in values.items():
            setattr(row, name, value)


def test_a_fresh_sign_in_is_its_person(session, token, known):
    _, actor = queries.signed_in(session, token)
    assert actor == known.actor


MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("ages", "lives"),
    [
        ((queries.IDLE - MINUTE, queries.IDLE - MINUTE), True),
        ((queries.IDLE + MINUTE, queries.IDLE + MINUTE), False),
        ((MINUTE, queries.LONGEST - MINUTE), True),
        ((MINUTE, queries.LONGEST + MINUTE), False),
        ((timedelta(0), queries.LONGEST + MINUTE), False),
    ],
)
def test_a_sign_in_ends_when_it_is_idle_or_old(engine, session, token, ages, lives):
    seen, created = ages
    change(engine, token, seen_at=now() - seen, created_at=now() - created)
    assert (queries.signed_in(session, token) is not None) is lives


def test_a_sign_in_that_was_ended_stays_ended(engine, session, token):
    change(engine, token, ended_at=now())
    assert queries.signed_in(session, token) is None


@pytest.mark.parametrize("guess", ["", "0" * 64, "%", "_"])
def test_a_token_that_was_never_given_is_nobody(session, token, guess):
    assert queries.signed_in(session, guess) is None


def test_a_person_acts_for_each_organisation_with_the_role_they_have_there(engine, person):
    actor = person()
    with unit_of_work(engine) as uow:
        other = Organisation(name="Zweigwerk", kind="enterprise", country="DE")
        uow.session.add(other)
        uow.session.flush()
        uow.session.add(Membership(person_id=actor.person_id, organisation_id=other.id, role=MembershipRole.VIEWER))
        uow.session.flush()
        found = queries.actor_of(uow.session, uow.session.get(Person, actor.person_id))
    assert found.memberships == {**actor.memberships, other.id: MembershipRole.VIEWER}
    assert found.organisation_id == actor.organisation_id


def test_people_are_found_whatever_the_capitals(session, known):
    assert queries.person_by_email(session, known.email.upper()).email == known.email
    assert queries.person_by_email(session, "nobody@example.org") is None


def test_names_are_looked_up_at_once(session, person):
    one, two = person(), person()
    ids = [one.person_id, two.person_id, None, 999]
    assert queries.person_names(session, ids) == {one.person_id: one.name, two.person_id: two.name}
    assert queries.person_names(session, []) == {}
