"""A round as a folder that the evaluation reads: `queries.jsonl.gz`, `docs.jsonl.gz`, `qrels.tsv`, and `about.json`.

The same shape as any benchmark of this project (embeddings/evaluation/dataset.py). Texts are the open words of the
originals as strangers read them now; whoever owns them is in no file, and ids are digests that no address answers to.
A pair one of whose listings left the market or is under embargo is left out, and counted.
"""

import gzip
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any, TextIO

from sqlmodel import Session

from matchmaker.core.clock import now
from matchmaker.gold import queries
from matchmaker.gold.agreement import agreement
from matchmaker.gold.models import BEST, GoldRound
from matchmaker.gold.policy import is_gradable
from matchmaker.gold.queries import Held
from matchmaker.gold.titles import GRADES
from matchmaker.listings import queries as listings
from matchmaker.listings.machine_texts import open_words
from matchmaker.listings.models import Listing
from matchmaker.listings.queries import FullListing
from matchmaker.matching.passages import BODY

FILES = ("queries.jsonl.gz", "docs.jsonl.gz", "qrels.tsv", "about.json", "pools.tsv")
# Listings that are read at once.
BATCH = 500


@dataclass(frozen=True)
class Counts:
    """What is in an export, and what is not in it."""

    queries: int = 0
    documents: int = 0
    # Documents that nobody judged beside any need: the rest of the market, when it was asked for.
    unjudged_documents: int = 0
    judged_pairs: int = 0
    # Pairs of the round without a grade; far apart and not settled; and of listings that cannot be read any more.
    ungraded_pairs: int = 0
    disputed_pairs: int = 0
    withdrawn_pairs: int = 0
    # Judged pairs one of whose texts was changed after the grade.
    changed_pairs: int = 0


def write(session: Session, row: GoldRound, folder: Path, *, market: bool = False, least: int = 1) -> Counts:
    """Write the round into an existing folder; `market` adds every other result as a document nobody judged.

    A grade below `least` is written as 0: an evaluation may ask what counts as an answer.
    """
    held = queries.held(session, row.id)
    usable = [one for one in held if one.is_open]
    graded = [one for one in usable if one.final is not None]
    names = Names(session, row)
    needs = {one.pair.need_id for one in graded}
    pooled = {one.pair.result_id for one in usable}
    counts = Counts(
        queries=len(needs),
        judged_pairs=len(graded),
        ungraded_pairs=sum(not one.grades for one in usable),
        disputed_pairs=sum(one.is_disputed for one in usable),
        withdrawn_pairs=len(held) - len(usable),
        changed_pairs=sum(names.is_changed(one) for one in graded),
    )
    _lines(folder / "queries.jsonl.gz", (names.query(full) for full in names.read(needs)))
    documents: Iterable[dict[str, Any]] = (names.document(full, judged=True) for full in names.read(pooled))
    if market:
        documents = chain(documents, names.rest(pooled))
    written = _lines(folder / "docs.jsonl.gz", documents)
    with (folder / "qrels.tsv").open("w", encoding="utf-8") as file:
        _qrels(file, names, graded, least)
    if row.closed_at is not None:
        with (folder / "pools.tsv").open("w", encoding="utf-8") as file:
            _pools(file, names, usable)
    found = replace(counts, documents=written, unjudged_documents=written - len(pooled))
    about = _about(row, found, held)
    (folder / "about.json").write_text(json.dumps(about, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return found


@dataclass
class Names:
    """Listings of a round by the ids that they have in its export."""

    session: Session
    row: GoldRound

    def __post_init__(self) -> None:
        ids = {id_ for one in queries.held(self.session, self.row.id) for id_ in (one.pair.need_id, one.pair.result_id)}
        self.listings = queries.listings_of(self.session, ids)

    def of(self, listing: Listing) -> str:
        """The same in every export of a round, and of no other."""
        return sha256(f"{self.row.public_id}:{self.row.seed}:{listing.public_id}".encode()).hexdigest()[:12]

    def read(self, ids: Iterable[int]) -> Iterator[FullListing]:
        """These listings as strangers read them, in the order of their names, so that none tells when it was posted."""
        rows = sorted((self.listings[id_] for id_ in ids), key=self.of)
        for start in range(0, len(rows), BATCH):
            yield from listings.fulls(self.session, rows[start : start + BATCH])

    def query(self, full: FullListing) -> dict[str, Any]:
        words = open_words(full)
        text = "\n".join(words[name] for name in ("title", *BODY) if name in words)
        return {**self._place(full), "text": text}

    def document(self, full: FullListing, *, judged: bool) -> dict[str, Any]:
        words = open_words(full)
        text = "\n".join(words[name] for name in BODY if name in words)
        return {**self._place(full), "title": words.get("title", ""), "text": text, "judged": judged}

    def rest(self, besides: set[int]) -> Iterator[dict[str, Any]]:
        """Every other result on the market, which nobody judged."""
        after = 0
        while rows := queries.results_on_market(self.session, after, BATCH):
            after = rows[-1].id or 0
            others = [row for row in rows if row.id not in besides]
            yield from (self.document(full, judged=False) for full in listings.fulls(self.session, others))

    def is_changed(self, one: Held) -> bool:
        """Whether a text was changed after a grade that counts."""
        read = [one.settled] if one.settled else list(one.grades.values())
        need, result = self.listings[one.pair.need_id], self.listings[one.pair.result_id]
        return any((g.need_revision, g.result_revision) != (need.revision, result.revision) for g in read)

    def _place(self, full: FullListing) -> dict[str, str]:
        assert is_gradable(full.listing)  # nothing else may leave, whatever the caller asked for
        return {"id": self.of(full.listing), "lang": full.original.lang, "country": full.listing.country}


def _qrels(file: TextIO, names: Names, graded: Iterable[Held], least: int) -> None:
    file.write("query_id\tdoc_id\trelevance\n")
    for one in graded:
        grade = one.final or 0
        file.write(f"{_pair(names, one)}\t{grade if grade >= least else 0}\n")


def _pools(file: TextIO, names: Names, held: Iterable[Held]) -> None:
    """What brought each result: of closed rounds only, since who grades might read it."""
    file.write("query_id\tdoc_id\torigin\trank\n")
    for one in held:
        for origin, rank in json.loads(one.pair.origins).items():
            file.write(f"{_pair(names, one)}\t{origin}\t{rank}\n")


def _pair(names: Names, one: Held) -> str:
    return "\t".join(names.of(names.listings[id_]) for id_ in (one.pair.need_id, one.pair.result_id))


def _about(row: GoldRound, counts: Counts, held: Iterable[Held]) -> dict[str, Any]:
    found = agreement({one.pair.id or 0: one.values for one in held})
    meanings: Mapping[str, str] = {str(n): f"{GRADES[n].name}: {GRADES[n].words}" for n in range(BEST + 1)}
    return {
        "round": row.public_id,
        "name": row.name,
        "written_at": now().isoformat(timespec="seconds"),
        "closed": row.closed_at is not None,
        "seed": row.seed,
        "depth": row.depth,
        "grades": meanings,
        "counts": asdict(counts),
        "agreement": asdict(found),
        "documents": "judged false: nobody looked at this document; a pair that is not in qrels.tsv is unjudged",
    }


def _lines(path: Path, rows: Iterable[dict[str, Any]]) -> int:
    """Write one JSON object a line; the same contents make the same bytes."""
    count = 0
    with path.open("wb") as raw, gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as file:
        for row in rows:
            file.write((json.dumps(row, ensure_ascii=False) + "\n").encode())
            count += 1
    return count
