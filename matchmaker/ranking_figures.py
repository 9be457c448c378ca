"""How long the ranking of one need takes among very many results: `python -m matchmaker.ranking_figures [RESULTS]`.

The market is the shipped demo and invented results beside it, in a database of its own. Each invented one is put
together from passages of two of the demo's results in one language, words and vectors, and moved a little at random, so
that no two are alike; what an encoder would have made of a hundred thousand real texts takes hours. Every stage of a
match list is asked: neighbours, echo, late interaction, rare words, parts, passages and cards.
"""

import json
import random
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session, col, select

from embeddings.encoders.base import Vectors
from embeddings.encoders.ensemble import Block, blocks_of
from embeddings.fairness import unit_blocks
from matchmaker.app import create_app
from matchmaker.config import load
from matchmaker.core.clock import now
from matchmaker.core.ids import new_public_id
from matchmaker.core.quantiles import quantile
from matchmaker.db.bulk import insert_rows
from matchmaker.db.engine import reading_session
from matchmaker.db.migrate import upgrade
from matchmaker.db.uow import UnitOfWork, unit_of_work
from matchmaker.listings import demo
from matchmaker.listings import queries as listings
from matchmaker.listings.confidence import Reader
from matchmaker.listings.models import Direction, Listing, ListingCode, ListingText, Scheme, Status
from matchmaker.matching import lexicon
from matchmaker.matching.models import Embedding, Passage
from matchmaker.matching.queries import STORED
from matchmaker.matching.ranking import Ranking
from matchmaker.matching.runtime import Matcher
from matchmaker.matching.schemas import Scope

RESULTS, BATCH = 100_000, 2_000
# How far a vector is moved: its cosine to where it was is about 0.9, as near as two texts of one subject.
MOVED = 0.5
COUNTRIES = ("CN", "RS", "IT", "DE", "HU", "KR", "FR", "TR", "BR", "KZ", "PL", "ES", "SE", "JP", "US")
SECTIONS = ("A", "B", "C", "E", "F", "G", "H")


@dataclass(frozen=True)
class Figures:
    """How much was there, and milliseconds from a need to its matches, words and cards included."""

    results: int
    passages: int
    needs: int
    ranking_p50_ms: float
    ranking_p95_ms: float
    search_p50_ms: float
    search_p95_ms: float


@dataclass(frozen=True)
class Invented:
    """One result with all that belongs to it, but for its row id."""

    listing: Listing
    text: ListingText
    codes: Sequence[ListingCode]
    passages: Sequence[Passage]


def furnish(matcher: Matcher, results: int) -> None:
    """Load the demo, embed it, and add so many invented results to it; the index is written at the end."""
    demo.load(matcher.engine)
    while matcher.round():
        pass
    with reading_session(matcher.engine) as session:
        known = _by_language(session)
        encoder, blocks = matcher.view(session).encoder, blocks_of(matcher.open())
    made = _invent(known, results, blocks, encoder)
    while batch := [one for one, _ in zip(made, range(BATCH), strict=False)]:
        with unit_of_work(matcher.engine) as uow:
            _insert(uow, batch)
    matcher.snapshot()


def measure(matcher: Matcher) -> Figures:
    """Ask for the matches of each of the demo's needs, from everywhere and from abroad, and search for its title."""
    with reading_session(matcher.engine) as session:
        rows = session.exec(select(Listing).where(Listing.direction == Direction.NEED).order_by(col(Listing.id))).all()
        needs = listings.fulls(session, rows)
        ranking = Ranking(matcher, session, Reader("en"))
        ranking.matches(needs[0], scope=Scope.EVERYWHERE)  # opens the index
        ranked = [_ranked(ranking, full, scope) for scope in (Scope.EVERYWHERE, Scope.CROSS_BORDER) for full in needs]
        typed = [full.original.title for full in needs]
        searched = [_seconds(partial(ranking.search, words, listings.Filters(), (1, 20))) for words in typed]
        pool = matcher.view(session).pool
    return Figures(
        results=len({int(owner) for layer in pool.layers for owner in layer.owners}) - len(needs),
        passages=sum(layer.passages.count for layer in pool.layers),
        needs=len(needs),
        ranking_p50_ms=_milliseconds(ranked, 0.5),
        ranking_p95_ms=_milliseconds(ranked, 0.95),
        search_p50_ms=_milliseconds(searched, 0.5),
        search_p95_ms=_milliseconds(searched, 0.95),
    )


def _by_language(session: Session) -> dict[str, list[list[Passage]]]:
    """The passages of each language version of the demo's results, by language."""
    wanted = select(Passage).join(Listing, col(Listing.id) == Passage.listing_id)
    rows = session.exec(wanted.where(Listing.direction == Direction.RESULT).order_by(col(Passage.id))).all()
    versions: dict[tuple[str, int], list[Passage]] = defaultdict(list)
    for row in rows:
        versions[row.lang, row.listing_id].append(row)
    found: dict[str, list[list[Passage]]] = defaultdict(list)
    for (lang, _), passages in versions.items():
        found[lang].append(passages)
    return {lang: some for lang, some in found.items() if len(some) > 1}


def _invent(
    known: dict[str, list[list[Passage]]], number: int, blocks: Sequence[Block], encoder: str
) -> Iterator[Invented]:
    dice = random.Random(7)  # noqa: S311 - the same market every time, not a secret
    noise = np.random.default_rng(7)
    languages, at = sorted(known), now()
    for i in range(number):
        lang = dice.choice(languages)
        rows = [row for version in dice.sample(known[lang], 2) for row in version]
        passages = []
        for ordinal, row in enumerate(dice.sample(rows, (len(rows) + 1) // 2)):
            vector = np.frombuffer(row.vector, STORED).astype(np.float32)
            moved = _moved(vector, noise, blocks).astype(STORED)
            text = f"{row.text} Type {dice.choice('ABCDEFGH')}{dice.randrange(10_000)}-{i}"
            passages.append(
                Passage(
                    listing_id=0,
                    lang=lang,
                    ordinal=ordinal,
                    text=text,
                    digest=str(i),
                    encoder=encoder,
                    vector=moved.tobytes(),
                )
            )
        words = "\n".join(passage.text for passage in passages)
        listing = Listing(
            public_id=new_public_id(),
            direction=Direction.RESULT,
            status=Status.PUBLISHED,
            lang=lang,
            country=dice.choice(COUNTRIES),
            organisation_name=f"Institute {dice.randrange(2000)}",
            trl=str(dice.randint(2, 9)),
            published_at=at - timedelta(days=dice.randrange(300)),
        )
        codes = [ListingCode(listing_id=0, scheme=Scheme.IPC_SECTION, code=code) for code in dice.sample(SECTIONS, 2)]
        yield Invented(
            listing, ListingText(listing_id=0, lang=lang, title=words[:80], summary=words[:400]), codes, passages
        )


def _moved(vector: NDArray[np.float32], noise: np.random.Generator, blocks: Sequence[Block]) -> Vectors:
    """A raw vector beside this one, each block moved by itself; unit length."""
    away = unit_blocks(noise.standard_normal((1, len(vector)), dtype=np.float32), blocks)
    moved = unit_blocks(unit_blocks(vector[None], blocks) + np.float32(MOVED) * away, blocks)[0]
    found: Vectors = moved / np.linalg.norm(moved)
    return found


def _insert(uow: UnitOfWork, batch: Sequence[Invented]) -> None:
    session = uow.session
    session.add_all(one.listing for one in batch)
    session.flush()  # everything else needs the listings' ids
    for one in batch:
        id_ = one.listing.id or 0
        for row in (one.text, *one.codes, *one.passages):
            row.listing_id = id_
    for rows in (
        [one.text for one in batch],
        [row for one in batch for row in one.codes],
        [row for one in batch for row in one.passages],
        [_embedding(one) for one in batch],
    ):
        insert_rows(session, rows)
    lexicon.store(session, [_entry(one) for one in batch])


def _embedding(one: Invented) -> Embedding:
    return Embedding(
        listing_id=one.listing.id or 0, encoder=one.passages[0].encoder, revision=1, passages=len(one.passages)
    )


def _entry(one: Invented) -> lexicon.Entry:
    words = {one.listing.lang: "\n".join(row.text for row in one.passages)}
    return lexicon.Entry(one.listing.id or 0, Direction.RESULT.value, one.listing.country, words)


def _ranked(ranking: Ranking, full: listings.FullListing, scope: Scope) -> float:
    """Seconds to the matches of a need that nobody has asked for yet."""
    ranking.matcher.view(ranking.session).questions.clear()
    return _seconds(partial(ranking.matches, full, scope=scope))


def _seconds(ask: Callable[[], object]) -> float:
    begun = time.perf_counter()
    ask()
    return time.perf_counter() - begun


def _milliseconds(seconds: Sequence[float], share: float) -> float:
    return round(1000 * quantile(seconds, share), 1)


def main(results: int = RESULTS) -> None:
    """Print the figures as one JSON object."""
    with TemporaryDirectory() as folder:
        settings = replace(load({"MATCHMAKER_VAR": folder, "MATCHMAKER_DEMO": "0"}), var=Path(folder))
        app = create_app(settings, testing=True)
        upgrade(app.extensions["matchmaker.engine"])
        matcher: Matcher = app.extensions["matchmaker.matcher"]
        furnish(matcher, results)
        sys.stdout.write(json.dumps(asdict(measure(matcher))) + "\n")
        matcher.close()
        app.extensions["matchmaker.engine"].dispose()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
