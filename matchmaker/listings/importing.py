"""Bring a file of listings in: batch by batch, each in one transaction, as often as one likes.

A listing is known by its source and the id it has there. The file is read twice: first to see whether it can be
read to its end and which ids come more than once, so that the last of them wins; then to import it.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from sqlalchemy import ColumnElement, Engine, and_, delete, insert, or_, select, update
from sqlalchemy.exc import DataError, IntegrityError
from sqlmodel import Session, col

from matchmaker.audit.service import record
from matchmaker.core.clock import now
from matchmaker.core.errors import Invalid, Misconfigured
from matchmaker.core.ids import new_public_id
from matchmaker.db.engine import reading_session
from matchmaker.db.uow import UnitOfWork, unit_of_work
from matchmaker.listings import sources, values
from matchmaker.listings.columns import Columns
from matchmaker.listings.mapping import Entry, prepare
from matchmaker.listings.models import (
    ChangeKind,
    Listing,
    ListingChange,
    ListingCode,
    ListingText,
    Status,
    TextOrigin,
)

Key = tuple[str, str]
# What is being done, and how many bytes of how many are read.
Watch = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Options:
    """How to import: `source` names rows that name none, `overrides` maps our fields to their columns."""

    source: str = ""
    overrides: dict[str, str] = field(default_factory=dict)
    batch: int = 500
    dry_run: bool = False
    # Gets every rejected row as a JSON line.
    rejected: Path | None = None


@dataclass
class Report:
    """What became of the rows; `rejected` holds line numbers with reasons, `notes` counts what was adapted."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    superseded: int = 0
    rejected: list[tuple[int, str]] = field(default_factory=list)
    notes: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Report") -> None:
        """Count a batch's report into this one."""
        self.created += other.created
        self.updated += other.updated
        self.unchanged += other.unchanged
        self.superseded += other.superseded
        self.rejected += other.rejected
        self.notes += other.notes


@dataclass(frozen=True)
class _Known:
    """A listing that an earlier import made."""

    id: int
    digest: str | None
    revision: int


def unwatched(_stage: str, _done: int, _total: int) -> None:
    """Nobody looks at the progress."""


def import_file(engine: Engine, path: Path, options: Options, watch: Watch = unwatched) -> Report:
    """Import the file; raises Misconfigured, before anything is written, when it cannot be read as a whole."""
    columns = Columns((options.source or path.name.partition(".")[0])[:64], options.overrides)
    last_lines = _survey(path, columns, watch)
    with ExitStack() as stack:
        importer = _Importer(engine, options, columns, last_lines, _sink(path, options.rejected, stack))
        for batch in _batches(importer.entries(sources.read(path, partial(watch, "importing"))), options.batch):
            importer.store(batch)
    for column in sorted(columns.unused):
        importer.report.notes[f"column {column[:60]!r} is not used"] = 1
    return importer.report


def import_entries(engine: Engine, entries: Iterable[Entry], batch: int = 500) -> Report:
    """Store entries that are prepared already."""
    importer = _Importer(engine, Options(batch=batch), Columns(""), {}, None)
    for some in _batches(iter(entries), batch):
        importer.store(some)
    return importer.report


def _survey(path: Path, columns: Columns, watch: Watch) -> dict[Key, int]:
    """Read to the end; returns the last line of each id that comes more than once."""
    seen: set[Key] = set()
    last_lines: dict[Key, int] = {}
    readable, problem = 0, ""
    for row in sources.read(path, partial(watch, "checking")):
        if row.values is None:
            problem = problem or f"line {row.line}: {row.problem}"
            continue
        readable += 1
        key = columns.key(columns.pick(row.values), row.values)
        if key in seen:
            last_lines[key] = row.line
        seen.add(key)
    _refuse_unfit(path.name, columns, readable, problem)
    return last_lines


def _refuse_unfit(name: str, columns: Columns, readable: int, problem: str) -> None:
    if not readable:
        raise Misconfigured(f"{name} holds no row that can be read ({problem or 'no rows at all'})")
    if columns.missing():
        raise Misconfigured(f"{name} has no column {', '.join(columns.missing())}, which the mapping names")
    if not columns.has_words():
        found = ", ".join(sorted(columns.used | columns.unused))[:300]
        raise Misconfigured(f"{name} has no column for the title or the text among {found}; give a --mapping")


def _sink(path: Path, rejected: Path | None, stack: ExitStack) -> TextIO | None:
    if rejected is None:
        return None
    if rejected.resolve() == path.resolve():
        raise Misconfigured("the rejected rows cannot go into the file that is imported")
    try:
        # Halves of characters are written as the escapes they came from.
        return stack.enter_context(rejected.open("w", encoding="utf-8", errors="backslashreplace"))
    except OSError as error:
        raise Misconfigured(f"{rejected} cannot be written: {error.strerror}") from error


def _batches(entries: Iterator[Entry], size: int) -> Iterator[list[Entry]]:
    batch: list[Entry] = []
    for entry in entries:
        batch.append(entry)
        if len(batch) >= size:
            yield batch
            batch = []
    if batch:
        yield batch


class _Importer:
    """One run over one file: rows become entries, entries become listings, all is counted."""

    def __init__(
        self, engine: Engine, options: Options, columns: Columns, last_lines: dict[Key, int], sink: TextIO | None
    ) -> None:
        self.report = Report()
        self._engine, self._options, self._columns = engine, options, columns
        self._last_lines, self._sink = last_lines, sink
        # Good rows whose id comes again further down; they count if what comes last is no good.
        self._waiting: dict[Key, Entry] = {}

    def entries(self, rows: Iterable[sources.Row]) -> Iterator[Entry]:
        for row in rows:
            if row.values is None:
                self._reject(row.line, row.problem, row.raw)
                continue
            picked = self._columns.pick(row.values)
            key = self._columns.key(picked, row.values)
            entry = self._prepared(picked, key, row)
            if row.line < self._last_lines.get(key, row.line):
                self._wait(key, entry)
                continue
            earlier = self._waiting.pop(key, None)
            self.report.superseded += bool(entry and earlier)
            if found := entry or earlier:
                yield found

    def _prepared(self, picked: dict[str, object], key: Key, row: sources.Row) -> Entry | None:
        try:
            return prepare(picked, key, row.line)
        except Invalid as error:
            self._reject(row.line, str(error), row.values)
            return None

    def _wait(self, key: Key, entry: Entry | None) -> None:
        if entry is not None:
            self.report.superseded += key in self._waiting
            self._waiting[key] = entry

    def _reject(self, line: int, reason: str, row: object) -> None:
        self.report.rejected.append((line, reason))
        if self._sink is not None:
            rejection = {"line": line, "reason": reason, "row": row}
            self._sink.write(json.dumps(rejection, ensure_ascii=False, default=str) + "\n")

    def store(self, batch: list[Entry]) -> None:
        """Store the batch as one; if the database refuses a row of it, the others one by one."""
        # The same contents twice without an id have one digest, and so one key.
        entries = list({entry.key: entry for entry in batch}.values())
        self.report.superseded += len(batch) - len(entries)
        try:
            self._store(entries)
        except (IntegrityError, DataError) as error:
            if len(entries) > 1:
                for entry in entries:
                    self.store([entry])
            else:
                reason = f"the database refuses it: {str(error.orig).splitlines()[0]}"
                self._reject(entries[0].line, reason, entries[0].draft.model_dump(mode="json"))

    def _store(self, entries: list[Entry]) -> None:
        if self._options.dry_run:
            with reading_session(self._engine) as session:
                done, _new, _changed = _sorted(session, entries)
        else:
            with unit_of_work(self._engine) as uow:
                done = store(uow, entries)
        # Counted only when it is committed.
        self.report.add(done)


def store(uow: UnitOfWork, entries: list[Entry]) -> Report:
    """Write what is new or changed among entries of different keys."""
    report, new, changed = _sorted(uow.session, entries)
    ids = _insert(uow.session, new) | _replace(uow.session, changed)
    _write_contents(uow.session, ids)
    at = now()
    changes = [(ids[e.key][0], ChangeKind.PUBLISHED) for e in new]
    changes += [(known.id, ChangeKind.EDITED) for _entry, known in changed]
    _insert_rows(uow.session, ListingChange, [{"listing_id": id_, "kind": kind, "at": at} for id_, kind in changes])
    if changes:
        detail = f"{report.created} created, {report.updated} updated"
        record(uow, "import", "listing.import", ("source", entries[0].source), detail)
    return report


def _sorted(session: Session, entries: list[Entry]) -> tuple[Report, list[Entry], list[tuple[Entry, _Known]]]:
    known = _known(session, entries)
    new = [entry for entry in entries if entry.key not in known]
    met = [(entry, known[entry.key]) for entry in entries if entry.key in known]
    changed = [(entry, there) for entry, there in met if entry.digest() != there.digest]
    report = Report(created=len(new), updated=len(changed), unchanged=len(met) - len(changed))
    report.notes = Counter(note for entry in entries for note in entry.notes)
    return report, new, changed


def _known(session: Session, entries: list[Entry]) -> dict[Key, _Known]:
    by_source: dict[str, list[str]] = {}
    for entry in entries:
        by_source.setdefault(entry.source, []).append(entry.source_id)
    wanted: list[ColumnElement[bool]] = [
        and_(col(Listing.source) == source, col(Listing.source_id).in_(ids)) for source, ids in by_source.items()
    ]
    rows = session.execute(
        select(
            col(Listing.source),
            col(Listing.source_id),
            col(Listing.id),
            col(Listing.source_digest),
            col(Listing.revision),
        ).where(or_(*wanted))
    )
    return {(str(source), str(id_)): _Known(int(own or 0), digest, rev) for source, id_, own, digest, rev in rows}


def _facts(entry: Entry) -> dict[str, Any]:
    return {
        **entry.draft.facts(),
        "organisation_id": entry.organisation_id,
        "organisation_name": entry.organisation,
        "source_url": entry.url,
        "source_digest": entry.digest(),
        "licence": entry.licence,
    }


def _insert(session: Session, entries: list[Entry]) -> dict[Key, tuple[int, Entry]]:
    """Add listings, published at once; returns their ids."""
    at = now()
    by_public_id = {new_public_id(): entry for entry in entries}
    rows = [
        {
            **_facts(entry),
            "public_id": public_id,
            "direction": entry.draft.direction,
            "status": Status.PUBLISHED,
            "source": entry.source,
            "source_id": entry.source_id,
            "created_at": at,
            "updated_at": at,
            "published_at": values.midnight(entry.published) if entry.published else at,
            "revision": 1,
        }
        for public_id, entry in by_public_id.items()
    ]
    if not rows:
        return {}
    made = session.execute(insert(Listing).returning(col(Listing.id), col(Listing.public_id)), rows)
    return {by_public_id[public_id].key: (int(id_ or 0), by_public_id[public_id]) for id_, public_id in made}


def _replace(session: Session, changed: list[tuple[Entry, _Known]]) -> dict[Key, tuple[int, Entry]]:
    """Write new contents over old ones; a listing that was withdrawn here stays withdrawn."""
    if not changed:
        return {}
    at = now()
    rows = [
        {**_facts(e), "direction": e.draft.direction, "id": known.id, "revision": known.revision + 1, "updated_at": at}
        | ({"published_at": values.midnight(e.published)} if e.published else {})
        for e, known in changed
    ]
    session.execute(update(Listing), rows)
    ids = [known.id for _entry, known in changed]
    session.execute(delete(ListingText).where(col(ListingText.listing_id).in_(ids)))
    session.execute(delete(ListingCode).where(col(ListingCode.listing_id).in_(ids)))
    return {entry.key: (known.id, entry) for entry, known in changed}


def _write_contents(session: Session, listings: dict[Key, tuple[int, Entry]]) -> None:
    texts: list[dict[str, Any]] = []
    codes: list[dict[str, Any]] = []
    for listing_id, entry in listings.values():
        draft = entry.draft
        texts.append({"listing_id": listing_id, "lang": draft.lang, "origin": TextOrigin.OWNER, **draft.words()})
        texts += [
            {"listing_id": listing_id, "lang": version.lang, "origin": version.origin, **version.words()}
            for version in entry.versions
        ]
        codes += [{"listing_id": listing_id, "scheme": scheme, "code": code} for scheme, code in sorted(draft.codes())]
    _insert_rows(session, ListingText, texts)
    _insert_rows(session, ListingCode, codes)


def _insert_rows(session: Session, table: type, rows: list[dict[str, Any]]) -> None:
    if rows:
        session.execute(insert(table), rows)
