"""A forgotten password is replaced by whoever reads the account's letters, and by nobody else."""

from datetime import timedelta

import pytest
from sqlalchemy import event
from sqlmodel import select

from matchmaker.accounts import service as accounts
from matchmaker.accounts.models import LetterToken, Person
from matchmaker.core.clock import now
from matchmaker.db.uow import unit_of_work
from matchmaker.people import service
from tests.factories.html import parse
from tests.factories.letters import letters, path_in
from tests.matchmaker.people.conftest import PASSWORD

FRESH = "another long and quiet sentence"


@pytest.fixture
def victim(enter):
    """Somebody who is signed in in a browser."""
    return enter()


def forget(client, email: str):
    return client.post("/password/forgotten", data={"email": email})


def link(engine) -> str:
    return path_in(letters(engine, "reset_password")[0].text, "/password/new/")


def is_in(client) -> bool:
    return client.get("/account").status_code == 200


def signs_in(app, email: str, password: str) -> bool:
    return app.test_client().post("/sign-in", data={"email": email, "password": password}).status_code == 303


def test_a_forgotten_password_is_replaced_and_every_browser_is_out(app, engine, client, victim):
    browser, actor = victim
    assert forget(client, actor.email.upper()).status_code == 200
    path = link(engine)
    assert actor.email in client.get(path).text
    assert is_in(browser)
    answer = client.post(path, data={"password": FRESH})
    assert (answer.status_code, answer.location) == (303, "/sign-in")
    assert not is_in(browser)
    assert signs_in(app, actor.email, FRESH)
    assert not signs_in(app, actor.email, PASSWORD)
    assert letters(engine, "password_changed")[0].address == actor.email


def test_the_answer_is_the_same_whether_or_not_there_is_such_an_account(app, engine, person):
    known = person().email
    pages = [forget(app.test_client(), email).text.replace(email, "ADDRESS") for email in (known, "nobody@example.org")]
    assert pages[0] == pages[1]
    assert [letter.address for letter in letters(engine)] == [known]


def test_the_work_is_the_same_whether_or_not_there_is_such_an_account(app, engine, person):
    """Statements stand for the time: whoever measures it learns nothing."""
    known = person().email
    forget(app.test_client(), "warm-up@example.org")
    counts = []
    for email in (known, "nobody@example.org"):
        said: list[str] = []

        def note(_c, _cursor, statement, *_rest, said=said):
            said.append(statement.split()[0])

        event.listen(engine, "before_cursor_execute", note)
        forget(app.test_client(), email)
        event.remove(engine, "before_cursor_execute", note)
        counts.append((said.count("INSERT"), said.count("SELECT")))
    # The stranger's account is one row more, and has no organisation to look for.
    assert abs(counts[0][0] - counts[1][0]) <= 1
    assert abs(counts[0][1] - counts[1][1]) <= 1


def test_what_is_written_to_a_stranger_is_forgotten(app, engine, session):
    forget(app.test_client(), "nobody@example.org")
    assert letters(engine) == []
    assert session.exec(select(LetterToken)).all() == []
    assert session.exec(select(Person)).all() == []


def test_a_link_is_good_once(app, engine, client, victim):
    _, actor = victim
    forget(client, actor.email)
    path = link(engine)
    client.post(path, data={"password": FRESH})
    for answer in (client.get(path), client.post(path, data={"password": PASSWORD})):
        assert answer.status_code == 410
        assert "was used already" in answer.text
    assert signs_in(app, actor.email, FRESH)


def test_a_link_is_good_for_an_hour(engine, client, app, victim):
    _, actor = victim
    forget(client, actor.email)
    with unit_of_work(engine) as uow:
        token = uow.session.exec(select(LetterToken)).one()
        assert timedelta(minutes=59) < token.expires_at - now() <= timedelta(hours=1)
        token.expires_at = now()
    answer = client.post(link(engine), data={"password": FRESH})
    assert answer.status_code == 410
    assert "This link has expired" in answer.text
    assert signs_in(app, actor.email, PASSWORD)


def test_one_used_link_ends_all_others(engine, client, victim):
    _, actor = victim
    forget(client, actor.email)
    first = link(engine)
    forget(client, actor.email)
    client.post(link(engine), data={"password": FRESH})
    assert client.get(first).status_code == 410


def test_a_short_password_is_told_and_the_link_stays_good(engine, client, victim):
    forget(client, victim[1].email)
    answer = client.post(link(engine), data={"password": "short"})
    assert answer.status_code == 422
    assert "at least 12 characters" in answer.text
    assert client.get(link(engine)).status_code == 200


def test_a_new_password_by_letter_proves_the_address(engine, client, victim, row):
    _, actor = victim
    with unit_of_work(engine) as uow:
        uow.session.get(Person, actor.person_id).email_confirmed_at = None
    forget(client, actor.email)
    client.post(link(engine), data={"password": FRESH})
    assert row(actor.email).email_confirmed_at is not None


def test_a_link_that_went_to_an_address_that_was_given_up_is_worth_nothing(engine, client, victim):
    _, actor = victim
    forget(client, actor.email)
    with unit_of_work(engine) as uow:
        uow.session.get(Person, actor.person_id).email = "new@example.org"
    assert client.post(link(engine), data={"password": FRESH}).status_code == 410


def test_a_mailbox_is_not_filled_and_nobody_learns_that_it_would_have_been(engine, app, victim):
    _, actor = victim
    answers = {forget(app.test_client(), actor.email).status_code for _ in range(service.LETTERS.failures + 3)}
    assert answers == {200}
    assert len(letters(engine, "reset_password")) == service.LETTERS.failures


def test_one_place_that_forgets_too_much_is_told_to_wait(engine, app):
    with unit_of_work(engine) as uow:
        for _ in range(service.FORGETTING.failures):
            accounts.allow(uow, "forgotten:127.0.0.1", service.FORGETTING)
    assert forget(app.test_client(), "x@example.org").status_code == 429


def test_a_closed_account_gets_no_letter(engine, client, victim):
    _, actor = victim
    with unit_of_work(engine) as uow:
        uow.session.get(Person, actor.person_id).closed_at = now()
    assert forget(client, actor.email).status_code == 200
    assert letters(engine, "reset_password") == []


@pytest.mark.parametrize("email", ["", "x", "a b@c.d", "x" * 5000 + "@example.org"])
def test_what_is_no_address_is_told(client, email):
    assert forget(client, email).status_code == 422


def test_ones_own_password_is_changed_with_the_current_one_and_other_browsers_are_out(app, engine, enter):
    here, actor = enter()
    there, _ = enter(actor)
    answer = here.post("/account/password", data={"current": PASSWORD, "password": FRESH})
    assert answer.status_code == 303
    assert is_in(here)
    assert not is_in(there)
    assert signs_in(app, actor.email, FRESH)
    assert letters(engine, "password_changed")


def test_without_the_current_password_nothing_changes(app, enter):
    here, actor = enter()
    answer = here.post("/account/password", data={"current": "wrong", "password": FRESH})
    assert answer.status_code == 422
    problem = parse(answer.text).all(id="password-current-problem")[0].text
    assert "not your current password" in problem
    assert signs_in(app, actor.email, PASSWORD)


def test_guesses_at_the_current_password_are_counted_as_at_the_door(enter):
    here, _ = enter()
    data = {"current": "wrong", "password": FRESH}
    statuses = [here.post("/account/password", data=data).status_code for _ in range(11)]
    assert statuses == [422] * 10 + [429]
