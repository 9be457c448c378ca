"""What the portal's pages show: plain values with words in the reader's language, ready for a template."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask_babel import LazyString
from sqlmodel import Session

from matchmaker.core.errors import Unavailable
from matchmaker.core.paging import Page
from matchmaker.i18n import lazy
from matchmaker.listings import queries as listings
from matchmaker.listings.confidence import Reader
from matchmaker.listings.filter_words import label
from matchmaker.listings.kin import NO_KIN, Kin, with_kin
from matchmaker.listings.models import Direction
from matchmaker.listings.queries import Counts, Facet
from matchmaker.listings.schemas import ListingCard
from matchmaker.listings.search_request import CODED_FILTERS, SearchRequest
from matchmaker.matching.answering import Renewing
from matchmaker.matching.ranking import Ranking
from matchmaker.matching.runtime import matcher
from matchmaker.matching.schemas import Quote
from matchmaker.portal import queries

log = logging.getLogger(__name__)

NEWEST = 6
# A facet shows so many choices; the others are behind "more".
SHOWN = 8

FACET_TITLES: Mapping[str, LazyString] = {
    "countries": lazy("Country"),
    "ipc_sections": lazy("Field of technology"),
    "nace_sections": lazy("Sector"),
    "trls": lazy("Maturity"),
    "languages": lazy("Original language"),
}

# By whether the search is renewed (it takes hours) or just starting, and whether something says the very words.
NOTICES: Mapping[tuple[bool, bool], LazyString] = {
    (False, False): lazy(
        "The search is starting and will understand your question in a moment. Until then these are the newest "
        "listings; please search again shortly."
    ),
    (False, True): lazy(
        "The search is starting and will understand your question in a moment. Until then these are the listings that "
        "say its very words; please search again shortly."
    ),
    (True, False): lazy(
        "The search is being renewed and will understand your question later. No listing says its very words, so "
        "these are the newest; please search again in some hours."
    ),
    (True, True): lazy(
        "The search is being renewed and will understand your question later. Until then these are the listings that "
        "say its very words; please search again in some hours."
    ),
}


@dataclass(frozen=True)
class HomePage:
    """The front door: the market in numbers and what is new on it."""

    counts: Counts
    newest: Sequence[ListingCard]


@dataclass(frozen=True)
class Choice:
    """One tick box: `name` and `code` are what the form sends."""

    name: str
    code: str
    label: str
    count: int
    chosen: bool


@dataclass(frozen=True)
class FacetView:
    """A group of tick boxes; `more` are folded away unless one of them is ticked."""

    name: str
    title: LazyString
    shown: Sequence[Choice]
    more: Sequence[Choice]


@dataclass(frozen=True)
class Row:
    """A listing of the answer, with the passage that fits the question best when one was asked."""

    card: ListingCard
    snippet: Quote | None = None
    kin: Kin = NO_KIN


@dataclass(frozen=True)
class SearchPage:
    """The list, what narrows it down, and what already does."""

    request: SearchRequest
    results: Page[Row]
    directions: Mapping[Direction, int]
    facets: Sequence[FacetView]
    chips: Sequence[Choice]
    # What the list is instead of an answer to the question, which cannot be understood yet.
    notice: LazyString | None = None


def home(session: Session, reader: Reader) -> HomePage:
    """The front page for this reader."""
    newest = listings.browse(session, listings.Filters(), (1, NEWEST), reader)
    return HomePage(listings.counts(session), newest.rows)


def search(session: Session, wanted: SearchRequest, reader: Reader) -> SearchPage:
    """The answer to a question, best first; without one the market, newest first."""
    results, notice = _results(session, wanted, reader)
    if results.total and not results.rows:
        # A link to a page that is no more: the list has become shorter.
        wanted = replace(wanted, page=results.pages)
        results, notice = _results(session, wanted, reader)
    facets = [_facet_view(facet, reader.lang) for facet in listings.facets(session, wanted.filters)]
    facets.sort(key=lambda facet: CODED_FILTERS.index(facet.name))
    return SearchPage(
        request=wanted,
        results=results,
        directions=queries.direction_counts(session, wanted.filters),
        facets=facets,
        chips=_chips(wanted, reader.lang),
        notice=notice,
    )


def _results(session: Session, wanted: SearchRequest, reader: Reader) -> tuple[Page[Row], LazyString | None]:
    """The rows, and what they are instead where the question cannot be understood yet."""
    try:
        if wanted.text:
            hits = Ranking(matcher(), session, reader).search(wanted.text, wanted.filters, wanted.slice)
            return _page(hits, [Row(hit.listing, hit.snippet, hit.kin) for hit in hits.rows]), None
    except Unavailable as error:
        log.info("a question is answered by its words, or with the newest listings: %s", error)
        said = listings.containing(session, wanted.text, wanted.filters)
        notice = NOTICES[isinstance(error, Renewing), bool(said)]
        return (_these(session, said, wanted, reader) if said else _newest(session, wanted, reader)), notice
    return _newest(session, wanted, reader), None


def _these(session: Session, ids: Sequence[int], wanted: SearchRequest, reader: Reader) -> Page[Row]:
    number, size = wanted.slice
    shown = ids[(number - 1) * size : number * size]
    cards = listings.cards(session, shown, reader)
    return Page([Row(cards[id_]) for id_ in shown if id_ in cards], number, size, len(ids))


def _newest(session: Session, wanted: SearchRequest, reader: Reader) -> Page[Row]:
    cards = listings.browse(session, wanted.filters, wanted.slice, reader)
    kin = with_kin(session, [card.id for card in cards.rows], reader)
    return _page(cards, [Row(card, kin=kin.get(card.id, NO_KIN)) for card in cards.rows])


def _page(found: Page[Any], rows: list[Row]) -> Page[Row]:
    return Page(rows, found.number, found.size, found.total)


def _facet_view(facet: Facet, lang: str) -> FacetView:
    choices = [
        Choice(facet.name, value.code, label(facet.name, value.code, lang), value.count, value.chosen)
        for value in facet.values
    ]
    if facet.name == "trls":
        choices.sort(key=lambda choice: choice.code)
        return FacetView(facet.name, FACET_TITLES[facet.name], choices, ())
    return FacetView(facet.name, FACET_TITLES[facet.name], choices[:SHOWN], choices[SHOWN:])


def _chips(wanted: SearchRequest, lang: str) -> list[Choice]:
    """What the list is narrowed down to, each to be taken away by itself."""
    return [
        Choice(name, code, label(name, code, lang), 0, chosen=True)
        for name in CODED_FILTERS
        for code in getattr(wanted.filters, name)
    ]
