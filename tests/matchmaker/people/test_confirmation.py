"""Whoever registers proves the address by a letter: once, within three days, by pressing a button."""

from datetime import timedelta

import pytest
from sqlmodel import Session, select

from matchmaker.accounts.models import LetterToken, Person
from matchmaker.accounts.service import REGISTRATIONS
from matchmaker.core.clock import now
from matchmaker.db.uow import unit_of_work
from matchmaker.people import service
from tests.factories.html import parse
from tests.factories.letters import confirm_address, confirmation, letters, path_in
from tests.matchmaker.people.conftest import NEWCOMER, PASSWORD

EMAIL = NEWCOMER["email"]


def banner(client) -> bool:
    return bool(parse(client.get("/listings/mine").text).all("div", class_="mm-confirm"))


def age_tokens(engine, days: float) -> None:
    with unit_of_work(engine) as uow:
        for token in uow.session.exec(select(LetterToken)):
            token.expires_at = now() - timedelta(days=days)


def test_a_newcomer_is_in_at_once_but_unproved_and_gets_a_letter(newcomer, engine, row):
    assert row(EMAIL).email_confirmed_at is None
    (letter,) = letters(engine)
    assert (letter.kind, letter.address, letter.lang) == ("confirm_email", EMAIL, "en")
    assert "Anna Rossi" in letter.text
    assert banner(newcomer)


def test_the_page_after_registering_says_what_to_do(newcomer):
    page = newcomer.get("/listings/mine").text
    assert "We have sent a letter to anna@example.org" in page
    assert "accounts confirm anna@example.org" in page


def test_opening_the_link_changes_nothing_and_pressing_the_button_confirms(newcomer, engine, row):
    path = confirmation(engine, EMAIL)
    assert EMAIL in newcomer.get(path).text
    assert row(EMAIL).email_confirmed_at is None
    answer = newcomer.post(path)
    assert (answer.status_code, answer.location) == (303, "/listings/mine")
    assert row(EMAIL).email_confirmed_at is not None
    assert not banner(newcomer)


def test_the_letter_works_in_another_browser_that_is_not_signed_in(newcomer, app, engine, row):
    confirm_address(engine, app.test_client(), EMAIL)
    assert row(EMAIL).email_confirmed_at is not None


def test_a_second_press_of_the_button_is_told_the_same_and_does_nothing(newcomer, engine, row):
    path = confirmation(engine, EMAIL)
    newcomer.post(path)
    first = row(EMAIL).email_confirmed_at
    assert newcomer.post(path).status_code == 303
    assert row(EMAIL).email_confirmed_at == first
    page = newcomer.get(path)
    assert page.status_code == 200
    assert "was confirmed before" in page.text


def test_an_expired_letter_says_so_and_offers_a_new_one(newcomer, app, engine, row):
    path = confirmation(engine, EMAIL)
    age_tokens(engine, 0.01)
    for client, offer in ((newcomer, "Send a new letter"), (app.test_client(), "Sign in")):
        for answer in (client.get(path), client.post(path)):
            assert answer.status_code == 410
            assert "This link has expired" in answer.text
            assert offer in answer.text
    assert row(EMAIL).email_confirmed_at is None
    newcomer.post("/confirm")
    assert confirmation(engine, EMAIL) != path
    confirm_address(engine, newcomer, EMAIL)


@pytest.mark.parametrize("token", ["x", "a" * 5000, "%00", "..", "é"])
def test_a_token_that_was_never_sent_is_404(client, token):
    for answer in (client.get(f"/confirm/{token}"), client.post(f"/confirm/{token}")):
        assert answer.status_code == 404


def test_a_token_for_a_new_password_confirms_nothing_and_the_other_way_round(newcomer, engine, client, row):
    client.post("/password/forgotten", data={"email": EMAIL})
    reset = path_in(letters(engine, "reset_password")[0].text, "/password/new/")
    assert client.post(reset.replace("/password/new/", "/confirm/")).status_code == 404
    mixed = confirmation(engine, EMAIL).replace("/confirm/", "/password/new/")
    assert client.post(mixed, data={"password": PASSWORD * 2}).status_code == 404
    assert row(EMAIL).email_confirmed_at is None


def test_only_the_hash_of_a_token_is_stored(newcomer, engine):
    token = confirmation(engine, EMAIL).rsplit("/", 1)[1]
    with Session(engine) as session:
        (stored,) = session.exec(select(LetterToken)).all()
    assert len(token) > 40
    assert token != stored.token_hash


def test_the_sixth_letter_in_an_hour_is_refused(newcomer, engine):
    for _ in range(service.LETTERS.failures):
        assert newcomer.post("/confirm").status_code == 303
    assert newcomer.post("/confirm").status_code == 429
    assert len(letters(engine, "confirm_email")) == 1 + service.LETTERS.failures


def test_all_letters_that_were_sent_work_until_one_did(newcomer, engine, row):
    first = confirmation(engine, EMAIL)
    newcomer.post("/confirm")
    second = confirmation(engine, EMAIL)
    assert newcomer.post(first).status_code == 303
    with Session(engine) as session:
        assert all(token.used_at for token in session.exec(select(LetterToken)))
    assert newcomer.get(second).status_code == 200  # done is done


def test_whoever_is_confirmed_gets_no_more_letters(newcomer, engine):
    confirm_address(engine, newcomer, EMAIL)
    newcomer.post("/confirm")
    assert len(letters(engine, "confirm_email")) == 1


def test_registrations_from_one_place_are_limited_and_others_go_on(app, engine):
    client = app.test_client()
    with unit_of_work(engine) as uow:
        for _ in range(REGISTRATIONS.failures):
            service.accounts.allow(uow, "register:127.0.0.1", REGISTRATIONS)
    assert client.post("/register", data=NEWCOMER).status_code == 429
    there = client.post("/register", data=NEWCOMER, environ_overrides={"REMOTE_ADDR": "10.1.1.1"})
    assert there.status_code == 303


def test_a_registration_that_is_refused_counts_for_the_place_neither_and_sends_nothing(newcomer, engine, client):
    assert client.post("/register", data=NEWCOMER).status_code == 422
    assert len(letters(engine)) == 1


def test_whoever_registers_in_chinese_gets_letters_and_pages_in_chinese(client, engine, row):
    client.post("/register", data=NEWCOMER, headers={"Accept-Language": "zh-CN"})
    (letter,) = letters(engine)
    assert letter.lang == "zh"
    assert letter.subject == "请确认您的邮箱"
    assert row(EMAIL).lang == "zh"


@pytest.mark.parametrize("name", ["x" * 5000, "\u202e" * 4000])
def test_a_name_of_5000_characters_is_told_and_makes_nothing(client, engine, name):
    answer = client.post("/register", data={**NEWCOMER, "name": name})
    assert answer.status_code == 422
    assert letters(engine) == []


def test_a_name_from_right_to_left_is_kept_and_turns_nothing_around(client, engine):
    client.post("/register", data={**NEWCOMER, "name": "דנה \u202eכהן", "organisation": "جامعة الاختبار"})
    (letter,) = letters(engine)
    assert "דנה כהן" in letter.text
    page = client.get("/account").text
    assert "<bdi>דנה כהן</bdi>" in page
    assert "<bdi>جامعة الاختبار</bdi>" in page
    assert "\u202e" not in page


def test_the_command_line_confirms_by_hand(newcomer, app, row):
    done = app.test_cli_runner().invoke(args=["accounts", "confirm", "ANNA@example.org"])
    assert done.exit_code == 0
    assert row(EMAIL).email_confirmed_at is not None


def test_the_command_line_knows_nobody_of_another_address(app):
    assert app.test_cli_runner().invoke(args=["accounts", "confirm", "x@example.org"]).exit_code != 0


def test_letters_lead_to_the_address_of_the_portal_whatever_host_the_request_names(app, engine):
    app.test_client().post("/register", data=NEWCOMER, headers={"Host": "evil.example"})
    (letter,) = letters(engine)
    assert "evil.example" not in letter.text + letter.html


def test_closed_accounts_confirm_nothing(newcomer, engine):
    path = confirmation(engine, EMAIL)
    with unit_of_work(engine) as uow:
        uow.session.exec(select(Person)).one().closed_at = now()
    assert newcomer.post(path).status_code == 404
