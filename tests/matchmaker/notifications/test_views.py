"""The list, the bell, the settings, and the end of letters with one click."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from sqlmodel import Session, select

from matchmaker.accounts.models import Person, Role
from matchmaker.accounts.schemas import Actor
from matchmaker.core.clock import now
from matchmaker.db.uow import unit_of_work
from matchmaker.notifications import queries, service
from matchmaker.notifications.kinds import KINDS, RESOLVERS, Kind
from matchmaker.notifications.models import Frequency, Notification, Preference
from matchmaker.notifications.unsubscribing import unsubscribe_url
from tests.factories.html import parse

Mail = Any  # the fixture of conftest.py, which cannot be imported


@pytest.fixture
def reader(signed_in) -> tuple[FlaskClient, Actor]:
    return signed_in()


def row(engine, public_id: str) -> Notification:
    with Session(engine) as session:
        return session.exec(select(Notification).where(Notification.public_id == public_id)).one()


def bell(client: FlaskClient) -> str:
    return parse(client.get("/about").text).all("a", class_="mm-bell")[0].text


def test_without_news_the_page_says_what_will_come(reader):
    client, _ = reader
    page = parse(client.get("/news").text)
    assert page.all("div", class_="mm-empty")
    assert "No unread news" in bell(client)


def test_the_list_has_unread_news_first_and_then_the_newest(reader, mail: Mail):
    client, actor = reader
    rows = [mail.tell(actor, count=str(number)) for number in range(1, 5)]
    with unit_of_work(mail.engine) as uow:
        service.mark_read(uow, rows[3].public_id, actor=actor)
    items = parse(client.get("/news").text).all("li")
    items = [item for item in items if item.all("div", class_="mm-news-body")]
    assert [re.search(r"matches: (\d)", item.text)[1] for item in items] == ["3", "2", "1", "4"]
    assert ["mm-news-unread" in item.get("class") for item in items] == [True, True, True, False]
    assert "3 pieces of unread news" in bell(client)


def test_opening_news_marks_them_and_leads_to_their_page(reader, mail: Mail):
    client, actor = reader
    told = mail.tell(actor)
    answer = client.get(f"/news/{told.public_id}")
    assert (answer.status_code, answer.location) == (303, "/search")
    first = row(mail.engine, told.public_id).read_at
    assert first is not None
    client.get(f"/news/{told.public_id}")
    assert row(mail.engine, told.public_id).read_at == first


def test_a_path_that_leads_elsewhere_is_not_followed(reader, mail: Mail):
    client, actor = reader
    told = mail.tell(actor)
    with unit_of_work(mail.engine) as uow:
        uow.session.get_one(Notification, told.id).path = "https://evil.example/"
    assert client.get(f"/news/{told.public_id}").location == "/news"


def test_news_of_somebody_else_do_not_exist(reader, mail: Mail):
    client, _ = reader
    told = mail.tell(mail.person())
    assert client.get(f"/news/{told.public_id}").status_code == 404
    assert client.post(f"/news/{told.public_id}/read").status_code == 404
    assert client.post("/news/read", data={"newest": told.public_id}).status_code == 404
    assert row(mail.engine, told.public_id).read_at is None


def test_one_is_marked_with_a_button_twice_is_once(reader, mail: Mail):
    client, actor = reader
    one, other = mail.tell(actor), mail.tell(actor)
    for _ in range(2):
        assert client.post(f"/news/{one.public_id}/read").status_code == 303
    assert row(mail.engine, one.public_id).read_at is not None
    assert row(mail.engine, other.public_id).read_at is None


def test_all_that_the_page_knew_are_marked_and_what_came_since_is_not(reader, mail: Mail):
    client, actor = reader
    seen = [mail.tell(actor) for _ in range(queries.PAGE_SIZE + 3)]
    foreign = mail.tell(mail.person())
    page = parse(client.get("/news?page=2").text)
    newest = page.all("input", name="newest")[0].get("value")
    late = mail.tell(actor)
    client.post("/news/read", data={"newest": newest})
    assert all(row(mail.engine, told.public_id).read_at for told in seen)
    assert row(mail.engine, late.public_id).read_at is None
    assert row(mail.engine, foreign.public_id).read_at is None


@pytest.mark.parametrize("page", ["0", "-3", "x", "99999999999", "2", "7"])
def test_a_page_that_is_not_there_is_the_nearest(reader, mail: Mail, page: str):
    client, actor = reader
    mail.tell(actor)
    assert "mm-news-body" in client.get(f"/news?page={page}").text


def test_a_long_list_is_paged(reader, mail: Mail):
    client, actor = reader
    for _ in range(queries.PAGE_SIZE + 1):
        mail.tell(actor)
    assert client.get("/news").text.count("mm-news-body") == queries.PAGE_SIZE
    assert client.get("/news?page=2").text.count("mm-news-body") == 1


def test_names_in_any_script_are_marked_off_and_never_markup(reader, mail: Mail, monkeypatch):
    name = "<b>روبوت</b> %(count)s & “x”"
    monkeypatch.setitem(RESOLVERS, "listing", lambda _session, ids, *_: dict.fromkeys(ids, name))
    client, actor = reader
    mail.tell(actor, listing="bcdfghjkmn")
    text = client.get("/news").text
    assert "<bdi>&lt;b&gt;روبوت&lt;/b&gt; %(count)s &amp; “x”</bdi>" in text
    mail.write(now().replace(year=now().year + 1))
    (letter,) = mail.letters()
    assert "\u2068<b>روبوت</b> %(count)s & “x”\u2069" in letter.text
    assert "&lt;b&gt;" in letter.html
    assert "<b>" not in letter.html


def test_a_name_that_the_reader_may_not_know_is_no_name(reader, mail: Mail):
    client, actor = reader
    mail.tell(actor, listing="nosuchthing")
    assert "(not to be seen any more)" in client.get("/news").text
    assert "nosuchthing" not in client.get("/news").text


def test_the_list_is_in_the_readers_language_and_time(reader, mail: Mail):
    client, actor = reader
    mail.tell(actor, at=now().replace(year=2026, month=3, day=4, hour=20, minute=30))
    client.set_cookie("timezone", "Asia/Shanghai")
    text = client.get("/news", headers={"Accept-Language": "zh"}).text
    assert "您发布的" in text
    assert "2026年3月5日 04:30" in text


def test_the_bell_costs_one_query_and_only_who_is_signed_in(app: Flask, reader, mail: Mail):
    client, actor = reader
    mail.tell(actor)
    asked: list[str] = []
    event.listen(mail.engine, "before_cursor_execute", lambda _c, _k, statement, *_: asked.append(statement))
    client.get("/about")
    assert len([statement for statement in asked if "FROM notification" in statement]) == 1
    asked.clear()
    assert "mm-bell" not in app.test_client().get("/about").text
    assert [statement for statement in asked if "notification" in statement] == []


def test_the_bell_counts_no_further_than_it_shows(reader, mail: Mail):
    client, actor = reader
    with unit_of_work(mail.engine) as uow:
        uow.session.add_all(
            Notification(person_id=actor.person_id, kind="test.off", frequency=Frequency.OFF) for _ in range(150)
        )
    assert bell(client).startswith("99+")


def test_a_page_of_news_asks_the_same_number_of_questions_however_many_there_are(reader, mail: Mail):
    client, actor = reader
    asked: list[str] = []
    event.listen(mail.engine, "before_cursor_execute", lambda _c, _k, statement, *_: asked.append(statement))
    counts = []
    for _ in range(2):
        for _ in range(8):
            mail.tell(actor, listing="bcdfghjkmn")
        asked.clear()
        client.get("/news")
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 12


# --- settings and unsubscribing --------------------------------------------------------------------------------


def chosen(mail: Mail, actor: Actor) -> dict[str, Frequency]:
    with Session(mail.engine) as session:
        return queries.preferences(session, actor.person_id)


def test_settings_show_what_is_and_keep_what_is_chosen(reader, mail: Mail):
    client, actor = reader
    page = parse(client.get("/news/settings").text)
    selected = [(s.get("name"), o.get("value")) for s in page.all("select") for o in s.all("option", selected="")]
    shown = dict(selected)
    assert shown == {f"test.{frequency}": frequency for frequency in Frequency}
    sent = {**shown, "test.daily": "off", "test.nonsense": "daily", "test.weekly": "hourly"}
    assert client.post("/news/settings", data=sent).status_code == 303
    assert chosen(mail, actor) == {"test.daily": Frequency.OFF}


def test_members_choose_nothing_that_only_brokers_are_told(signed_in, monkeypatch):
    usual = KINDS["test.daily"]
    monkeypatch.setitem(KINDS, "test.desk", Kind("test.desk", usual.title, usual.sentence, staff=True))
    for role in Role:
        page = parse(signed_in(role)[0].get("/news/settings").text)
        shown = {choice.get("name") for choice in page.all("select")}
        assert "test.daily" in shown
        assert ("test.desk" in shown) is (role is not Role.MEMBER)


def test_saving_twice_is_saving_once(reader, mail: Mail):
    client, actor = reader
    for _ in range(2):
        client.post("/news/settings", data={"test.daily": "weekly"})
    assert chosen(mail, actor) == {"test.daily": Frequency.WEEKLY}


@pytest.fixture
def link(app: Flask, mail: Mail):
    """Somebody and the path that ends two kinds of their letters."""
    actor = mail.person()
    with unit_of_work(mail.engine) as uow, app.app_context():
        url = unsubscribe_url(uow.session.get_one(Person, actor.person_id), ["test.daily", "test.weekly"])
    return actor, url.removeprefix("http://127.0.0.1:8000")


def test_looking_at_the_link_changes_nothing(client, mail: Mail, link):
    actor, path = link
    page = parse(client.get(path).text)
    assert len(page.all("main")[0].all("li")) == 2
    assert chosen(mail, actor) == {}


def test_one_click_of_a_mail_program_ends_the_letters_without_a_sign_in_or_a_token(app: Flask, mail: Mail, link):
    actor, path = link
    app.config["WTF_CSRF_ENABLED"] = True
    answer = app.test_client().post(path, data={"List-Unsubscribe": "One-Click"})
    app.config["WTF_CSRF_ENABLED"] = False
    assert answer.status_code == 200
    assert chosen(mail, actor) == {"test.daily": Frequency.OFF, "test.weekly": Frequency.OFF}


def test_a_mistake_is_taken_back_even_after_a_double_click(client, mail: Mail, link):
    actor, path = link
    with unit_of_work(mail.engine) as uow:
        service.prefer(uow, actor.person_id, {"test.daily": Frequency.WEEKLY})
    page = parse(client.post(path).text)
    fields = {field.get("name"): field.get("value") for field in page.all("main")[0].all("input")}
    client.post(path)
    fields["test.immediate"] = "off"  # not in this link
    assert client.post(f"{path}/undo", data=fields).status_code == 303
    assert chosen(mail, actor) == {"test.daily": Frequency.WEEKLY, "test.weekly": Frequency.WEEKLY}


def test_a_second_click_offers_the_usual_as_the_way_back(client, mail: Mail, link):
    actor, path = link
    client.post(path)
    page = parse(client.post(path).text)
    fields = {field.get("name"): field.get("value") for field in page.all("main")[0].all("input")}
    client.post(f"{path}/undo", data=fields)
    assert chosen(mail, actor) == {"test.daily": Frequency.DAILY, "test.weekly": Frequency.WEEKLY}


def test_a_changed_link_is_nobodys(client, mail: Mail, link):
    actor, path = link
    # Not the last letter: some of its bits mean nothing.
    other = "A" if path[-5] != "A" else "B"
    for forged in (path[:-5] + other + path[-4:], path.replace(".", "x"), "/unsubscribe/a"):
        assert client.get(forged).status_code == 404
        assert client.post(forged).status_code == 404
        assert client.post(f"{forged}/undo", data={"test.daily": "off"}).status_code == 404
    assert chosen(mail, actor) == {}


def test_the_link_of_a_letter_ends_exactly_its_letters(client, mail: Mail):
    actor = mail.person()
    mail.tell(actor, at=now() - timedelta(minutes=5))
    mail.write(now())
    (letter,) = mail.letters()
    path = letter.unsubscribe.removeprefix("http://127.0.0.1:8000")
    client.post(path)
    assert chosen(mail, actor) == {"test.immediate": Frequency.OFF}
    with Session(mail.engine) as session:
        assert session.get(Preference, (actor.person_id, "test.daily")) is None


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("path", ["/news", "/news/settings", "UNSUBSCRIBE", "/alerts"])
def test_the_pages_are_sound_in_both_languages(reader, mail: Mail, link, path: str, lang: str):
    client, actor = reader
    mail.tell(actor)
    page = parse(client.get(link[1] if path == "UNSUBSCRIBE" else path, headers={"Accept-Language": lang}).text)
    assert page.all("html")[0].get("lang") == lang
    assert len(page.all("h1")) == 1
    labelled = {label.get("for") for label in page.all("label")}
    fields = [e for e in page.walk() if e.tag in {"input", "select"} and e.get("type") != "hidden"]
    assert [e for e in fields if e.get("id") not in labelled] == []
