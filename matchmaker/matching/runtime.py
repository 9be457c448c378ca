"""The process's matcher: encoder, index and the worker that gives new listings their vectors."""

import ctypes
import logging
import threading
from collections.abc import Callable, Sequence

from flask import Flask, current_app
from sqlalchemy import Engine

from embeddings import store
from embeddings.encoders.base import Encoder, EncoderUnavailable, Progress, Vectors
from embeddings.encoders.bundled import ensure_built, is_built
from embeddings.encoders.registry import BUNDLED, open_encoder
from matchmaker.config import Settings
from matchmaker.core.errors import Misconfigured, Unavailable
from matchmaker.core.traces import places
from matchmaker.db import leases
from matchmaker.db.engine import reading_session
from matchmaker.db.uow import unit_of_work
from matchmaker.matching import queries, service
from matchmaker.matching.index import ListingIndex
from matchmaker.matching.models import IndexSnapshot

log = logging.getLogger(__name__)

LEASE, LEASE_SECONDS = "embedding", 60.0
# Few at a time: whoever posts a listing meanwhile waits for one such batch at most.
BATCH = 8
# While a long backlog is embedded, followers get their turn every so many batches.
FOLLOW_EVERY = 8
# How often the worker looks at the change log when nobody wakes it.
POLL_SECONDS = 1.0
# A new snapshot is due when this many listings, or this share of all, came after the last one.
SNAPSHOT_AFTER, SNAPSHOT_SHARE, SETTLED_SHARE = 200, 0.05, 0.02

# Searches whose vectors are kept, so that turning a page encodes nothing.
REMEMBERED = 256

Follower = Callable[[], int]


class Matcher:
    """One for each process; every method may be called from any thread."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self.settings, self.engine = settings, engine
        # Called while there is something new in the change log; each answers how much it did, 0 when all is done.
        self.followers: list[Follower] = []
        self._done_at = -1
        self._encoder: Encoder | None = None
        self._index: ListingIndex | None = None
        self._asked: dict[str, Vectors] = {}
        self._opening = threading.Lock()
        self._wake, self._stop = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self._holder = leases.this_process()

    @property
    def is_open(self) -> bool:
        """Whether the encoder is loaded, so that asking it does not wait."""
        return self._encoder is not None

    @property
    def is_prepared(self) -> bool:
        """Whether the encoder can be opened without building anything."""
        recipe = BUNDLED.get(self.settings.encoder)
        return recipe is None or is_built(self.settings.models, recipe.variant)

    @property
    def is_bundled(self) -> bool:
        """Whether the encoder comes with the platform, so that its name cannot be wrong."""
        return self.settings.encoder in BUNDLED

    def prepare(self, progress: Progress) -> None:
        """Build what the encoder needs, without loading more than that."""
        if recipe := BUNDLED.get(self.settings.encoder):
            with self._opening:
                ensure_built(self.settings.models, recipe.variant, progress=progress)

    def open(self, progress: Progress | None = None) -> Encoder:
        """The encoder, built and loaded when first asked for; raises Misconfigured when that cannot be."""
        with self._opening:
            if self._encoder is None:
                try:
                    self._encoder = open_encoder(
                        self.settings.encoder,
                        folder=self.settings.models,
                        threads=self.settings.encoder_threads,
                        progress=progress,
                    )
                except (EncoderUnavailable, ValueError) as error:
                    raise Misconfigured(f"the encoder cannot be opened: {error}") from error
            return self._encoder

    @property
    def index(self) -> ListingIndex:
        """The process's index, for the encoder that it belongs to."""
        encoder = self._encoder
        if encoder is None:
            if self._thread is not None:
                raise Unavailable("the encoder is still loading")
            encoder = self.open()
        with self._opening:
            if self._index is None:
                self._index = ListingIndex(self.settings.index, encoder)
            return self._index

    def encoded(self, text: str) -> Vectors:
        """The raw vector of what somebody searches for, shape (1, dim); the same words are encoded once."""
        encoder = self._encoder or (None if self._thread else self.open())
        if encoder is None:
            raise Unavailable("the encoder is still loading")
        known = self._asked.get(text)
        if known is None:
            known = encoder.encode_passages([text])
            while len(self._asked) >= REMEMBERED:
                # The oldest goes; two threads may both want to take it away.
                self._asked.pop(next(iter(self._asked), text), None)
            self._asked[text] = known
        return known

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
        """Embed these listings now, in the caller's thread; answers how many are up to date."""
        return service.embed(self.engine, self.open(), listing_ids)

    def follow(self) -> None:
        """Let everybody who follows the change log deal with what is new in it."""
        for follower in self.followers:
            try:
                while follower():
                    if self._stop.is_set():
                        return
            except Exception as error:
                # It stands where it stood, and tries again in the next round.
                log.error("a follower of the change log failed: %r\n%s", follower, places(error))

    def round(self) -> int:
        """Embed one batch of what waits, unless another process is at it; answers how many listings were done."""
        if not self._waiting() or not self._have_lease():
            return 0
        # Looked at again: whoever had the lease before may have done these.
        waiting = self._waiting()
        try:
            return self.embed(waiting)
        except Exception as error:
            log.error("a batch could not be embedded; its listings are tried one by one\n%s", places(error))
            return sum(self._embed_alone(listing_id) for listing_id in waiting)

    def _waiting(self) -> list[int]:
        with reading_session(self.engine) as session:
            last, _ = queries.position(session)
            if last == self._done_at:
                return []
            found = queries.pending(session, self.open().name, BATCH)
        # Until the log moves nothing can wait, and the question costs more the more listings there are.
        self._done_at = -1 if found else last
        return found

    def _embed_alone(self, listing_id: int) -> int:
        try:
            return self.embed([listing_id])
        except Exception as error:
            # One text that the encoder cannot take must not hold up all others.
            log.error("listing %s cannot be embedded\n%s", listing_id, places(error))
            with unit_of_work(self.engine) as uow:
                service.give_up(uow, listing_id, self.open().name, type(error).__name__)
            return 1

    def snapshot_if_due(self) -> bool:
        """Write a new snapshot when the layer of newer listings has grown large."""
        with reading_session(self.engine) as session:
            view = self.index.catch_up(session)
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
            manifest, folder, count = self.index.write_snapshot(session)
        with unit_of_work(self.engine) as uow:
            uow.session.add(
                IndexSnapshot(
                    encoder=manifest.encoder, watermark=manifest.watermark, count=count, checksum=manifest.checksum
                )
            )
        store.sweep(self.settings.index, keep=folder.name)

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
