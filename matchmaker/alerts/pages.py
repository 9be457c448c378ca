"""What the page of standing questions shows."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from matchmaker.accounts.schemas import Actor
from matchmaker.alerts import queries
from matchmaker.alerts.models import SavedSearch
from matchmaker.core.text import shorten
from matchmaker.i18n import _
from matchmaker.listings.filter_words import label
from matchmaker.listings.search_request import CODED_FILTERS, SearchRequest

# As long as a name may grow by itself; its owner may write a longer one.
NAME = 60


@dataclass(frozen=True)
class Saved:
    """A saved search in words."""

    search: SavedSearch
    text: str
    filters: Sequence[str]
    told: int


def saved_searches(session: Session, lang: str, *, actor: Actor) -> list[Saved]:
    """The actor's searches, the newest first."""
    counts = queries.told_counts(session, actor.person_id)
    found = []
    for search in queries.searches(session, actor.person_id):
        wanted = SearchRequest.parse(search.query)
        found.append(Saved(search, wanted.text, filter_words(wanted, lang), counts.get(search.id or 0, 0)))
    return found


def filter_words(wanted: SearchRequest, lang: str) -> list[str]:
    """What the search is narrowed down to, in the reader's language."""
    words = {"need": _("Needs"), "result": _("Results")}
    found = [words[wanted.filters.direction]] if wanted.filters.direction else []
    return found + [label(name, code, lang) for name in CODED_FILTERS for code in getattr(wanted.filters, name)]


def name_for(wanted: SearchRequest, lang: str) -> str:
    """A name for a search that its owner did not name."""
    said = wanted.text or ", ".join(filter_words(wanted, lang)) or _("Everything new")
    return shorten(" ".join(said.split()), NAME)
