"""Workers are killed at random, fifty times on each way out: no letter and no news is lost, and none is sent twice.

A mail server that had just taken a letter when its sender died gets it again, under the same Message-ID: there is no
way for a sender to know. No letter ever travels under two Message-IDs, and no piece of news is in two letters.
"""

import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, func, select, update
from sqlmodel import Session, col

from matchmaker.accounts.models import Person
from matchmaker.alerts.news import LISTING, SEARCH
from matchmaker.config import ROOT
from matchmaker.core.clock import now
from matchmaker.core.ids import new_public_id
from matchmaker.db.uow import unit_of_work
from matchmaker.notifications import service
from matchmaker.notifications.models import Frequency, Letter, Notification
from matchmaker.notifications.service import News, tell
from tests.fakes.mail_server import mail_server

KILLS, PEOPLE, LETTERS = 50, 40, 200
PATIENCE_SECONDS = 60.0


@dataclass
class Nursery:
    """Workers that are started and killed by number."""

    process: subprocess.Popen[str]
    kills: int = 0
    waits: random.Random = field(default_factory=lambda: random.Random(8))

    def start(self) -> int:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def kill(self, worker: int) -> None:
        os.kill(worker, signal.SIGKILL)
        self.kills += 1


@contextmanager
def nursery(var: Path, mail: str) -> Iterator[Nursery]:
    environ = {
        **os.environ,
        "MATCHMAKER_VAR": str(var),
        "MATCHMAKER_ENCODER": "hashing",
        "MATCHMAKER_DEMO": "0",
        "MATCHMAKER_MAIL": mail,
        "SECRET_KEY": "only for tests",
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, str(Path(__file__).with_name("worker_nursery.py"))]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    # A group of its own, so that no worker outlives the test, whatever happens to it.
    with subprocess.Popen(command, env=environ, text=True, start_new_session=True, **pipes) as process:  # type: ignore[call-overload]
        try:
            yield Nursery(process)
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def queue(engine: Engine) -> None:
    """Letters that wait in the outbox, and news for digests and letters of their own."""
    with unit_of_work(engine) as uow:
        people = [
            Person(email=f"p{i}@example.org", name=f"P{i}", password_hash="-", email_confirmed_at=now(), timezone="UTC")
            for i in range(PEOPLE)
        ]
        uow.session.add_all(people)
        uow.session.flush()
        for person in people:
            service.prefer(uow, person.id or 0, {LISTING.name: Frequency.IMMEDIATE})
            # The number in each sentence tells the news apart in the letters.
            for kind in (SEARCH.name, SEARCH.name, LISTING.name):
                tell(uow, [person.id], News(kind, "/alerts", {"search": "-", "listing": "-", "count": new_public_id()}))
        uow.session.flush()
        uow.session.execute(update(Notification).values(at=now() - timedelta(days=8)))
    write(engine)


def write(engine: Engine) -> None:
    """Put letters into the outbox."""
    contents = {"lang": "en", "kind": "other", "subject": "s", "html": "<p>h</p>\n"}
    with unit_of_work(engine) as uow:
        uow.session.add_all(
            Letter(address=f"x{i}@example.org", text=f"letter {new_public_id()}\n", **contents) for i in range(LETTERS)
        )


def unfinished(engine: Engine) -> int:
    """How many news and letters still wait."""
    with Session(engine) as session:
        news = session.execute(select(func.count()).where(col(Notification.mailed_at).is_(None))).scalar_one()
        letters = session.execute(select(func.count()).where(col(Letter.sent_at).is_(None))).scalar_one()
    return int(news + letters)


def let_them_die(engine: Engine, nursery: Nursery) -> None:
    """Kill worker after worker, each at a moment of its own, then let one finish what is left."""
    nursery.kill(nursery.start())  # the first waits for the imports
    while nursery.kills < KILLS:
        if not unfinished(engine):
            write(engine)  # a fast machine is through; a worker that does nothing is no worker to kill
        worker = nursery.start()
        time.sleep(nursery.waits.uniform(0.0, 0.2))
        nursery.kill(worker)
    finish(engine, nursery)


def finish(engine: Engine, nursery: Nursery) -> None:
    """Let one worker live until nothing waits."""
    nursery.start()
    end = time.monotonic() + PATIENCE_SECONDS
    while unfinished(engine) and time.monotonic() < end:
        time.sleep(0.1)


def check(engine: Engine, messages: list[EmailMessage]) -> None:
    """Each letter arrived under its one Message-ID, and each piece of news is in exactly one letter."""
    with Session(engine) as session:
        rows = session.execute(select(Letter)).scalars().all()
        params = session.execute(select(Notification.params)).scalars().all()
    ids = [str(message["Message-ID"]).strip("<>").partition("@")[0] for message in messages]
    assert sorted(set(ids)) == sorted(row.public_id for row in rows)
    by_id = {id_: str(message.get_body(("plain",)).get_content()) for id_, message in zip(ids, messages, strict=True)}  # type: ignore[union-attr]
    assert len(set(by_id.values())) == len(by_id)
    kinds = Counter(row.kind for row in rows)
    assert (kinds["news"], kinds["digest"]) == (PEOPLE, PEOPLE)
    told = Counter(count for text in by_id.values() for count in _counts(text))
    assert len(told) == len(params) == 3 * PEOPLE
    assert set(told.values()) == {1}


def _counts(text: str) -> list[str]:
    """The numbers in the sentences of a letter's plain part."""
    return re.findall(r"new (?:answers|matches): (\w{10})", text)


def test_workers_that_write_files(app: Flask, settings, engine: Engine, capsys: pytest.CaptureFixture[str]):
    queue(engine)
    with nursery(settings.var, "file") as workers:
        let_them_die(engine, workers)
    files = sorted((settings.var / "mail").glob("*.eml"))
    messages = [message_from_bytes(path.read_bytes(), policy=default) for path in files]
    check(engine, messages)  # type: ignore[arg-type]
    assert len({message["Message-ID"] for message in messages}) == len(messages)
    with capsys.disabled():
        print(f"\n{workers.kills} kills, {len(messages)} files: none lost, none twice")


def test_workers_that_speak_to_a_mail_server(app: Flask, settings, engine: Engine, capsys: pytest.CaptureFixture[str]):
    queue(engine)
    with mail_server() as server, nursery(settings.var, server.url) as workers:
        let_them_die(engine, workers)
    check(engine, [taken.message for taken in server.letters])
    different = len({taken.message["Message-ID"] for taken in server.letters})
    again = len(server.letters) - different
    # Only a letter that was on its way when its worker died may be sent again.
    assert again <= workers.kills
    with capsys.disabled():
        print(f"\n{workers.kills} kills, {different} letters: none lost, {again} again under their own id")


def test_the_check_would_find_a_letter_that_is_lost_or_sent_under_two_ids(app: Flask, settings, engine: Engine):
    queue(engine)
    with nursery(settings.var, "file") as workers:
        finish(engine, workers)
    files = sorted((settings.var / "mail").glob("*.eml"))
    messages: list[EmailMessage] = [message_from_bytes(path.read_bytes(), policy=default) for path in files]  # type: ignore[misc]
    check(engine, messages)
    with pytest.raises(AssertionError):
        check(engine, messages[1:])
    twice = message_from_bytes(files[0].read_bytes(), policy=default)
    twice.replace_header("Message-ID", "<another@localhost>")
    with pytest.raises(AssertionError):
        check(engine, [*messages, twice])  # type: ignore[list-item]
