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
    # The question could not be understood yet, since the encoder is still loading; the list is the newest.
    starting: bool = False


def home(session: Session, reader: Reader) -> HomePage:
    """The front page for this reader."""
    newest = listings.browse(session, listings.Filters(), (1, NEWEST), reader)
    return HomePage(listings.counts(session), newest.rows)


def search(session: Session, wanted: SearchRequest, reader: Reader) -> SearchPage:
    """The answer to a question, best first; without one the market, newest first."""
    results, starting = _results(session, wanted, reader)
    if results.total and not results.rows:
        # A link to a page that is no more: the list has become shorter.
        wanted = replace(wanted, page=results.pages)
        results, starting = _results(session, wanted, reader)
    facets = [_facet_view(facet, reader.lang) for facet in listings.facets(session, wanted.filters)]
    facets.sort(key=lambda facet: CODED_FILTERS.index(facet.name))
    return SearchPage(
        request=wanted,
        results=results,
        directions=queries.direction_counts(session, wanted.filters),
        facets=facets,
        chips=_chips(wanted, reader.lang),
        starting=starting,
    )


def _results(session: Session, wanted: SearchRequest, reader: Reader) -> tuple[Page[Row], bool]:
    """The rows, and whether they are only the newest because the encoder is still loading."""
    try:
        if wanted.text:
            hits = Ranking(matcher(), session, reader).search(wanted.text, wanted.filters, wanted.slice)
            return _page(hits, [Row(hit.listing, hit.snippet, hit.kin) for hit in hits.rows]), False
    except Unavailable:
        log.info("the encoder is still loading; a question is answered with the newest listings")
    cards = listings.browse(session, wanted.filters, wanted.slice, reader)
    kin = with_kin(session, [card.id for card in cards.rows], reader)
    return _page(cards, [Row(card, kin=kin.get(card.id, NO_KIN)) for card in cards.rows]), bool(wanted.text)


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
