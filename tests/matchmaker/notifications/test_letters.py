"""A letter is written in its reader's language, inside and outside of a request, and leads to the public address."""

from email import message_from_bytes
from email.policy import default

import pytest
from flask import Flask
from sqlmodel import Session

from matchmaker.accounts.models import Person
from matchmaker.core.clock import now
from matchmaker.db.uow import unit_of_work
from matchmaker.notifications import letters as posting
from matchmaker.notifications.kinds import KINDS
from matchmaker.notifications.messages import message_of, travelling
from matchmaker.notifications.models import Letter
from matchmaker.notifications.news_letters import Section
from matchmaker.notifications.sentences import Told
from tests.factories.html import parse

SENDER = "Technology Matchmaker <noreply@portal.example.org>"


def section(text: str) -> Section:
    kind = KINDS["test.immediate"]
    return Section(kind, [Told("bcdfghjkmn", kind, text, text, "/search", now(), True)], 0, "https://x.example/u")  # type: ignore[arg-type]


def post(engine, to, lang: str = "", text: str = "Hello") -> Letter:
    with unit_of_work(engine) as uow:
        return posting.post(uow, to, "news", lang, {"section": section(text), "unsubscribe": "https://x.example/u"})


@pytest.fixture
def someone(mail, session: Session):
    def make(**values: object) -> Person:
        actor = mail.person()
        mail.change(actor, **values)
        return session.get_one(Person, actor.person_id)

    return make


def test_a_letter_is_in_the_persons_own_language_and_goes_to_their_address(app: Flask, engine, someone):
    person = someone(lang="zh")
    with app.app_context():
        letter = post(engine, person)
    assert (letter.address, letter.person_id, letter.lang) == (person.email, person.id, "zh")
    assert "查看" in letter.html
    assert 'lang="zh"' in letter.html


def test_a_letter_may_be_in_another_language_than_the_page_that_causes_it(app: Flask, engine):
    with app.test_request_context("/", headers={"Accept-Language": "zh"}):
        letter = post(engine, "a@b.example", "en")
    assert "Look at it" in letter.html
    assert letter.person_id is None


def test_the_page_stays_in_its_own_language_after_a_letter(app: Flask, engine):
    with app.test_request_context("/", headers={"Accept-Language": "zh"}):
        post(engine, "a@b.example", "en")
        assert app.jinja_env.from_string("{{ _('Undo') }}").render() == "撤销"


@pytest.mark.parametrize("lang", ["", "tlh", "de"])
def test_a_language_without_a_catalogue_is_english(app: Flask, engine, lang: str):
    with app.app_context():
        assert post(engine, "a@b.example", lang).lang == "en"


def test_addresses_lead_to_the_public_one_whatever_host_the_request_names(app: Flask, engine):
    app.extensions["matchmaker.url"] = "https://portal.example.org/sub"
    with app.test_request_context("/", headers={"Host": "evil.example"}):
        letter = post(engine, "a@b.example", "en")
    assert "https://portal.example.org/sub/news/bcdfghjkmn" in letter.text
    assert "https://portal.example.org/sub/news/bcdfghjkmn" in letter.html
    assert "evil.example" not in letter.text + letter.html


def test_what_is_rolled_back_writes_no_letter(app: Flask, engine, mail):
    uow = unit_of_work(engine)
    with app.app_context():
        posting.post(uow, "a@b.example", "news", "en", {"section": section("x")})
    uow.__exit__(RuntimeError, RuntimeError(), None)
    assert mail.letters() == []


HOSTILE = "Valve\r\nBcc: victim@example.org\r\n\r\n<script>alert(1)</script>\u202e"


def test_a_hostile_subject_is_one_line_and_its_markup_is_text(app: Flask, engine):
    with app.app_context():
        letter = post(engine, "a@b.example", "en", HOSTILE)
    assert "\n" not in letter.subject
    assert "\u202e" not in letter.subject
    assert "<script>" not in letter.html
    message = message_from_bytes(message_of(letter, SENDER).as_bytes(), policy=default)
    assert message["Bcc"] is None
    assert message["Subject"].startswith("Valve Bcc: victim@example.org")


def test_a_very_long_subject_is_cut(app: Flask, engine):
    with app.app_context():
        assert len(post(engine, "a@b.example", "en", "长" * 5000).subject) <= 200


def test_a_message_has_both_forms_and_the_headers_of_news(app: Flask, engine):
    with app.app_context():
        letter = post(engine, "a@b.example", "zh")
    message = message_from_bytes(message_of(letter, SENDER).as_bytes(), policy=default)
    assert message["To"] == "a@b.example"
    assert message["From"] == SENDER
    assert message["Message-ID"] == f"<{letter.public_id}@portal.example.org>"
    assert message["List-Unsubscribe"] == "<https://x.example/u>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "zh"
    assert message["Date"].datetime == letter.created_at.replace(microsecond=0)
    assert message.get_content_type() == "multipart/alternative"
    plain, html = message.iter_parts()
    # Lines end with CR and LF on their way.
    assert plain.get_content().splitlines() == letter.text.splitlines()
    assert html.get_content().splitlines() == letter.html.splitlines()


def test_a_long_address_to_unsubscribe_arrives_in_one_piece(engine):
    address = "https://portal.example.org/unsubscribe/" + "WyJiY2RmZ2hqa21uIl0." * 20
    letter = Letter(address="ü@b.example", lang="en", kind="x", subject="s", text="t", html="h", unsubscribe=address)
    raw = message_of(letter, SENDER).as_bytes()
    assert f"List-Unsubscribe: <{address}>\r\n".encode() in raw


def test_a_letter_that_is_no_news_offers_no_unsubscribing(engine):
    letter = Letter(address="a@b.example", lang="en", kind="x", subject="s", text="t", html="h")
    assert message_of(letter, SENDER)["List-Unsubscribe"] is None


def test_the_same_letter_is_the_same_bytes(engine):
    letter = Letter(address="a@b.example", lang="en", kind="x", subject="中文", text="正文\n", html="<p>正文</p>\n")
    assert message_of(letter, SENDER).as_bytes() == message_of(letter, SENDER).as_bytes()


@pytest.mark.parametrize(
    ("address", "travels"),
    [
        ("a@b.example", "a@b.example"),
        ("a@例子.公司", "a@xn--fsqu00a.xn--55qx5d"),
        ("a@" + "x" * 70 + ".example", "a@" + "x" * 70 + ".example"),
    ],
)
def test_an_address_travels_as_mail_servers_know_it(address: str, travels: str):
    assert travelling(address) == travels


def test_a_letter_reads_well_as_a_page(app: Flask, engine):
    with app.app_context():
        page = parse(post(engine, "a@b.example", "en", "سلام").html)
    assert [element.tag for element in page.all("body")] == ["body"]
    assert page.all("a", class_="button")[0].get("href").startswith("http://")
    assert page.all("img") == []
    assert page.all("script") == []
