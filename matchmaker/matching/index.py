"""The process's view of all vectors: an immutable snapshot, a small layer of what came later, one cursor into the log.

Before an answer the view catches up with the change log, so that every process finds at once what any of them
published, and stops finding at once what any of them withdrew.

What is sealed is kept apart: snapshots, layers, and what is fitted hold open passages only, so that nothing that a
stranger is answered depends on a sealed text. Documents with sealed passages stand a second time, with all their
passages, in layers of their own; only the view from inside has those, in the place of the open ones.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session

from embeddings import assembly
from embeddings.encoders.base import Encoder
from embeddings.encoders.ensemble import blocks_of
from embeddings.fairness import reference
from embeddings.index.base import Keep
from embeddings.layers import Rows
from embeddings.pool import Pool
from embeddings.store import Manifest, UnfitSnapshot
from matchmaker.listings import queries as listings
from matchmaker.listings.models import Direction
from matchmaker.matching import queries
from matchmaker.matching.models import IndexSnapshot
from matchmaker.matching.queries import Facts

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Columns:
    """Facts of a layer's rows, each of shape (rows,)."""

    owners: NDArray[np.int64]
    alive: Keep
    is_need: Keep
    countries: NDArray[np.str_]
    # Numbers of the circles in which listings may stand together for strangers (listings/families.py).
    circles: NDArray[np.int64]

    def without(self, owners: Iterable[int]) -> "Columns":
        """The same, where nothing of these listings is found any more."""
        gone = np.isin(self.owners, np.array(sorted(owners), dtype=np.int64))
        return replace(self, alive=self.alive & ~gone)


@dataclass(frozen=True)
class Rooms:
    """Layers that can be searched, with the facts of their rows: a first one, and one of what came later."""

    pool: Pool
    columns: tuple[Columns, ...]

    def keep(self, wanted: Callable[[Columns], Keep]) -> list[Keep]:
        """Per layer, the rows that may be found and that the filter wants."""
        return [columns.alive & wanted(columns) for columns in self.columns]

    def moved(self, rows: Rows, changed: Iterable[int], facts: Mapping[int, Facts]) -> "Rooms":
        """The first layer without what has changed, and these rows as the second."""
        pool = assembly.with_layer(self.pool, rows)
        # What has not changed keeps its facts, so the first layer's columns only lose rows.
        return Rooms(pool, (self.columns[0].without(changed), _columns_of(pool.layers[1].owners, facts)))


@dataclass(frozen=True)
class View:
    """What one search sees, from beginning to end: rows, and what filters ask of their listings."""

    # What everybody is answered from: open passages only.
    open: Rooms
    # Documents with something sealed, with all their passages; None where nothing is sealed.
    closed: Rooms | None
    # Whose vectors these are: what a question must be encoded with, and whose passages may be quoted.
    encoder: str
    generation: int
    cursor: int
    facts: dict[int, Facts]
    # Listings that have changed since the first layer was made: their rows there are not found any more.
    newer: frozenset[int]
    # Whether the first layer is the snapshot's, so that other processes have the very same.
    is_saved: bool
    # What was asked of this view so far, see ranking.py: a listing is asked about many others, and its own question is
    # the same until the market moves.
    questions: dict[tuple[int, bool], Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @cached_property
    def inside(self) -> Rooms:
        """What owners and brokers are answered from: each document with all of its passages, once."""
        if self.closed is None:
            return self.open
        twice = {int(id_) for columns in self.closed.columns for id_ in columns.owners[columns.alive]}
        shown = tuple(columns.without(twice) for columns in self.open.columns)
        return Rooms(assembly.joined(self.open.pool, self.closed.pool), (*shown, *self.closed.columns))

    @property
    def pool(self) -> Pool:
        return self.open.pool

    @property
    def columns(self) -> tuple[Columns, ...]:
        return self.open.columns

    def keep(self, wanted: Callable[[Columns], Keep]) -> list[Keep]:
        """Per open layer, the rows that may be found and that the filter wants."""
        return self.open.keep(wanted)


class ListingIndex:
    """Holds the newest view; `catch_up` replaces it, searches keep the one they began with."""

    def __init__(self, folder: Path, encoder: Encoder) -> None:
        self.folder, self.encoder, self.dim = folder, encoder.name, encoder.dim
        self._blocks = blocks_of(encoder)
        self._view: View | None = None
        self._lock = threading.Lock()

    def catch_up(self, session: Session) -> View:
        """The view as of now; reads the database only where the log has moved."""
        last, snapshot = queries.position(session)
        generation = snapshot.generation if snapshot and snapshot.encoder == self.encoder else 0
        view = self._view
        if view is not None and view.cursor >= last and view.generation >= (generation or 0):
            return view
        with self._lock:
            view = self._view
            if view is None or view.generation < (generation or 0):
                view = self._open(session, snapshot if generation else None)
            if view.cursor < last:
                view = self._advance(session, view, last)
            self._view = view
            return view

    def write_snapshot(self, session: Session) -> tuple[Manifest, Path, int]:
        """Write everything that is published into a new folder; answers its manifest, place and number of listings."""
        last, _ = queries.position(session)
        pool = self._pool(session)
        folder = self._place(last)
        manifest = assembly.save(folder, pool, encoder=self.encoder, watermark=last)
        return manifest, folder, len(np.unique(pool.layers[0].owners))

    def _place(self, watermark: int) -> Path:
        """The snapshot's folder: while the encoder changes two are made at the same place in the log."""
        return self.folder / f"at-{watermark}-{crc32(self.encoder.encode()):08x}"

    def _open(self, session: Session, snapshot: IndexSnapshot | None) -> View:
        if snapshot is not None:
            try:
                pool, manifest = assembly.load(
                    self._place(snapshot.watermark), encoder=self.encoder, checksum=snapshot.checksum
                )
                # Listings withdrawn between the watermark and now are absent from the facts, hence not alive.
                return self._first(session, pool, (snapshot.generation or 0, manifest.watermark), saved=True)
            except UnfitSnapshot as error:
                log.warning("%s; reading the vectors from the database instead", error)
        last, _ = queries.position(session)
        generation = (snapshot.generation or 0) if snapshot else 0
        return self._first(session, self._pool(session), (generation, last), saved=False)

    def _first(self, session: Session, pool: Pool, place: tuple[int, int], *, saved: bool) -> View:
        generation, cursor = place
        facts = queries.facts(session)
        rooms = Rooms(pool, (_columns_of(pool.layers[0].owners, facts),))
        rows = _rows(queries.closed_stored(session, self.encoder, self.dim))
        closed = _beside(pool, rows, facts) if len(rows.owners) else None
        return View(rooms, closed, self.encoder, generation, cursor, facts, frozenset(), saved)

    def _advance(self, session: Session, view: View, last: int) -> View:
        changed = set(listings.changed_since(session, view.cursor))
        newer = view.newer | changed
        facts = dict(view.facts)
        for id_ in changed:
            facts.pop(id_, None)
        facts.update(queries.facts(session, sorted(changed)))
        stored = queries.stored(session, self.encoder, self.dim, sorted(newer))
        rooms = view.open.moved(_rows(stored.open()), changed, facts)
        closed, rows = view.closed, _rows(stored.closed())
        if closed is None and len(rows.owners):
            closed = _beside(rooms.pool, _none_of(rows), {})
        if closed is not None:
            closed = closed.moved(rows, changed, facts)
        return replace(view, open=rooms, closed=closed, cursor=last, facts=facts, newer=frozenset(newer))

    def _pool(self, session: Session) -> Pool:
        rows = _rows(queries.open_stored(session, self.encoder, self.dim))
        return assembly.pool_of(rows, reference(self.encoder), self._blocks)


def _rows(stored: queries.Stored) -> Rows:
    return Rows(stored.owners, stored.languages, stored.passages, stored.vectors)


def _none_of(rows: Rows) -> Rows:
    return Rows(rows.owners[:0], (), rows.passages[:0], rows.vectors[:0])


def _beside(pool: Pool, rows: Rows, facts: Mapping[int, Facts]) -> Rooms:
    beside = assembly.beside(pool, rows)
    return Rooms(beside, (_columns_of(beside.layers[0].owners, facts),))


def _columns_of(owners: NDArray[np.int64], facts: Mapping[int, Facts]) -> Columns:
    found: Sequence[Facts | None] = [facts.get(id_) for id_ in owners.tolist()]
    return Columns(
        owners=owners,
        alive=np.array([fact is not None for fact in found], dtype=bool),
        is_need=np.array([fact is not None and fact.direction is Direction.NEED for fact in found], dtype=bool),
        countries=np.array([fact.country if fact else "" for fact in found], dtype="U2"),
        circles=np.array([fact.circle if fact else 0 for fact in found], dtype=np.int64),
    )
