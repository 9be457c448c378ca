"""Accounts from the command line."""

import pytest
from sqlmodel import Session, select

from matchmaker.accounts import queries, service
from matchmaker.accounts.models import Organisation, Person, Role
from matchmaker.audit.models import AuditEvent
from matchmaker.core.errors import Conflict, NotFound
from matchmaker.db.engine import reading_session


@pytest.fixture
def run(app):
    """Run a command; answers what it printed, or raises what it raised."""

    def command(*arguments: str) -> str:
        done = app.test_cli_runner().invoke(args=["accounts", *arguments])
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == 0, done.output
        return done.output

    return command


def opens(engine, email: str, password: str) -> bool:
    with reading_session(engine) as session:
        return service.check(session, service.Attempt(email, password, "")) is not None


def test_an_account_is_made_with_a_password_that_is_printed_once(run, engine):
    email, password = run("add", "New@Example.org", "--name", "Novi", "--role", "broker").split()
    assert email == "new@example.org"
    assert opens(engine, email, password)
    with Session(engine) as session:
        person = session.exec(select(Person)).one()
        assert (person.role, person.name) == (Role.BROKER, "Novi")
        assert [event.action for event in session.exec(select(AuditEvent))] == ["person.add"]
        assert password not in person.password_hash


def test_an_account_may_act_for_an_organisation(run, engine, person):
    owner = person()
    with Session(engine) as session:
        public_id = session.get(Organisation, owner.organisation_id).public_id
    run("add", "colleague@example.org", "--name", "Colleague", "--organisation", public_id)
    with Session(engine) as session:
        colleague = queries.person_by_email(session, "colleague@example.org")
        assert queries.actor_of(session, colleague).organisation_id == owner.organisation_id


def test_an_organisation_that_is_not_there_makes_no_account(run, engine):
    with pytest.raises(NotFound):
        run("add", "a@example.org", "--name", "A", "--organisation", "nosuch")
    with Session(engine) as session:
        assert session.exec(select(Person)).all() == []


def test_an_address_that_is_taken_is_told(run, known):
    with pytest.raises(Conflict, match="already"):
        run("add", known.email.upper(), "--name", "Twice")


def test_a_new_password_replaces_the_old_one_and_ends_the_sessions(run, engine, app, known):
    browser = app.test_client()
    browser.post("/sign-in", data={"email": known.email, "password": known.password})
    assert browser.get("/listings/mine").status_code == 200
    _, fresh = run("password", known.email).split()
    assert not opens(engine, known.email, known.password)
    assert opens(engine, known.email, fresh)
    assert browser.get("/listings/mine").status_code == 303


def test_a_password_for_nobody_is_told(run):
    with pytest.raises(NotFound, match=r"nobody@example\.org"):
        run("password", "nobody@example.org")


def test_the_list_names_everybody_and_tells_no_hash(run, known, person):
    person(Role.BROKER)
    lines = run("list").splitlines()
    assert len(lines) == 2
    assert "p1@example.org\tmember\t1 organisation(s)\tPerson 1" in lines
    assert not [line for line in lines if "argon2" in line]
