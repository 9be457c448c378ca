"""Matches of a listing, answers to a search: the same pool, the same table of parts.

A listing's own people and the desk are answered from inside, where sealed passages count and are not shown; everybody
else, and every search, from the open passages alone.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import exp

import numpy as np
from sqlmodel import Session

from embeddings.fusion import fuse
from embeddings.index.base import Keep
from embeddings.languages import detect_language
from embeddings.pool import ECHO_LEAST_TEXT, Found, Pool, Share, Sought
from matchmaker.core.clock import now
from matchmaker.core.paging import Page
from matchmaker.listings import queries as listings
from matchmaker.listings.confidence import Reader
from matchmaker.listings.models import Direction, Listing, Status
from matchmaker.listings.queries import Filters, FullListing
from matchmaker.matching import lexicon, queries, scoring, service, weights
from matchmaker.matching.elements import elements
from matchmaker.matching.index import Columns, Rooms, View
from matchmaker.matching.models import Passage
from matchmaker.matching.queries import Quotable
from matchmaker.matching.runtime import Matcher
from matchmaker.matching.schemas import (
    Aligned,
    Match,
    MatchList,
    Part,
    Quote,
    Readiness,
    Scope,
    SearchHit,
    Side,
    Weights,
    Working,
)

# How many of the best texts the other parts may put into another order.
CLOSE = 50
# How many matches a list can show at most.
SHOWN = 30
# Listings that a search takes from the lexicon for their rare words, beside those that meaning finds.
# One rare word of many is no answer: it must say this share of their weight.
MOST_SAID, LEAST_SAID = 50, 0.5
# A search shows this many at most; nobody reads further, and every page costs the same.
LONGEST_SEARCH = 200
# Where a standing (see embeddings/pool.py) becomes an even chance, and how fast it turns.
EVEN_STANDING, STEEPNESS = 0.7, 5.0
# Something always stands out, even where nothing answers: a reach of NEAR or more is full confidence, one of FAR
# nearly none. All four were read off the demo's judged pairs among 5,100 listings; none changes an order of texts.
FAR, NEAR, LEAST_CONFIDENCE = 0.15, 0.35, 0.1


Scored = tuple[float, Found, tuple[Part, ...]]


@dataclass(frozen=True)
class Answers:
    """What was asked of a pool, its echo included, and what was found by it."""

    pool: Pool
    sought: Sought
    found: Sequence[Found]


def fit(standing: float, reach: float) -> float:
    """A standing as a value from 0 to 1 that keeps its order among all answers to the same listing."""
    confidence = min(1.0, max(LEAST_CONFIDENCE, (reach - FAR) / (NEAR - FAR)))
    return confidence / (1 + exp(-STEEPNESS * (standing - EVEN_STANDING)))


@dataclass(frozen=True)
class Own:
    """A listing as it asks: its passages, and what it is answered from.

    `words` are those of its sealed passages by digest, for its own people.
    """

    listing: Listing
    passages: Sequence[Quotable]
    rooms: Rooms
    words: Mapping[str, str]

    @property
    def is_long(self) -> bool:
        """Whether its closest listings may speak for it; whoever has something to seal has written a listing."""
        rows = [each.passage for each in self.passages]
        return any(row.sealed for row in rows) or is_long(row.text for row in rows)

    def quote(self, number: int) -> Quote:
        """One of its passages, as far as it may be shown."""
        found = _quote(self.passages[number], self.listing.lang)
        return replace(found, text=self.words.get(self.passages[number].passage.digest, "")) if found.sealed else found


@dataclass(frozen=True)
class Ranking:
    """Ask the pool on behalf of one reader; `desk` for the brokers' own suggestions, which are made from inside."""

    matcher: Matcher
    session: Session
    reader: Reader
    desk: bool = False

    def matches(self, full: FullListing, *, scope: Scope, limit: int = 10) -> MatchList:
        """The best listings of the other direction, with everything that made them the best."""
        own = self._own(full)
        if own is None:
            return MatchList(_readiness(self.session, full.listing), scope)
        asked = self._find(own, max(CLOSE, limit), lambda columns: in_scope(columns, full.listing, scope))
        return MatchList(Readiness.READY, scope, self._judge(own, asked)[:limit])

    def explain(self, need: FullListing, result: FullListing) -> Match | None:
        """Why these two fit, as the need's own list would say it; None while a text waits for the encoder."""
        own = self._own(need)
        if own is None:
            return None
        asked = self._find(own, 1, lambda columns: columns.owners == (result.listing.id or 0))
        found = next(iter(self._judge(own, asked)), None)
        if found is None or need.is_shortened:
            return found
        said = elements(need.draft(), asked.found[0], asked.pool, self.matcher.encoded)
        return replace(found, elements=said)

    def among(self, full: FullListing, others: Sequence[int]) -> dict[int, tuple[Part, ...]]:
        """The parts of the scores that the listing's own list gives, or would give further down, to these others."""
        own = self._own(full)
        if own is None:
            return {}
        wanted = np.array(others, dtype=np.int64)
        asked = self._find(own, len(others), lambda columns: np.isin(columns.owners, wanted))
        return {row.owner: parts for _, row, parts in self._score(full.listing, asked.found)}

    def best(self, full: FullListing, *, scope: Scope, limit: int) -> list[int]:
        """Row ids of the best listings of the other direction, best first: `matches` without words, and any number."""
        own = self._own(full)
        if own is None:
            return []
        asked = self._find(own, max(CLOSE, limit), lambda columns: in_scope(columns, full.listing, scope))
        return [row.owner for _, row, _ in self._score(full.listing, asked.found)[:limit]]

    def search(self, text: str, filters: Filters, page: tuple[int, int]) -> Page[SearchHit]:
        """Listings that answer the words, best first, whatever their language; `page` is (number, size)."""
        view = self._view()
        sought = view.pool.seek(self.matcher.encoded(text), [detect_language(text)])
        market = view.keep(lambda columns: columns.alive)
        keep = market
        if filters != Filters():
            kept = np.array(listings.matching_ids(self.session, filters), dtype=np.int64)
            keep = view.keep(lambda columns: np.isin(columns.owners, kept))
        found = view.pool.search(sought, LONGEST_SEARCH, market=market, keep=keep, echo=is_long([text]))
        found = self._with_what_says_it(
            text,
            filters,
            found,
            lambda few: view.pool.search(
                sought,
                len(few),
                market=market,
                keep=view.keep(lambda columns: np.isin(columns.owners, few)),
                echo=False,
            ),
        )
        number, size = page
        return Page(self._hits(found[(number - 1) * size : number * size]), number, size, len(found))

    def _with_what_says_it(
        self, text: str, filters: Filters, found: Sequence[Found], among: Callable[[Sequence[int]], list[Found]]
    ) -> list[Found]:
        """First what says the very words or bears them, best first; then meaning and rare words, joined by rank."""
        wanted = lexicon.Wanted(listed=queries.searchable(filters))
        exact = dict.fromkeys(listings.containing(self.session, text, filters))
        if len(text.split()) <= listings.MOST_WORDS:
            exact |= dict.fromkeys(lexicon.saying_all(self.session, lexicon.tokens(text), wanted, listings.MOST_EXACT))
        first = among(list(exact)) if exact else []
        terms = lexicon.rare_terms(self.session, text)
        enough = LEAST_SAID * sum(term.weight for term in terms)
        hits = lexicon.hits(self.session, terms, wanted, MOST_SAID)
        said = [hit.listing_id for hit in hits if hit.score >= enough]
        rows = {row.owner: row for row in (among(said) if said else [])} | {row.owner: row for row in found}
        order = fuse([[row.owner for row in found], [id_ for id_ in said if id_ in rows]])
        named = {row.owner for row in first}
        return [*first, *(rows[id_] for id_ in order if id_ not in named)][:LONGEST_SEARCH]

    def _find(self, own: Own, k: int, wanted: Callable[[Columns], Keep]) -> Answers:
        """The k best answers to a listing among the wanted rows, judged against its whole market."""
        pool = own.rooms.pool
        market = own.rooms.keep(lambda columns: answers(columns, own.listing))
        sought = seek(pool, [each.passage for each in own.passages])
        if own.is_long:
            sought = pool.echoed(sought, market)
        return Answers(pool, sought, pool.search(sought, k, market=market, keep=own.rooms.keep(wanted), echo=False))

    def _view(self) -> View:
        return self.matcher.index.catch_up(self.session)

    def _own(self, full: FullListing) -> Own | None:
        """The listing with those of its passages that may speak for it here; None while it has none."""
        is_inside = self.desk or full.sight.own
        rows = queries.quotable_of(self.session, full.listing.id or 0, self.matcher.index.encoder)
        own = [row for row in rows if is_inside or not row.passage.sealed]
        if not own:
            return None
        words = service.sealed_words(self.session, full) if full.sight.own and not self.desk else {}
        view = self._view()
        return Own(full.listing, own, view.inside if is_inside else view.open, words)

    def _judge(self, own: Own, asked: Answers) -> list[Match]:
        """The best matches; words are fetched only for those that are looked at."""
        return self._with_words(self._score(own.listing, asked.found)[:SHOWN], own, asked)

    def _score(self, listing: Listing, found: Sequence[Found]) -> list[Scored]:
        """Everything found with its parts, best first."""
        sides = queries.sides(self.session, [listing.id or 0, *(row.owner for row in found)])
        mine, counted = sides[listing.id or 0], weights.active(self.session)
        scored = []
        for row in found:
            other = sides.get(row.owner)
            if other is not None:
                pair = (mine, other) if listing.direction is Direction.NEED else (other, mine)
                parts = judge(*pair, row, counted)
                scored.append((scoring.total(parts), row, parts))
        return sorted(scored, key=lambda each: (-each[0], each[1].owner))

    def _with_words(self, scored: Sequence[Scored], own: Own, asked: Answers) -> list[Match]:
        cards = listings.cards(self.session, [row.owner for _, row, _ in scored], self.reader)
        shares = {row.owner: asked.pool.contributions(asked.sought, row) for _, row, _ in scored}
        texts = queries.quotable(self.session, [share.passage_id for some in shares.values() for share in some])
        found = []
        for score, row, parts in scored:
            if row.owner in cards and row.pair[1] in texts:
                card = cards[row.owner]
                other = _quote(texts[row.pair[1]], card.lang)
                aligned = [
                    Aligned(own.quote(share.own), _quote(texts[share.passage_id], card.lang), points)
                    for share, points in zip(shares[row.owner], owed(parts, row, shares[row.owner]), strict=True)
                    if share.passage_id in texts
                ]
                aligned.sort(key=lambda each: -each.points)
                found.append(Match(card, score, parts, own.quote(row.pair[0]), other, _working(row), aligned))
        return found

    def _hits(self, found: Sequence[Found]) -> list[SearchHit]:
        cards = listings.cards(self.session, [row.owner for row in found], self.reader)
        texts = queries.quotable(self.session, [row.pair[1] for row in found])
        return [
            SearchHit(cards[row.owner], fit(row.standing, row.reach), _quote(texts[row.pair[1]], cards[row.owner].lang))
            for row in found
            if row.owner in cards and row.pair[1] in texts
        ]


def seek(pool: Pool, own: Sequence[Passage]) -> Sought:
    """What a listing's passages look for."""
    vectors = np.stack([service.unpack(passage.vector) for passage in own])
    return pool.seek(vectors, [passage.lang for passage in own])


def is_long(texts: Iterable[str]) -> bool:
    """Whether this is a listing, whose closest listings may speak for it, or a few words typed into a box."""
    return sum(map(len, texts)) >= ECHO_LEAST_TEXT


def answers(columns: Columns, listing: Listing) -> Keep:
    """The rows that could answer a listing: the other direction, without its own."""
    wants_needs = listing.direction is Direction.RESULT
    found: Keep = (columns.is_need == wants_needs) & (columns.owners != (listing.id or 0))
    return found


def in_scope(columns: Columns, listing: Listing, scope: Scope) -> Keep:
    """Those of its answers that the scope leaves."""
    keep = answers(columns, listing)
    if scope is Scope.EVERYWHERE or not listing.country:
        return keep
    same = columns.countries == listing.country
    # A listing that names no country is in nobody's; only "everywhere" finds it.
    chosen: Keep = keep & (same if scope is Scope.DOMESTIC else ~same & (columns.countries != ""))
    return chosen


def judge(need: Side, result: Side, found: Found, counted: Weights = scoring.HAND) -> tuple[Part, ...]:
    """The parts of one pair's score."""
    return scoring.parts(scoring.Pair(need, result, fit(found.standing, found.reach), now()), counted)


def owed(parts: Sequence[Part], row: Found, shares: Sequence[Share]) -> list[float]:
    """The points of the score that are owed to each passage: what would be missing without its text."""
    weight = next(part.weight for part in parts if part.name == scoring.TEXT)
    full = fit(row.standing, row.reach)
    return [weight * (full - fit(share.standing_without, row.reach)) for share in shares]


def _readiness(session: Session, listing: Listing) -> Readiness:
    embedding = queries.embedding_of(session, listing.id or 0)
    failed = embedding is not None and embedding.revision == listing.revision and embedding.problem
    waiting = listing.status is Status.PUBLISHED and not failed
    return Readiness.PENDING if waiting else Readiness.IMPOSSIBLE


def _working(row: Found) -> Working:
    return Working(row.whole, row.late, row.best, row.echo, row.level, row.standing)


def _quote(found: Quotable, lang: str) -> Quote:
    """A passage as it may be shown: without words where it is sealed, or its listing was changed since it was read.

    Of a sealed one not even the language is told, but the original's.
    """
    if found.passage.sealed:
        return Quote(lang, "", sealed=True)
    return Quote(found.passage.lang, found.passage.text if found.is_current else "")
