"""Matches of a listing, answers to a search: the same pool, the same table of parts.

A listing's own people and the desk are answered from inside, where sealed passages count and are not shown; everybody
else, and every search, from the open passages alone.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from sqlmodel import Session

from embeddings.fusion import fuse
from embeddings.index.base import Keep
from embeddings.languages import detect_language
from embeddings.pool import Found
from embeddings.rarity import Agreement, Term
from matchmaker.core.errors import Unavailable
from matchmaker.core.paging import Page
from matchmaker.listings import queries as listings
from matchmaker.listings.confidence import Reader
from matchmaker.listings.families import ALONE, Families
from matchmaker.listings.families import families as families_of
from matchmaker.listings.kin import NO_KIN, Kin, kin_of, shown_with
from matchmaker.listings.models import Direction, Listing, Status
from matchmaker.listings.queries import Filters, FullListing
from matchmaker.listings.schemas import ListingCard
from matchmaker.matching import collapse, lexicon, queries, scoring, service, weights
from matchmaker.matching.asking import Asked, Own, is_long, seek
from matchmaker.matching.elements import elements
from matchmaker.matching.index import Columns, View
from matchmaker.matching.judging import fit, judge, owed, quote, working
from matchmaker.matching.runtime import Matcher
from matchmaker.matching.schemas import (
    Match,
    MatchList,
    Part,
    Readiness,
    Scope,
    SearchHit,
)
from matchmaker.matching.side_queries import sides as sides_of

# How many of the best texts the other parts may put into another order.
CLOSE = 50
# How many matches a list can show at most.
SHOWN = 30
# Listings that a search takes from the lexicon for their rare words, beside those that meaning finds.
# One rare word of many is no answer: it must say this share of their weight.
MOST_SAID, LEAST_SAID = 50, 0.5
# A search shows this many at most; nobody reads further, and every page costs the same.
LONGEST_SEARCH = 200
# Questions that are remembered until the market moves; each holds a few vectors and a mask over all rows.
QUESTIONS = 64
# Places in a search are so far apart that a family's first few count as nearly equal.
STEP = 0.01

NO_WORDS = Agreement()

Scored = tuple[float, Found, tuple[Part, ...]]


@dataclass(frozen=True)
class Ranking:
    """Ask the pool on behalf of one reader; `desk` for the brokers' own suggestions, which are made from inside."""

    matcher: Matcher
    session: Session
    reader: Reader
    desk: bool = False

    def matches(self, full: FullListing, *, scope: Scope, limit: int = 10) -> MatchList:
        """The best listings of the other direction, with everything that made them the best."""
        k, asked = max(CLOSE, limit), self._ask(full)
        if asked is None:
            return MatchList(_readiness(self.session, full.listing, self._view().encoder), scope)
        found, families = collapse.spread(
            lambda out: self._find(asked, k, lambda row: outside(row, out) & in_scope(row, full.listing, scope)),
            self._families,
            k,
        )
        matches = self._judge(asked, found, families)[:limit]
        return MatchList(Readiness.READY, scope, matches, asked.doubt)

    def explain(self, need: FullListing, result: FullListing) -> Match | None:
        """Why these two fit, as the need's own list would say it; None while a text waits for the encoder."""
        asked = self._ask(need)
        if asked is None:
            return None
        found = asked.closest(1, lambda columns: columns.owners == (result.listing.id or 0))
        match = next(iter(self._judge(asked, found)), None)
        if match is None or need.is_shortened:
            return match
        encoder = self._view().encoder
        try:
            said = elements(need.draft(), found[0], asked.pool, lambda text: self.matcher.encoded(text, encoder))
        except Unavailable:
            return match  # What serves cannot read new words; the score stands without them.
        return replace(match, elements=said)

    def among(self, full: FullListing, others: Sequence[int]) -> dict[int, tuple[Part, ...]]:
        """The parts of the scores that the listing's own list gives, or would give further down, to these others."""
        asked = self._ask(full)
        if asked is None:
            return {}
        wanted = np.array(others, dtype=np.int64)
        found = asked.closest(len(others), lambda columns: np.isin(columns.owners, wanted))
        return {row.owner: parts for _, row, parts in self._score(asked, found)}

    def saying(self, full: FullListing, limit: int) -> list[int]:
        """Row ids of the other direction by rare words alone, best first: a second opinion that knows no vectors."""
        return self._hits_of(full.listing, self._terms(full.listing), limit)

    def best(self, full: FullListing, *, scope: Scope, limit: int) -> list[int]:
        """Row ids of the best listings of the other direction, best first: `matches` without words, and any number."""
        asked = self._ask(full)
        if asked is None:
            return []
        found = self._find(asked, max(CLOSE, limit), lambda columns: in_scope(columns, full.listing, scope))
        return [row.owner for _, row, _ in self._score(asked, found)[:limit]]

    def search(self, text: str, filters: Filters, page: tuple[int, int]) -> Page[SearchHit]:
        """Listings that answer the words, best first, whatever their language; `page` is (number, size)."""
        view = self._view()
        sought = view.pool.seek(self.matcher.encoded(text, view.encoder), [detect_language(text)])
        market = view.keep(lambda columns: columns.alive)
        if is_long([text]):
            sought = view.pool.echoed(sought, market)
        sought = view.pool.scaled(sought, market)
        keep = market
        if filters != Filters():
            kept = np.array(listings.matching_ids(self.session, filters), dtype=np.int64)
            keep = view.keep(lambda columns: np.isin(columns.owners, kept))

        def among(few: Sequence[int]) -> list[Found]:
            only = view.keep(lambda columns: np.isin(columns.owners, few))
            return view.pool.search(sought, len(few), market=market, keep=only, echo=False)

        def best(out: Collection[int]) -> list[Found]:
            left = [rows & each for rows, each in zip(keep, view.keep(lambda x: outside(x, out)), strict=True)]
            return view.pool.search(sought, LONGEST_SEARCH, market=market, keep=left if out else keep, echo=False)

        found, _ = collapse.spread(best, self._families, LONGEST_SEARCH)
        found = self._with_what_says_it(text, filters, found, among)
        families = self._families([row.owner for row in found])
        # A place further down is a score that is nearly equal: of a family's first few the reader's language stands.
        order = families.one_of_each({row.owner: -STEP * place for place, row in enumerate(found)})[:LONGEST_SEARCH]
        by_owner = {row.owner: row for row in found}
        number, size = page
        rows = [by_owner[owner] for owner in order[(number - 1) * size : number * size]]
        return Page(self._hits(rows, families), number, size, len(order))

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
        return [*first, *(rows[id_] for id_ in order if id_ not in named)]

    def _ask(self, full: FullListing) -> Asked | None:
        """A listing's question to its whole market; None while it has no passages."""
        known, key = self._view().questions, (full.listing.id or 0, self.desk)
        # What its own people ask holds its sealed words, which are kept nowhere.
        is_kept = self.desk or not full.sight.own
        asked: Asked | None = known.get(key) if is_kept else None
        if asked is not None:
            return asked
        own = self._own(full)
        asked = self._asked(own) if own else None
        if asked is not None and is_kept:
            if len(known) >= QUESTIONS:
                known.clear()
            known[key] = asked
        return asked

    def _asked(self, own: Own) -> Asked:
        """The closest speak for the listing, what the market answers is measured, its rare words are looked up."""
        pool = own.rooms.pool
        market = own.rooms.keep(lambda columns: answers(columns, own.listing))
        sought = seek(pool, [each.passage for each in own.passages])
        if own.is_long:
            sought = pool.echoed(sought, market)
        return Asked(own, pool.scaled(sought, market), market, self._terms(own.listing))

    def _terms(self, listing: Listing) -> list[Term]:
        """The rare words of a listing that another one says too."""
        said = lexicon.said(self.session, [listing.id or 0]).get(listing.id or 0)
        return lexicon.rare_terms(self.session, said) if said else []

    def _find(self, asked: Asked, k: int, wanted: Callable[[Columns], Keep]) -> list[Found]:
        """The k best answers among the wanted rows, and those of them that say the same rare words."""
        found = asked.closest(k, wanted)
        if len(found) < k or not asked.terms:
            return found
        here = {row.owner for row in found}
        hits = self._hits_of(asked.own.listing, asked.terms, MOST_SAID)
        said = np.array([id_ for id_ in hits if id_ not in here], dtype=np.int64)
        more = asked.closest(len(said), lambda columns: wanted(columns) & np.isin(columns.owners, said))
        return [*found, *more[: len(said)]]

    def _hits_of(self, listing: Listing, terms: Sequence[Term], limit: int) -> list[int]:
        """Listings of the other direction that say most of a listing's rare words, by what all may read."""
        other = Direction.RESULT if listing.direction is Direction.NEED else Direction.NEED
        wanted = lexicon.Wanted(direction=other.value, listed=queries.searchable(Filters()))
        return [hit.listing_id for hit in lexicon.hits(self.session, terms, wanted, limit)]

    def _families(self, owners: Collection[int]) -> Families:
        return families_of(self.session, owners, self.reader)

    def _view(self) -> View:
        return self.matcher.view(self.session)

    def _own(self, full: FullListing) -> Own | None:
        """The listing with those of its passages that may speak for it here; None while it has none."""
        is_inside = self.desk or full.sight.own
        view = self._view()
        rows = queries.quotable_of(self.session, full.listing.id or 0, view.encoder)
        own = [row for row in rows if is_inside or not row.passage.sealed]
        if not own:
            return None
        words = service.sealed_words(self.session, full) if full.sight.own and not self.desk else {}
        return Own(full.listing, own, view.inside if is_inside else view.open, words)

    def _judge(self, asked: Asked, found: Sequence[Found], families: Families = ALONE) -> list[Match]:
        """The best matches, one of each family; words are fetched only for those that are looked at."""
        scored = {row.owner: (score, row, parts) for score, row, parts in self._score(asked, found)}
        order = families.one_of_each({owner: each[0] for owner, each in scored.items()})[:SHOWN]
        return self._with_words([scored[owner] for owner in order], asked, families)

    def _score(self, asked: Asked, found: Sequence[Found]) -> list[Scored]:
        """Everything found with its parts, best first."""
        listing = asked.own.listing
        sides = sides_of(self.session, [listing.id or 0, *(row.owner for row in found)])
        mine, counted = sides[listing.id or 0], weights.active(self.session)
        shared = lexicon.shared(self.session, asked.terms, [row.owner for row in found]) if asked.terms else {}
        scored = []
        for row in found:
            other = sides.get(row.owner)
            if other is not None:
                pair = (mine, other) if listing.direction is Direction.NEED else (other, mine)
                parts = judge(*pair, row, counted, asked.words(shared.get(row.owner, NO_WORDS)))
                scored.append((scoring.total(parts), row, parts))
        return sorted(scored, key=lambda each: (-each[0], each[1].owner))

    def _with_words(self, scored: Sequence[Scored], asked: Asked, families: Families) -> list[Match]:
        cards, kin = self._cards([row.owner for _, row, _ in scored], families)
        shares = {row.owner: asked.pool.contributions(asked.sought, row) for _, row, _ in scored}
        texts = queries.quotable(self.session, [share.passage_id for some in shares.values() for share in some])
        return [
            Match(
                cards[row.owner],
                score,
                parts,
                asked.own.quote(row.pair[0]),
                quote(texts[row.pair[1]], cards[row.owner].lang),
                working(row),
                asked.aligned(cards[row.owner].lang, texts, owed(parts, row, shares[row.owner])),
                kin=kin.get(row.owner, NO_KIN),
            )
            for score, row, parts in scored
            if row.owner in cards and row.pair[1] in texts
        ]

    def _cards(self, owners: Sequence[int], families: Families) -> tuple[dict[int, ListingCard], dict[int, Kin]]:
        """The cards of these listings, and of those that each stands for."""
        cards = listings.cards(self.session, shown_with(owners, families), self.reader)
        return cards, {owner: kin_of(owner, families, cards) for owner in owners}

    def _hits(self, found: Sequence[Found], families: Families) -> list[SearchHit]:
        cards, kin = self._cards([row.owner for row in found], families)
        texts = queries.quotable(self.session, [row.pair[1] for row in found])
        return [
            SearchHit(
                cards[row.owner],
                fit(row.standing, row.reach),
                quote(texts[row.pair[1]], cards[row.owner].lang),
                kin.get(row.owner, NO_KIN),
            )
            for row in found
            if row.owner in cards and row.pair[1] in texts
        ]


def answers(columns: Columns, listing: Listing) -> Keep:
    """The rows that could answer a listing: the other direction, without its own."""
    wants_needs = listing.direction is Direction.RESULT
    found: Keep = (columns.is_need == wants_needs) & (columns.owners != (listing.id or 0))
    return found


def outside(columns: Columns, owners: Collection[int]) -> Keep:
    """All rows but those of these listings."""
    found: Keep = ~np.isin(columns.owners, np.array(sorted(owners), dtype=np.int64))
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


def _readiness(session: Session, listing: Listing, encoder: str) -> Readiness:
    embedding = queries.embedding_of(session, listing.id or 0, encoder)
    failed = embedding is not None and embedding.revision == listing.revision and embedding.problem
    waiting = listing.status is Status.PUBLISHED and not failed
    return Readiness.PENDING if waiting else Readiness.IMPOSSIBLE
