"""What the worker does for news and letters."""

import logging
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial

from sqlalchemy import Engine

from matchmaker.accounts.models import Person
from matchmaker.core.clock import now
from matchmaker.db import leases
from matchmaker.db.engine import reading_session
from matchmaker.db.ticks import Tick
from matchmaker.db.uow import UnitOfWork, unit_of_work
from matchmaker.notifications import outbox, queries
from matchmaker.notifications.channels import Channel, Delayed, Refused, Unreachable
from matchmaker.notifications.models import Frequency, Letter
from matchmaker.notifications.news_letters import GRACE, write_digest, write_immediate
from matchmaker.notifications.zones import next_morning, zone_of

log = logging.getLogger(__name__)

# One process at a time sends: in their order, and none twice.
LEASE, LEASE_SECONDS = "mail", 300.0
BATCH = 20
# How long a closed way out is left alone: twice as long after each failure, up to ten minutes.
REST_SECONDS, LONGEST_REST = 15.0, 600.0
DIGESTS = (Frequency.DAILY, Frequency.WEEKLY)


class Postman:
    """Carries letters from the outbox to the channel; see outbox.py for what it promises."""

    def __init__(self, channel: Channel) -> None:
        self.channel, self.holder = channel, leases.this_process()
        self._failures, self._rests_until = 0, 0.0

    def __call__(self, engine: Engine) -> int:
        """Send a batch of what is due; answers how many letters were dealt with."""
        if time.monotonic() < self._rests_until or not self._due(engine) or not self._have_lease(engine):
            return 0
        try:
            self.channel.open()
            # Looked at again: whoever had the lease before may have sent these.
            done = sum(self._send(engine, letter_id) for letter_id in self._due(engine))
        except Unreachable as error:
            self._rest(str(error))
            with unit_of_work(engine) as uow:
                return outbox.give_up_old(uow, str(error), now())
        finally:
            self.channel.close()
            with unit_of_work(engine) as uow:
                leases.release(uow, LEASE, self.holder)
        self._failures = 0
        return done

    def _due(self, engine: Engine) -> list[int]:
        with reading_session(engine) as session:
            return queries.due_letters(session, now(), BATCH)

    def _have_lease(self, engine: Engine) -> bool:
        with unit_of_work(engine) as uow:
            return leases.acquire(uow, LEASE, self.holder, seconds=LEASE_SECONDS, is_gone=leases.is_gone)

    def _send(self, engine: Engine, letter_id: int) -> bool:
        with unit_of_work(engine) as uow:
            mine = leases.acquire(uow, LEASE, self.holder, seconds=LEASE_SECONDS, is_gone=leases.is_gone)
            letter = outbox.begin(uow, letter_id, now()) if mine else None
        if letter is None:
            return False
        end = self._hand_over(engine, letter)
        with unit_of_work(engine) as uow:
            end(uow, letter_id, at=now())
        return True

    def _hand_over(self, engine: Engine, letter: Letter) -> partial[None]:
        """What is to be noted of the letter after it was handed to the channel."""
        try:
            self.channel.send(letter)
        except Refused as error:
            log.warning("letter %s is refused for good: %s", letter.public_id, error)
            return partial(outbox.refuse, problem=str(error))
        except Delayed as error:
            log.info("letter %s has to wait: %s", letter.public_id, error)
            return partial(outbox.delay, problem=str(error))
        except Unreachable as error:
            with unit_of_work(engine) as uow:
                outbox.put_back(uow, letter.id or 0, str(error))
            raise
        except Exception as error:
            # A letter that cannot be put into a message must not hold up all others.
            log.exception("letter %s could not be sent", letter.public_id)
            return partial(outbox.delay, problem=type(error).__name__)
        return partial(outbox.sent)

    def _rest(self, problem: str) -> None:
        wait = min(LONGEST_REST, REST_SECONDS * 2**self._failures)
        self._failures += 1
        self._rests_until = time.monotonic() + wait
        log.warning("no letter can be sent (%s); trying again in %.0f seconds", problem, wait)


def write_immediate_letters(engine: Engine, at: datetime | None = None) -> int:
    """Write a letter for each person and kind whose oldest waiting news is a minute old; answers how many groups."""
    at = at or now()
    with reading_session(engine) as session:
        waiting = queries.waiting(session, Frequency.IMMEDIATE)
    return _write(
        engine,
        (
            partial(write_immediate, person_id=person_id, kind=kind, at=at)
            for person_id, kind, oldest in waiting
            if oldest <= at - GRACE
        ),
    )


def write_digests(engine: Engine, at: datetime | None = None) -> int:
    """Write a digest for each person whose morning has come since their oldest waiting news; answers how many."""
    at = at or now()
    return _write(
        engine,
        (
            partial(write_digest, person_id=person_id, frequencies=sorted(frequencies), at=at)
            for person_id, frequencies in _due_digests(engine, at).items()
        ),
    )


def _write(engine: Engine, letters: Iterable[Callable[[UnitOfWork], None]]) -> int:
    """Write a batch of letters, each in a transaction of its own; one that cannot be written stops no other."""
    done = 0
    for write in letters:
        try:
            with unit_of_work(engine) as uow:
                write(uow)
        except Exception:
            log.exception("a letter with news could not be written; its news wait on")
            continue
        done += 1
        if done == BATCH:
            break
    return done


def _due_digests(engine: Engine, at: datetime) -> dict[int, set[Frequency]]:
    due: dict[int, set[Frequency]] = {}
    zones: dict[int, str] = {}
    with reading_session(engine) as session:
        for frequency in DIGESTS:
            for person_id, _kind, oldest in queries.waiting(session, frequency):
                if person_id not in zones:
                    zones[person_id] = zone_of(session, session.get_one(Person, person_id))
                if next_morning(oldest, zones[person_id], frequency) <= at:
                    due.setdefault(person_id, set()).add(frequency)
    return due


TICKS = (
    Tick("news.immediate", 15, write_immediate_letters),
    Tick("news.digests", 60, write_digests),
)
