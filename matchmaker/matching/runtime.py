"""The process's matcher: what it answers from, and the worker that gives new listings their vectors.

After a change of the encoder the worker makes the wanted one's vectors beside those that serve, and when all are there
it lets the wanted one serve and removes the others, a few at a time.
"""

import ctypes
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from flask import Flask, current_app
from sqlalchemy import Engine
from sqlmodel import Session

from embeddings import store
from embeddings.encoders.base import Encoder
from embeddings.encoders.ensemble import Former
from matchmaker.config import Settings
from matchmaker.core.errors import Misconfigured, Unavailable
from matchmaker.core.traces import places
from matchmaker.db import leases
from matchmaker.db.engine import reading_session
from matchmaker.db.uow import UnitOfWork, unit_of_work
from matchmaker.matching import queries, service
from matchmaker.matching.answering import Answering
from matchmaker.matching.index import ListingIndex
from matchmaker.matching.models import IndexSnapshot

log = logging.getLogger(__name__)

LEASE, LEASE_SECONDS = "embedding", 60.0
# Few at a time: whoever posts a listing meanwhile waits for one such batch at most.
BATCH, BACKLOG = 8, 256
# While a long backlog is embedded, followers get their turn every so many batches.
FOLLOW_EVERY = 8
# How often the worker looks at the change log when nobody wakes it.
POLL_SECONDS = 1.0
# A new snapshot is due when this many listings, or this share of all, came after the last one.
SNAPSHOT_AFTER, SNAPSHOT_SHARE, SETTLED_SHARE = 200, 0.05, 0.02
# Listings whose superseded vectors are removed at a time: whoever posts meanwhile waits for one such batch at most.
SWEEP = 50
Follower = Callable[[], int]


class Matcher(Answering):
    """One for each process; every method may be called from any thread."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        super().__init__(settings, engine)
        # Called while there is something new in the change log; each answers how much it did, 0 when all is done.
        self.followers: list[Follower] = []
        self._done_at = -1
        # The encoder for which nothing waited, and where the change log ended then: it is not asked for again.
        self._served = ("", -1)
        self._has_said = False
        # What waits for the wanted encoder while another one serves, or the beginning of it.
        self._backlog: list[int] = []
        self._wake, self._stop = threading.Event(), threading.Event()
        self._holder = leases.this_process()

    @property
    def is_well(self) -> bool:
        """Whether the background work, once started, is going on."""
        return self._thread is None or self._thread.is_alive()

    def start(self) -> None:
        """Load the encoder and keep listings embedded, in the background."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="matcher", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """End the background work after its present batch."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout=30)

    def wake(self) -> None:
        """Tell the worker that there is something new."""
        self._wake.set()

    def embed(self, listing_ids: Sequence[int]) -> int:
        """Embed these listings now, in the caller's thread, for what serves; answers how many are up to date."""
        with reading_session(self.engine) as session:
            encoder = self._serving(session)
        return service.embed(self.engine, self.encoder(encoder.name), listing_ids)

    def follow(self) -> None:
        """Let everybody who follows the change log deal with what is new in it."""
        for follower in self.followers:
            try:
                while follower():
                    if self._stop.is_set():
                        return
            except Unavailable:
                # What it asks cannot be answered yet; it stands where it stood.
                log.info("a follower of the change log waits for the encoder: %r", follower)
            except Exception as error:
                # It stands where it stood, and tries again in the next round.
                log.error("a follower of the change log failed: %r\n%s", follower, places(error))

    def round(self) -> int:
        """Do one batch of what waits, unless another process is at it; answers of how many listings."""
        self._say()
        if self._task() is None or not self._have_lease():
            return 0
        # Looked at again: whoever had the lease before may have done it.
        task = self._task()
        return task() if task else 0

    def _say(self) -> None:
        """Say once what this process is set to; of processes with different settings the last one to come decides."""
        if self._has_said:
            return
        own = self.open().name
        with reading_session(self.engine) as session:
            row = queries.serving(session)
        if row is not None and row.wanted != own:
            with unit_of_work(self.engine) as uow:
                service.want(uow, own)
        self._has_said = True

    def _task(self) -> Callable[[], int] | None:
        """The next thing to do: whoever posts waits for what serves; then what is to follow, and then what is over."""
        with reading_session(self.engine) as session:
            last, _ = queries.position(session)
            if last == self._done_at:
                return None
            task = next(self._tasks(session, last), None)
        # Until the log moves nothing can wait, and the question costs more the more listings there are.
        self._done_at = -1 if task else last
        return task

    def _tasks(self, session: Session, last: int) -> Iterator[Callable[[], int]]:
        own, encoder, row = self.open(), self._serving(session), queries.serving(session)
        if isinstance(encoder, Former):
            self._open_former(encoder)
        if self._served != (encoder.name, last):
            if waiting := queries.pending(session, encoder.name, BATCH):
                yield partial(self._keep if encoder.name in self._lost else self._embed, encoder, waiting)
            self._served = (encoder.name, last)
        if row is None or row.wanted != own.name:
            return  # A process that came later is set to another encoder; it goes on from here.
        if encoder is not own:
            # Looked for less often: the question takes as long as a batch, and nobody waits for the answer.
            self._backlog = self._backlog or queries.pending(session, own.name, BACKLOG)
            if self._backlog:
                yield self._embed_backlog
        if row.encoder != own.name:
            yield self._switch
        if queries.superseded(session, 1):
            yield self._sweep

    def _embed_backlog(self) -> int:
        waiting, self._backlog = self._backlog[:BATCH], self._backlog[BATCH:]
        self._embed(self.open(), waiting)
        # Those that changed meanwhile are found again when the backlog seems to be done.
        return len(waiting)

    def _embed(self, encoder: Encoder, waiting: Sequence[int]) -> int:
        try:
            return service.embed(self.engine, encoder, waiting)
        except Exception as error:
            log.error("a batch could not be embedded; its listings are tried one by one\n%s", places(error))
            return sum(self._embed_alone(encoder, listing_id) for listing_id in waiting)

    def _embed_alone(self, encoder: Encoder, listing_id: int) -> int:
        try:
            return service.embed(self.engine, encoder, [listing_id])
        except Exception as error:
            # One text that the encoder cannot take must not hold up all others.
            log.error("listing %s cannot be embedded\n%s", listing_id, places(error))
            with unit_of_work(self.engine) as uow:
                service.give_up(uow, listing_id, encoder.name, type(error).__name__)
            return 1

    def _keep(self, encoder: Encoder, waiting: Sequence[int]) -> int:
        with unit_of_work(self.engine) as uow:
            return service.keep(uow, encoder.name, waiting)

    def _switch(self) -> int:
        """Let the wanted encoder serve, whose vectors are complete; its snapshot is there before anybody asks."""
        own = self.open()
        with reading_session(self.engine) as session:
            written = ListingIndex(self.settings.index, own).write_snapshot(session)
        with unit_of_work(self.engine) as uow:
            if not service.serve(uow, own.name):
                return 0
            self._note_snapshot(uow, written)
        store.sweep(self.settings.index, keep=written[1].name)
        log.info("%s serves from now on", own.name)
        return 1

    def _sweep(self) -> int:
        with unit_of_work(self.engine) as uow:
            return service.sweep(uow, SWEEP)

    def snapshot_if_due(self) -> bool:
        """Write a new snapshot when the layer of newer listings has grown large."""
        with reading_session(self.engine) as session:
            view = self.view(session)
            grown = len(view.newer) > max(SNAPSHOT_AFTER, SNAPSHOT_SHARE * len(view.facts))
            # When nothing waits any more, what was fitted to a part of the market is fitted to all of it.
            settled = self._done_at >= 0 and len(view.newer) > SETTLED_SHARE * len(view.facts)
            due = grown or settled or (not view.is_saved and self._done_at >= 0)
        if not due or not self._have_lease():
            return False
        self.snapshot()
        return True

    def snapshot(self) -> None:
        """Write a snapshot of everything now."""
        with reading_session(self.engine) as session:
            written = self._index_of(session).write_snapshot(session)
        with unit_of_work(self.engine) as uow:
            self._note_snapshot(uow, written)
        store.sweep(self.settings.index, keep=written[1].name)

    @staticmethod
    def _note_snapshot(uow: UnitOfWork, written: tuple[store.Manifest, Path, int]) -> None:
        manifest, _, count = written
        uow.session.add(
            IndexSnapshot(
                encoder=manifest.encoder, watermark=manifest.watermark, count=count, checksum=manifest.checksum
            )
        )

    def rest(self) -> None:
        """Let other processes embed at once, instead of when the lease runs out."""
        with unit_of_work(self.engine) as uow:
            leases.release(uow, LEASE, self._holder)

    def _have_lease(self) -> bool:
        with unit_of_work(self.engine) as uow:
            return leases.acquire(uow, LEASE, self._holder, seconds=LEASE_SECONDS, is_gone=leases.is_gone)

    def _work(self) -> None:
        rounds, worked, busy = 0, False, False
        while not self._stop.is_set():
            try:
                worked, busy = busy, self.round() > 0
                self.snapshot_if_due()
                rounds += 1
                if not busy or rounds % FOLLOW_EVERY == 0:
                    self.follow()
            except Misconfigured as error:
                log.error("%s", error)
                return
            except Exception as error:
                # The worker outlives whatever went wrong with one batch; the next round tries again.
                log.error("the matcher's worker failed; it goes on\n%s", places(error))
                busy = False
            if not busy:
                if worked:
                    give_back_memory()
                self._wake.wait(POLL_SECONDS)
                self._wake.clear()
        self.rest()


def give_back_memory() -> None:
    """Return what a batch left unused to the system; the C library keeps it for a batch that may not come."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:  # only glibc has it
        trim(0)


def matcher() -> Matcher:
    """The process's matcher."""
    found: Matcher = current_app.extensions["matchmaker.matcher"]
    return found


def init_app(app: Flask) -> None:
    app.extensions["matchmaker.matcher"] = Matcher(
        app.extensions["matchmaker.settings"], app.extensions["matchmaker.engine"]
    )
