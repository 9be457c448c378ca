"""Passwords are kept as slow hashes, guesses are counted for all processes, sessions are rows."""

from datetime import timedelta

import pytest
from sqlmodel import Session, select

from matchmaker.accounts import queries, service
from matchmaker.accounts.models import MembershipRole, Organisation, Person, SignIn, SignInAttempt
from matchmaker.accounts.schemas import Registration
from matchmaker.audit.models import AuditEvent
from matchmaker.core.clock import now
from matchmaker.core.errors import Invalid, TooMany
from matchmaker.db.engine import open_engine, reading_session
from matchmaker.db.uow import unit_of_work

WANTED = Registration(
    name="Anna Rossi",
    email="anna@example.it",
    password="una frase lunga e segreta",
    organisation="Università",
    kind="university",
    country="IT",
)


def attempt(email: str = "p1@example.org", password: str = "wrong", address: str = "10.0.0.1") -> service.Attempt:
    return service.Attempt(email, password, address)


def fail(engine, times: int, **given: str) -> None:
    for _ in range(times):
        with unit_of_work(engine) as uow:
            service.note_failure(uow, attempt(**given))


def test_a_password_is_kept_as_an_argon2id_hash_with_its_own_salt():
    one, two = service.hash_password("secret"), service.hash_password("secret")
    assert one.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert one != two
    assert "secret" not in one


@pytest.mark.parametrize(
    "password", ["x" * 64, "x" * 128, "密码很长很长很长的一句话", "пароль 🔑 שלום", "a\x00b" * 5, " spaces "]
)
def test_any_password_opens_its_own_account_and_no_other(engine, known, row_of, password):
    with unit_of_work(engine) as uow:
        service.change_password(uow, uow.session.get(Person, known.actor.person_id), service.hash_password(password))
    with reading_session(engine) as session:
        assert service.check(session, attempt(known.email, password)).email == known.email
        assert service.check(session, attempt(known.email, password[:-1])) is None
        assert service.check(session, attempt(known.email, password + "x")) is None


def test_a_password_is_the_same_from_every_keyboard(engine, known):
    with unit_of_work(engine) as uow:
        person = uow.session.get(Person, known.actor.person_id)
        service.change_password(uow, person, service.hash_password("caf\u00e9 \u8a9e long enough"))
    with reading_session(engine) as session:
        assert service.check(session, attempt(known.email, "cafe\u0301 \u8a9e long enough"))


@pytest.mark.parametrize("email", ["nobody@example.org", "", "x" * 100_000, "' OR 1=1 --", "%", "p_@example.org"])
def test_nobody_is_found_by_an_address_that_is_not_theirs(session, known, email):
    assert service.check(session, attempt(email, known.password)) is None


@pytest.mark.parametrize("password", ["", "x" * 1_000_000, "-", "\x00"])
def test_no_password_at_all_opens_nothing(session, known, password):
    assert service.check(session, attempt(known.email, password)) is None


def test_an_account_without_a_usable_hash_cannot_be_opened(session, person):
    someone = person()
    assert service.check(session, attempt(someone.email, "-")) is None


def test_the_tenth_failure_from_one_place_closes_the_account_there_even_to_the_right_password(engine, session, known):
    fail(engine, 9, email=known.email)
    assert service.check(session, attempt(known.email, known.password)) is not None
    session.rollback()
    fail(engine, 1, email=known.email.upper())
    with pytest.raises(TooMany):
        service.check(session, attempt(known.email, known.password))


def test_the_owner_still_gets_in_from_elsewhere_while_somebody_guesses(engine, session, known):
    fail(engine, 10, email=known.email, address="10.6.6.6")
    assert service.check(session, attempt(known.email, known.password, "10.9.9.9")) is not None


def test_guesses_from_many_places_close_the_account_for_a_while(engine, session, known):
    for place in range(service.BY_EMAIL.failures):
        fail(engine, 1, email=known.email, address=f"10.0.1.{place}")
    with pytest.raises(TooMany):
        service.check(session, attempt(known.email, known.password, "10.9.9.9"))


def test_other_accounts_stay_open(engine, session, known):
    fail(engine, 10, email="other@example.org", address="10.0.0.2")
    assert service.check(session, attempt(known.email, known.password)) is not None


def test_one_address_that_tries_many_accounts_is_stopped_and_others_are_not(engine, session, known):
    with unit_of_work(engine) as uow:
        subject = service.digest("address:10.0.0.1")
        uow.session.add_all(SignInAttempt(subject=subject) for _ in range(service.BY_ADDRESS.failures))
    with pytest.raises(TooMany):
        service.check(session, attempt(known.email, known.password, "10.0.0.1"))
    assert service.check(session, attempt(known.email, known.password, "10.0.0.2")) is not None


def test_failures_are_counted_over_every_process_of_the_database(engine, settings, known):
    other = open_engine(settings.database_url)
    fail(engine, 5, email=known.email)
    fail(other, 5, email=known.email)
    for each in (engine, other):
        with reading_session(each) as session, pytest.raises(TooMany):
            service.check(session, attempt(known.email, known.password))
    other.dispose()


def test_after_the_pause_the_account_opens_again_and_old_failures_are_forgotten(engine, known):
    fail(engine, 10, email=known.email)
    old = now() - service.BY_EMAIL.window - timedelta(seconds=1)
    with unit_of_work(engine) as uow:
        for row in uow.session.exec(select(SignInAttempt)):
            row.at = old
    with reading_session(engine) as session:
        assert service.check(session, attempt(known.email, known.password)) is not None
    with unit_of_work(engine) as uow:
        for row in uow.session.exec(select(SignInAttempt)):
            row.at = now() - 5 * service.BY_EMAIL.window
    fail(engine, 1, email=known.email)
    with Session(engine) as session:
        assert len(session.exec(select(SignInAttempt)).all()) == 3


def test_neither_addresses_nor_names_are_kept_in_the_count_of_failures(engine, known):
    fail(engine, 1, email=known.email, address="10.1.2.3")
    with Session(engine) as session:
        subjects = [row.subject for row in session.exec(select(SignInAttempt))]
    assert all(len(subject) == 64 for subject in subjects)
    assert not [s for s in subjects if known.email in s or "10.1.2.3" in s]


def test_only_the_hash_of_a_token_is_stored(engine, known):
    with unit_of_work(engine) as uow:
        token = service.sign_in(uow, uow.session.get(Person, known.actor.person_id))
    with Session(engine) as session:
        row = session.exec(select(SignIn)).one()
    assert row.token_hash == service.digest(token)
    assert token not in row.token_hash


def test_a_password_change_ends_every_session_of_that_person_and_no_other(engine, known, person):
    other = person()
    with unit_of_work(engine) as uow:
        mine, theirs = (uow.session.get(Person, actor.person_id) for actor in (known.actor, other))
        old = [service.sign_in(uow, mine), service.sign_in(uow, mine)]
        kept = service.sign_in(uow, theirs)
        service.change_password(uow, mine, "-")
        fresh = service.sign_in(uow, mine)
    with reading_session(engine) as session:
        assert [queries.signed_in(session, service.digest(token)) for token in old] == [None, None]
        assert queries.signed_in(session, service.digest(kept)) is not None
        assert queries.signed_in(session, service.digest(fresh)) is not None


def test_registering_makes_a_person_an_organisation_and_its_owner(engine):
    with unit_of_work(engine) as uow:
        person = service.register(uow, WANTED, "hash")
    with reading_session(engine) as session:
        actor = queries.actor_of(session, person)
        organisation = session.get(Organisation, actor.organisation_id)
        events = session.exec(select(AuditEvent)).all()
    assert (organisation.name, organisation.kind, organisation.country) == ("Università", "university", "IT")
    assert list(actor.memberships.values()) == [MembershipRole.OWNER]
    assert [(e.actor, e.action, e.object_id) for e in events] == [
        (person.public_id, "person.register", organisation.public_id)
    ]
    assert person.password_hash == "hash"


def test_an_address_that_is_taken_registers_nobody(engine):
    with unit_of_work(engine) as uow:
        service.register(uow, WANTED, "hash")
    with pytest.raises(Invalid) as refused, unit_of_work(engine) as uow:
        service.register(uow, WANTED.model_copy(update={"organisation": "Another"}), "hash")
    assert refused.value.problems == {"email": "taken"}
    with Session(engine) as session:
        assert [o.name for o in session.exec(select(Organisation))] == ["Università"]
        assert len(session.exec(select(Person)).all()) == 1


def test_signing_out_twice_keeps_the_first_time(engine, known):
    with unit_of_work(engine) as uow:
        token = service.digest(service.sign_in(uow, uow.session.get(Person, known.actor.person_id)))
        service.sign_out(uow, token)
        first = uow.session.get(SignIn, token).ended_at
        service.sign_out(uow, token)
        assert uow.session.get(SignIn, token).ended_at == first
        service.sign_out(uow, "no such token")
