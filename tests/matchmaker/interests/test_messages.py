"""The thread: sent once, in order, read so far, in every script, and nobody else's business."""

import threading

import pytest
from sqlmodel import select

from matchmaker.accounts.models import Organisation
from matchmaker.core.errors import Conflict, Invalid
from matchmaker.core.guess import guess_language
from matchmaker.db.engine import reading_session
from matchmaker.db.uow import unit_of_work
from matchmaker.interests import introduction_news as news
from matchmaker.interests import messages
from matchmaker.interests.messages import Words, send
from matchmaker.interests.models import Message, ThreadRead
from matchmaker.notifications.models import Notification
from matchmaker.review.models import Side, State
from matchmaker.review.moves import find
from tests.factories.html import parse


def write(pair, made, who, text="Hello", **words):
    with unit_of_work(pair.engine) as uow:
        return send(uow, made.public_id, Words(text, **words), actor=who.actor)


def texts(session):
    return [row.text for row in session.exec(select(Message).order_by(Message.id)).all()]


def read_by(session, who):
    row = session.exec(select(ThreadRead).where(ThreadRead.person_id == who.actor.person_id)).one_or_none()
    return row.last_message_id if row else 0


def test_a_message_keeps_its_side_its_language_and_its_text(pair):
    made = pair.introduce()
    said = write(pair, made, pair.result, " Guten Tag\r\n\r\n\r\n\r\nwie geht es? ", lang="de")
    assert (said.side, said.lang, said.text) == (Side.RESULT, "de", "Guten Tag\n\nwie geht es?")
    assert write(pair, made, pair.broker).side is None


def test_a_form_that_is_sent_again_is_one_message(pair, session, told):
    made = pair.introduce()
    first = write(pair, made, pair.need, once="a" * 43)
    again = write(pair, made, pair.need, once="a" * 43)
    assert first.public_id == again.public_id
    assert texts(session) == ["Hello"]
    assert told(pair.result.actor) == [news.OPENED, news.MESSAGE]


def test_double_clicks_at_the_same_moment_are_one_message(pair, session):
    made = pair.introduce()
    start = threading.Barrier(4)

    def click() -> None:
        start.wait()
        write(pair, made, pair.need, once="b" * 43)

    threads = [threading.Thread(target=click) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert texts(session) == ["Hello"]


def test_an_old_form_with_new_words_is_another_message_and_nobody_takes_anothers_token(pair, session):
    made = pair.introduce()
    write(pair, made, pair.need, "One", once="c" * 43)
    write(pair, made, pair.need, "Two", once="c" * 43)
    write(pair, made, pair.result, "One", once="c" * 43)
    write(pair, made, pair.need, "One", once="d" * 43)
    assert texts(session) == ["One", "Two", "One", "One"]


@pytest.mark.parametrize(("text", "problem"), [("", "missing"), (" \n\u202e ", "missing"), ("字" * 10_001, "too_long")])
def test_a_text_that_says_nothing_or_too_much_is_refused(text, problem, pair, session):
    made = pair.introduce()
    with pytest.raises(Invalid) as refused:
        write(pair, made, pair.need, text)
    assert refused.value.problems == {"text": problem}
    assert texts(session) == []


def test_ten_thousand_characters_are_taken_and_one_more_is_kept_in_the_form(pair, session):
    made = pair.introduce()
    path = f"/introductions/{made.public_id}"
    assert pair.need.client.post(f"{path}/messages", data={"text": "字" * 10_000, "once": "e"}).status_code == 303
    refused = pair.need.client.post(f"{path}/messages", data={"text": "图" * 10_001, "once": "f"})
    assert refused.status_code == 422
    assert "图" * 10_001 in refused.text
    assert "10001" in refused.text
    assert 'name="once" value="f"' in refused.text
    assert len(texts(session)) == 1


def test_after_the_end_nobody_writes(pair):
    made = pair.introduce()
    with unit_of_work(pair.engine) as uow:
        find(uow, pair.public_id).state = State.CLOSED
    with pytest.raises(Conflict):
        write(pair, made, pair.need)
    assert 'name="once"' not in pair.need.client.get(f"/introductions/{made.public_id}").text


def test_hostile_text_stays_text(pair):
    made = pair.introduce()
    write(pair, made, pair.need, "<script>alert(1)</script> <img src=x onerror=y> https://evil.example/ \"&' {{ 7*7 }}")
    page = pair.result.client.get(f"/introductions/{made.public_id}").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert 'href="https://evil.example' not in page
    assert "{{ 7*7 }}" in page
    parse(page)


def test_texts_of_every_direction_stand_by_themselves(pair):
    made = pair.introduce()
    with unit_of_work(pair.engine) as uow:
        match = find(uow, pair.public_id)
        uow.session.get(Organisation, match.need_org_id).name = "שלום \u05d0 <b>"
    write(pair, made, pair.need, "مرحبا abc \u202egnp.exe 中文", lang="ar")
    page = parse(pair.result.client.get(f"/introductions/{made.public_id}").text)
    (text,) = page.all("div", class_="mm-message-text")
    assert (text.get("dir"), text.get("lang")) == ("auto", "ar")
    assert text.text == "مرحبا abc gnp.exe 中文"  # the override that would turn a name round is gone
    head = next(item for item in page.all("p", class_="mm-message-head"))
    assert {"שלום א <b>", pair.need.actor.name} <= {element.text for element in head.all("bdi")}


def test_opening_the_page_reads_it_and_says_so_to_the_writer(pair, session):
    made = pair.introduce()
    path = f"/introductions/{made.public_id}"
    first = write(pair, made, pair.need, "One")
    second = write(pair, made, pair.need, "Two")
    assert read_by(session, pair.result) == 0
    session.rollback()
    page = pair.result.client.get(path).text
    assert "2 new messages" in page
    assert 'id="new"' in page
    assert read_by(session, pair.result) == second.id
    own = parse(pair.need.client.get(path).text)
    told = {item.get("id"): item.text for item in own.all("li", class_="mm-message")}
    assert f"Read up to here by {pair.result.actor.name}" in told[f"m-{second.public_id}"]
    assert "Read up to here" not in told[f"m-{first.public_id}"]
    assert 'id="new"' not in pair.result.client.get(path).text


def test_reading_never_goes_back(pair, session):
    made = pair.introduce()
    for number in range(3):
        write(pair, made, pair.need, str(number))
    with unit_of_work(pair.engine) as uow:
        messages.mark_read(uow, made, 3, actor=pair.result.actor)
        messages.mark_read(uow, made, 1, actor=pair.result.actor)
    assert read_by(session, pair.result) == 3


def test_many_messages_are_one_letter_until_somebody_has_looked(pair, told, session):
    made = pair.introduce()
    for number in range(3):
        write(pair, made, pair.need, str(number))
    assert told(pair.result.actor) == told(pair.broker.actor) == [news.OPENED, news.MESSAGE]
    assert told(pair.need.actor) == [news.OPENED]
    pair.result.client.get(f"/introductions/{made.public_id}")
    write(pair, made, pair.need, "again")
    assert told(pair.result.actor) == [news.OPENED, news.MESSAGE, news.MESSAGE]
    assert told(pair.broker.actor) == [news.OPENED, news.MESSAGE]


def test_news_of_a_message_hold_no_word_of_it_and_name_its_sender_to_the_introduced_only(pair, session, person):
    made = pair.introduce()
    write(pair, made, pair.need, "a secret recipe")
    rows = session.exec(select(Notification)).all()
    assert "recipe" not in "".join(row.params for row in rows)
    (org,) = pair.need.actor.memberships
    stored = session.get(Organisation, org)
    with reading_session(pair.engine) as reading:
        for who in (pair.result.actor, pair.broker.actor):
            assert news.senders(reading, {stored.public_id}, who, "en").get(stored.public_id) == stored.name
        assert stored.public_id not in news.senders(reading, {stored.public_id}, person(), "en")


def test_a_long_thread_opens_where_the_news_begin_and_keeps_its_order(pair):
    made = pair.introduce()
    path = f"/introductions/{made.public_id}"
    for number in range(60):
        write(pair, made, pair.need, f"number {number:03}")
    page = parse(pair.result.client.get(path).text)
    said = [item.text for item in page.all("div", class_="mm-message-text")]
    assert said == [f"number {number:03}" for number in range(50)]
    rest = parse(pair.result.client.get(path).text)
    assert next(item.text for item in rest.all("div", class_="mm-message-text")) == "number 050"
    for odd in ("0", "99999999999999999999", "-1", "x"):
        assert "number 059" in pair.result.client.get(f"{path}?page={odd}").text
    assert pair.result.client.get(f"{path}?whole=1").text.count("mm-message-text") == 60


def test_the_writer_lands_at_their_message(pair):
    made = pair.introduce()
    for number in range(50):
        write(pair, made, pair.need, str(number))
    answer = pair.need.client.post(f"/introductions/{made.public_id}/messages", data={"text": "last", "once": "z"})
    assert "page=2" in answer.location
    place = answer.location.split("#")[1]
    assert f'id="{place}"' in pair.need.client.get(answer.location).text


def test_an_open_page_asks_what_is_new_and_is_told_without_reading_it(pair, session):
    made = pair.introduce()
    path = f"/introductions/{made.public_id}"
    assert "new message" not in pair.result.client.get(f"{path}/news").text
    write(pair, made, pair.need)
    assert "1 new message" in pair.result.client.get(f"{path}/news").text
    assert read_by(session, pair.result) == 0


@pytest.mark.parametrize(
    ("text", "usual", "lang"),
    [
        ("您好，请问能否远程操作？", ["en"], "zh"),
        ("您好", ["en", "zh"], "zh"),
        ("这台 ABB IRB 6700 机器人可以用吗", ["en"], "zh"),
        ("ドリルの操作はできますか", ["zh"], "ja"),
        ("드릴을 조작할 수 있습니까", ["zh"], "ko"),
        ("Здраво, како сте?", ["en", "sr"], "sr"),
        ("Здравствуйте", ["en"], "ru"),
        ("Dobar dan", ["sr", "en"], "sr"),
        ("Buongiorno", ["zh", "it"], "it"),
        ("Good morning", ["zh"], "en"),
        ("12.5 %", ["zh"], "zh"),
        ("", [], "und"),
        ("שלום", ["en"], "he"),
    ],
)
def test_a_language_is_guessed_from_the_script_and_from_what_is_usual(text, usual, lang):
    assert guess_language(text, usual) == lang


def test_a_message_without_a_chosen_language_is_tagged_by_its_script(pair):
    made = pair.introduce()
    assert write(pair, made, pair.need, "请问价格是多少", page_lang="en").lang == "zh"
    assert write(pair, made, pair.result, "Guten Tag, was kostet es?", page_lang="zh").lang == "de"
    assert write(pair, made, pair.result, "x", lang="xx-invalid", page_lang="en").lang == "de"
