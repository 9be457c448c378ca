"""A cookie opens a session only while its row lives."""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlmodel import Session, select

from matchmaker.accounts import queries, service
from matchmaker.accounts.models import Person, SignIn
from matchmaker.accounts.sessions import SEEN_EVERY
from matchmaker.app import create_app
from matchmaker.core.clock import now
from matchmaker.db.uow import unit_of_work

INSIDE = "/listings/mine"


@pytest.fixture
def enter(app: Flask, known):
    """Sign in at the door with a browser of one's own."""

    def sign_in(browser=None):
        browser = browser or app.test_client()
        answer = browser.post("/sign-in", data={"email": known.email, "password": known.password})
        assert answer.status_code == 303
        return browser

    return sign_in


def is_in(browser) -> bool:
    return browser.get(INSIDE).status_code == 200


def copied(app: Flask, browser):
    """A thief's browser with a copy of the cookie."""
    thief = app.test_client()
    thief.set_cookie("session", browser.get_cookie("session").value)
    return thief


def rows(engine) -> list[SignIn]:
    with Session(engine) as session:
        return list(session.exec(select(SignIn)))


def test_a_copied_cookie_dies_with_the_sign_out(app, enter):
    browser = enter()
    thief = copied(app, browser)
    assert is_in(thief)
    browser.post("/sign-out")
    assert not is_in(thief)
    assert not is_in(browser)


def test_signing_out_here_leaves_other_browsers_signed_in(enter):
    here, there = enter(), enter()
    here.post("/sign-out")
    assert not is_in(here)
    assert is_in(there)


def test_a_new_password_ends_every_browser(engine, enter, known):
    here, there = enter(), enter()
    with unit_of_work(engine) as uow:
        service.change_password(uow, uow.session.get(Person, known.actor.person_id), "-")
    assert not is_in(here)
    assert not is_in(there)


def test_nothing_planted_before_the_sign_in_survives_it(app, enter, engine, person):
    attacker = person()
    with unit_of_work(engine) as uow:
        planted = service.sign_in(uow, uow.session.get(Person, attacker.person_id))
    victim = app.test_client()
    with victim.session_transaction() as cookie:
        cookie.update(_user_id=planted, csrf_token="known to the attacker", planted="yes")
    before = victim.get_cookie("session").value
    enter(victim)
    with victim.session_transaction() as cookie:
        assert "planted" not in cookie
        assert cookie.get("csrf_token") != "known to the attacker"
        assert cookie["_user_id"] != planted
    assert victim.get_cookie("session").value != before


def test_every_sign_in_has_a_token_of_its_own(app, enter):
    tokens = set()
    for _ in range(3):
        with enter().session_transaction() as cookie:
            tokens.add(cookie["_user_id"])
    assert len(tokens) == 3


@pytest.mark.parametrize("user_id", ["1", "0", "", "None", "' OR 1=1", "x" * 5000, "\u0000"])
def test_a_token_that_was_made_up_opens_nothing(app, known, user_id):
    browser = app.test_client()
    with browser.session_transaction() as cookie:
        cookie["_user_id"] = user_id
    assert not is_in(browser)


def test_a_cookie_signed_with_another_key_opens_nothing(app, enter, settings):
    browser = enter()
    with browser.session_transaction() as cookie:
        token = cookie["_user_id"]
    forged = Flask("forger")
    forged.secret_key = "another key"
    with forged.test_client() as forger:
        with forger.session_transaction() as cookie:
            cookie["_user_id"] = token
        value = forger.get_cookie("session").value
    thief = app.test_client()
    thief.set_cookie("session", value)
    assert not is_in(thief)


@pytest.mark.parametrize("column", ["seen_at", "created_at"])
def test_an_old_session_is_over(engine, enter, column):
    browser = enter()
    assert is_in(browser)
    with unit_of_work(engine) as uow:
        for row in uow.session.exec(select(SignIn)):
            setattr(row, column, now() - queries.LONGEST - timedelta(minutes=1))
    assert not is_in(browser)


def test_a_session_in_use_stays_awake_without_writing_on_every_page(engine, enter):
    browser = enter()
    first = rows(engine)[0].seen_at
    assert is_in(browser)
    assert rows(engine)[0].seen_at == first
    with unit_of_work(engine) as uow:
        uow.session.exec(select(SignIn)).one().seen_at = now() - SEEN_EVERY - timedelta(seconds=1)
    assert is_in(browser)
    assert now() - rows(engine)[0].seen_at < timedelta(minutes=1)


def test_two_processes_share_sessions_and_the_count_of_failures(app, settings, enter, known):
    other = create_app(settings, testing=True)
    other.config["WTF_CSRF_ENABLED"] = False
    there = copied(other, enter())
    assert is_in(there)
    wrong = {"email": known.email, "password": "wrong"}
    statuses = [each.test_client().post("/sign-in", data=wrong).status_code for each in (app, other) * 5]
    assert statuses == [422] * 10
    right = {"email": known.email, "password": known.password}
    assert [each.test_client().post("/sign-in", data=right).status_code for each in (app, other)] == [429, 429]
    other.extensions["matchmaker.engine"].dispose()


def test_whoever_looks_without_signing_in_gets_no_session(client):
    for path in ("/", "/search", "/about"):
        client.get(path)
    assert client.get_cookie("session") is None


def test_the_key_of_an_installation_is_made_once_and_is_its_own(settings, tmp_path):
    own = replace(settings, secret_key="", var=tmp_path / "own")
    keys = []
    for _ in range(2):
        app = create_app(own, testing=True)
        keys.append(app.config["SECRET_KEY"])
        app.extensions["matchmaker.engine"].dispose()
    assert keys[0] == keys[1]
    assert len(keys[0]) == 64
    assert (tmp_path / "own" / "secret_key").stat().st_mode & 0o077 == 0
    assert [path.name for path in (tmp_path / "own").iterdir()] == ["secret_key"]
