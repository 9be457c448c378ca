"""Letters leave the outbox once, whatever a mail server says; news become letters when their reader wishes."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, select
from sqlmodel import Session

from matchmaker.core.clock import now
from matchmaker.db.jobs import WAITS
from matchmaker.db.leases import Lease
from matchmaker.db.uow import unit_of_work
from matchmaker.notifications import outbox, service
from matchmaker.notifications.channels import NullChannel, SmtpChannel, Unreachable
from matchmaker.notifications.kinds import RESOLVERS
from matchmaker.notifications.models import Frequency, Letter, Notification
from matchmaker.notifications.tasks import LEASE, Postman, write_immediate_letters
from tests.fakes.mail_server import mail_server

SENDER = "Portal <portal@example.org>"
EVERYBODY = ("a@b.example", "b@b.example", "c@b.example")


@pytest.fixture
def write(engine: Engine):
    def write(address: str = "a@b.example", **values: object) -> int:
        with unit_of_work(engine) as uow:
            contents = {"lang": "en", "kind": "news", "subject": "s", "text": "t\n", "html": "h\n"}
            row = Letter(**{"address": address, **contents, **values})
            uow.session.add(row)
            uow.session.flush()
            return row.id or 0

    return write


def letter(engine: Engine, letter_id: int) -> Letter:
    with Session(engine) as session:
        return session.get_one(Letter, letter_id)


def test_every_letter_is_sent_once_however_often_the_postman_comes(engine: Engine, write):
    ids = [write(address) for address in EVERYBODY]
    with mail_server() as server:
        postman = Postman(SmtpChannel(server.url, SENDER))
        assert (postman(engine), postman(engine), postman(engine)) == (3, 0, 0)
    assert [taken.receivers for taken in server.letters] == [[address] for address in EVERYBODY]
    assert all(letter(engine, id_).sent_at and letter(engine, id_).attempts == 1 for id_ in ids)
    with Session(engine) as session:
        assert session.get(Lease, LEASE) is None  # another machine need not wait until it runs out


def test_a_refused_address_is_given_up_at_once_and_holds_up_nobody(engine: Engine, write):
    bad, good = write("gone@b.example"), write()
    with mail_server() as server:
        server.refuse["gone@b.example"] = "550 no such mailbox"
        Postman(SmtpChannel(server.url, SENDER))(engine)
    assert letter(engine, bad).failed_at is not None
    assert letter(engine, bad).problem == "receiver refused (550)"
    assert letter(engine, good).sent_at is not None


def test_a_delayed_letter_waits_as_the_table_says_and_is_sent_then(engine: Engine, write):
    waiting = write("busy@b.example")
    with mail_server() as server:
        server.refuse["busy@b.example"] = "451 try again"
        postman = Postman(SmtpChannel(server.url, SENDER))
        for attempt, wait in enumerate(WAITS[:3], start=1):
            before = now()
            assert postman(engine) == 1
            row = letter(engine, waiting)
            assert row.attempts == attempt
            assert row.failed_at is None
            assert before + wait <= row.due_at <= now() + wait
            assert postman(engine) == 0
            due_now(engine)
        server.refuse.clear()
        assert postman(engine) == 1
    assert letter(engine, waiting).sent_at is not None
    assert len(server.letters) == 1


def due_now(engine: Engine, **values: object) -> None:
    with unit_of_work(engine) as uow:
        for row in uow.session.execute(select(Letter)).scalars():
            row.due_at = now() - timedelta(seconds=1)
            for name, value in values.items():
                setattr(row, name, value)


def test_a_letter_that_is_delayed_for_more_than_three_days_is_given_up(engine: Engine, write):
    waiting = write("busy@b.example")
    due_now(engine, attempts=6, created_at=now() - timedelta(days=3))
    with mail_server() as server:
        server.refuse["busy@b.example"] = "451 try again"
        Postman(SmtpChannel(server.url, SENDER))(engine)
    assert letter(engine, waiting).failed_at is not None


def test_a_mail_server_that_is_down_for_a_day_loses_nothing_and_costs_no_attempt(engine: Engine, write):
    with mail_server() as server:
        url = server.url
    ids = [write(address) for address in EVERYBODY]
    due_now(engine, created_at=now() - timedelta(days=1))
    for _ in range(50):
        Postman(SmtpChannel(url, SENDER))(engine)
    assert [(letter(engine, id_).attempts, letter(engine, id_).failed_at) for id_ in ids] == [(0, None)] * 3
    with mail_server() as server:
        Postman(SmtpChannel(server.url, SENDER))(engine)
    assert [taken.receivers[0] for taken in server.letters] == list(EVERYBODY)


def test_what_waited_for_a_closed_way_for_too_long_is_given_up(engine: Engine, write):
    with mail_server() as server:
        url = server.url
    old, young = write(), write("young@b.example")
    with unit_of_work(engine) as uow:
        uow.session.get_one(Letter, old).created_at = now() - outbox.GIVEN_UP_AFTER - timedelta(minutes=1)
    Postman(SmtpChannel(url, SENDER))(engine)
    assert letter(engine, old).failed_at is not None
    assert letter(engine, young).failed_at is None


def test_a_closed_way_is_left_alone_for_a_while(engine: Engine, write):
    class Closed(NullChannel):
        opened = 0

        def open(self) -> None:
            self.opened += 1
            raise Unreachable("closed")

    write()
    channel = Closed()
    postman = Postman(channel)
    assert [postman(engine) for _ in range(5)] == [0] * 5
    assert channel.opened == 1


def test_a_line_that_is_cut_in_the_middle_sends_the_letter_again_under_the_same_id(engine: Engine, write):
    ids = [write(address) for address in EVERYBODY]
    with mail_server() as server:
        server.answer = ""
        Postman(SmtpChannel(server.url, SENDER))(engine)
        assert letter(engine, ids[0]).attempts == 0
        server.answer = "250 taken"
        Postman(SmtpChannel(server.url, SENDER))(engine)
    assert [taken.message["Message-ID"] for taken in server.letters] == [
        f"<{letter(engine, id_).public_id}@example.org>" for id_ in ids
    ]


def test_a_letter_that_makes_no_message_is_noted_and_holds_up_nobody(engine: Engine, write, caplog):
    broken, good = write("two\nlines@b.example"), write()
    with mail_server() as server:
        Postman(SmtpChannel(server.url, SENDER))(engine)
    assert letter(engine, broken).problem == "ValueError"
    assert letter(engine, good).sent_at is not None


def test_another_process_that_is_at_it_is_not_disturbed(engine: Engine, write):
    write()
    with unit_of_work(engine) as uow:
        uow.session.add(Lease(name=LEASE, holder="elsewhere:1", until=now() + timedelta(minutes=1)))
    assert Postman(NullChannel())(engine) == 0


def test_the_attempt_is_noted_before_the_letter_is_handed_over(engine: Engine, write):
    written = write()

    class Curious(NullChannel):
        seen: int | None = None

        def send(self, handed: Letter) -> None:
            self.seen = letter(engine, written).attempts

    channel = Curious()
    Postman(channel)(engine)
    assert channel.seen == 1


def test_a_letter_that_kills_its_worker_again_and_again_is_given_up(engine: Engine, write):
    killer = write()
    due_now(engine, attempts=outbox.MOST_ATTEMPTS)
    Postman(NullChannel())(engine)
    assert letter(engine, killer).failed_at is not None
    assert letter(engine, killer).sent_at is None


# --- news become letters ---------------------------------------------------------------------------------------

NEVER, NOW = timedelta(days=-1), datetime(2026, 3, 4, 10, 0, tzinfo=UTC)  # a Wednesday
# After so long each frequency has written its letter, for news that came at NOW, in UTC.
WRITTEN_AFTER = {
    Frequency.IMMEDIATE: timedelta(minutes=1),
    Frequency.DAILY: timedelta(hours=22),
    Frequency.WEEKLY: timedelta(days=4, hours=22),
    Frequency.OFF: None,
}


@pytest.mark.parametrize("preferred", [None, *Frequency])
@pytest.mark.parametrize("default", list(Frequency))
def test_letters_come_as_often_as_the_reader_wishes_and_otherwise_as_the_kind_does(
    mail, default: Frequency, preferred: Frequency | None
):
    actor = mail.person()
    mail.change(actor, timezone="UTC")
    if preferred:
        with unit_of_work(mail.engine) as uow:
            service.prefer(uow, actor.person_id, {f"test.{default}": preferred})
    mail.tell(actor, f"test.{default}", NOW)
    after = WRITTEN_AFTER[preferred or default]
    if after is None:
        mail.write(NOW + timedelta(days=30))
        assert mail.letters() == []
        return
    mail.write(NOW + after - timedelta(seconds=1))
    assert mail.letters() == []
    mail.write(NOW + after)
    mail.write(NOW + timedelta(days=30))
    assert len(mail.letters()) == 1


@pytest.mark.parametrize("change_to", list(Frequency))
def test_what_waits_follows_a_change_of_mind(mail, change_to: Frequency):
    actor = mail.person()
    mail.change(actor, timezone="UTC")
    mail.tell(actor, "test.weekly", NOW)
    with unit_of_work(mail.engine) as uow:
        service.prefer(uow, actor.person_id, {"test.weekly": change_to})
    mail.write(NOW + timedelta(hours=22))
    assert len(mail.letters()) == (change_to in {Frequency.IMMEDIATE, Frequency.DAILY})


def test_whoever_wants_letters_again_gets_no_old_ones(mail):
    actor = mail.person()
    mail.tell(actor, "test.off", NOW)
    with unit_of_work(mail.engine) as uow:
        service.prefer(uow, actor.person_id, {"test.off": Frequency.DAILY})
    mail.write(NOW + timedelta(days=9))
    assert mail.letters() == []


def test_several_of_a_kind_within_a_minute_are_one_letter_and_later_ones_another(mail):
    actor = mail.person()
    for seconds in (0, 20, 55):
        mail.tell(actor, at=NOW + timedelta(seconds=seconds))
    mail.write(NOW + timedelta(seconds=60))
    mail.tell(actor, at=NOW + timedelta(seconds=90))
    mail.write(NOW + timedelta(seconds=149))
    assert len(mail.letters()) == 1
    assert mail.letters()[0].html.count("/news/") == 3 + 1  # and the page of settings
    mail.write(NOW + timedelta(seconds=150))
    assert len(mail.letters()) == 2


def test_a_digest_has_all_that_waits_grouped_by_kind_once(mail):
    actor = mail.person()
    mail.change(actor, timezone="UTC")
    for hours in (0, 1, 2):
        mail.tell(actor, "test.daily", NOW + timedelta(hours=hours))
    mail.tell(actor, "test.weekly", NOW)
    monday = datetime(2026, 3, 9, 8, 0, tzinfo=UTC)
    mail.write(NOW + timedelta(hours=22))
    assert [row.html.count("<li>") for row in mail.letters()] == [3]
    mail.tell(actor, "test.daily", monday - timedelta(hours=1))
    mail.write(monday)
    assert [row.html.count("<li>") for row in mail.letters()] == [3, 2]
    assert mail.letters()[1].html.count("<h2>") == 2
    mail.write(monday + timedelta(days=30))
    assert len(mail.letters()) == 2


@pytest.mark.parametrize(
    ("zone", "after", "morning"),
    [
        ("Asia/Shanghai", "2026-03-04T10:00+00:00", "2026-03-05T00:00+00:00"),
        ("Europe/Belgrade", "2026-03-04T06:59+00:00", "2026-03-04T07:00+00:00"),
        # The night in which the clocks go forward, and the one in which they go back.
        ("Europe/Rome", "2026-03-28T10:00+00:00", "2026-03-29T06:00+00:00"),
        ("Europe/Rome", "2026-10-24T10:00+00:00", "2026-10-25T07:00+00:00"),
        ("America/New_York", "2026-11-01T10:00+00:00", "2026-11-01T13:00+00:00"),
        ("Asia/Kathmandu", "2026-03-04T02:16+00:00", "2026-03-05T02:15+00:00"),
        ("Pacific/Kiritimati", "2026-03-04T17:59+00:00", "2026-03-04T18:00+00:00"),
        ("", "2026-03-04T10:00+00:00", "2026-03-05T00:00+00:00"),  # the organisation is Chinese
        ("Mars/Olympus", "2026-03-04T10:00+00:00", "2026-03-05T00:00+00:00"),
    ],
)
def test_a_daily_digest_comes_at_eight_where_its_reader_lives(mail, zone: str, after: str, morning: str):
    actor = mail.person(country="CN")
    mail.change(actor, timezone=zone)
    mail.tell(actor, "test.daily", datetime.fromisoformat(after))
    mail.write(datetime.fromisoformat(morning) - timedelta(seconds=1))
    assert mail.letters() == []
    mail.write(datetime.fromisoformat(morning))
    assert len(mail.letters()) == 1


def test_a_weekly_digest_comes_on_the_readers_monday(mail):
    actor = mail.person()
    mail.change(actor, timezone="Pacific/Auckland")
    mail.tell(actor, "test.weekly", datetime(2026, 3, 7, tzinfo=UTC))
    monday = datetime(2026, 3, 8, 19, 0, tzinfo=UTC)  # Sunday evening in UTC, eight on Monday in Auckland
    mail.write(monday - timedelta(seconds=1))
    assert mail.letters() == []
    mail.write(monday)
    assert len(mail.letters()) == 1


@pytest.mark.parametrize("values", [{"closed_at": NOW}, {"email_confirmed_at": None}])
def test_closed_accounts_and_unconfirmed_addresses_get_no_news(mail, values):
    actor = mail.person()
    mail.change(actor, **values)
    for kind in ("test.immediate", "test.daily", "test.weekly"):
        mail.tell(actor, kind, NOW)
    mail.write(NOW + timedelta(days=9))
    mail.change(actor, closed_at=None, email_confirmed_at=NOW)
    mail.write(NOW + timedelta(days=20))
    assert mail.letters() == []


def test_what_was_read_in_the_portal_needs_no_letter(mail):
    actor = mail.person()
    read, _ = mail.tell(actor, "test.daily", NOW), mail.tell(actor, "test.daily", NOW)
    with unit_of_work(mail.engine) as uow:
        service.mark_read(uow, read.public_id, actor=actor)
    mail.write(NOW + timedelta(days=2))
    assert [row.html.count("<li>") for row in mail.letters()] == [1]


def test_a_letter_and_the_note_that_the_news_are_in_it_are_one_transaction(mail, monkeypatch, caplog):
    row = mail.tell(mail.person(), at=NOW)
    with monkeypatch.context() as patched:
        patched.setattr("matchmaker.notifications.letters.render_template", lambda *_args, **_kw: 1 / 0)
        with mail.app.app_context():
            assert write_immediate_letters(mail.engine, NOW + timedelta(minutes=5)) == 0
    with Session(mail.engine) as session:
        assert session.get_one(Notification, row.id).mailed_at is None
    assert mail.letters() == []
    mail.write(NOW + timedelta(minutes=5))
    assert len(mail.letters()) == 1


def test_one_reader_whose_letter_cannot_be_written_holds_up_no_other(mail, caplog):
    poor, lucky = mail.person(), mail.person()
    row = mail.tell(poor, at=NOW)
    mail.tell(lucky, at=NOW)
    with unit_of_work(mail.engine) as uow:
        uow.session.get_one(Notification, row.id).params = "no JSON"
    mail.write(NOW + timedelta(minutes=5))
    assert [letter.address for letter in mail.letters()] == [lucky.email]
    assert "could not be written" in caplog.text


def test_news_of_a_kind_that_is_no_more_become_no_letter(mail, kinds):
    mail.tell(mail.person(), "test.immediate", NOW)
    mail.tell(mail.person(), "test.daily", NOW)
    kinds.clear()
    mail.write(NOW + timedelta(days=5))
    assert mail.letters() == []


@pytest.mark.parametrize(
    ("lang", "subject", "line"),
    [
        ("en", "Your news: 2", "Your listing “X” has new matches: 1."),
        ("zh", "您有 2 条消息", "您发布的“X”有新匹配：1 条。"),
    ],
)
def test_a_digest_is_in_its_readers_language(mail, lang, subject, line, monkeypatch):
    monkeypatch.setitem(RESOLVERS, "listing", lambda _session, ids, *_: dict.fromkeys(ids, "X"))
    actor = mail.person()
    mail.change(actor, lang=lang, timezone="UTC")
    mail.tell(actor, "test.daily", NOW)
    mail.tell(actor, "test.daily", NOW)
    mail.write(NOW + timedelta(hours=22))
    (found,) = mail.letters()
    assert found.subject == subject
    assert line in found.text
