"""Keep questions, and tell of their new answers once each."""

from collections.abc import Collection

from sqlmodel import select

from matchmaker.accounts.schemas import Actor
from matchmaker.alerts import news, queries
from matchmaker.alerts.models import SavedSearch, ToldAnswer
from matchmaker.audit.service import record
from matchmaker.core.errors import Conflict, Invalid, NotFound
from matchmaker.core.text import clean_line, shorten
from matchmaker.db import cursors
from matchmaker.db.cursors import LogCursor
from matchmaker.db.uow import UnitOfWork
from matchmaker.listings.models import Listing
from matchmaker.listings.search_request import SearchRequest
from matchmaker.notifications.service import News, tell

# Nobody reads the news of more, and each costs a search whenever something new is published.
MOST_SEARCHES = 50
LONGEST_NAME, LONGEST_QUERY = 128, 2048


def save(uow: UnitOfWork, name: str, wanted: SearchRequest, *, actor: Actor) -> tuple[SavedSearch, bool]:
    """Keep a search; answers it and whether it is new: the same question is kept once.

    Raises Conflict when the actor has as many as anybody may, Invalid when the question is too long to be kept.
    """
    if len(wanted.query) > LONGEST_QUERY:
        raise Invalid({"query": "string_too_long"})
    mine = queries.searches(uow.session, actor.person_id)
    for known in mine:
        if known.query == wanted.query:
            return known, False
    if len(mine) >= MOST_SEARCHES:
        raise Conflict("too many saved searches")
    search = SavedSearch(person_id=actor.person_id, name=_name(name), query=wanted.query)
    uow.session.add(search)
    record(uow, actor.public_id, "search.save", ("search", search.public_id))
    return search, True


def rename(uow: UnitOfWork, public_id: str, name: str, *, actor: Actor) -> SavedSearch:
    """Give a search another name; raises NotFound for somebody else's."""
    search = _mine(uow, public_id, actor)
    search.name = _name(name)
    record(uow, actor.public_id, "search.rename", ("search", public_id))
    return search


def delete(uow: UnitOfWork, public_id: str, *, actor: Actor) -> SavedSearch:
    """Forget a search and what it was told; raises NotFound for somebody else's."""
    search = _mine(uow, public_id, actor)
    place = uow.session.get(LogCursor, queries.cursor_of(search))
    if place is not None:
        uow.session.delete(place)
    uow.session.delete(search)
    record(uow, actor.public_id, "search.delete", ("search", public_id))
    return search


def look(uow: UnitOfWork, search_id: int, known: Collection[int], new: Collection[int], end: int) -> int:
    """Note the answers of a search, tell of the new ones in one piece of news, and move on to `end` in the change log.

    `known` are those that answered when the search was saved. Answers how many were told.
    """
    search = uow.session.get(SavedSearch, search_id)
    if search is None:
        return 0  # deleted meanwhile
    told = queries.told(uow.session, search_id=search_id)
    untold = (set(known) | set(new)) - told
    uow.session.add_all(ToldAnswer(saved_search_id=search_id, answer_id=answer) for answer in sorted(untold))
    cursors.advance(uow, queries.cursor_of(search), end)
    fresh = queries.fresh(uow.session, set(new) - told, told)
    if fresh:
        params = {"search": search.public_id, "count": str(fresh)}
        tell(uow, [search.person_id], News(news.SEARCH.name, f"/alerts/{search.public_id}", params))
    return fresh


def answered(uow: UnitOfWork, listing_id: int, answers: Collection[int], *, quiet: bool) -> int:
    """The same for a listing that asks: those who write for its owner are told; `quiet` only notes the answers."""
    told = queries.told(uow.session, listing_id=listing_id)
    new = sorted(set(answers) - told)
    fresh = queries.fresh(uow.session, set(new), told)
    uow.session.add_all(ToldAnswer(listing_id=listing_id, answer_id=answer) for answer in new)
    listing = uow.session.exec(select(Listing).where(Listing.id == listing_id)).one()
    if fresh and not quiet:
        params = {"listing": listing.public_id, "count": str(fresh)}
        people = queries.writers(uow.session, listing.organisation_id)
        tell(uow, people, News(news.LISTING.name, f"/listings/{listing.public_id}#matches", params))
    return 0 if quiet else fresh


def _name(name: str) -> str:
    name = shorten(clean_line(name), LONGEST_NAME)
    if not name:
        raise Invalid({"name": "missing"})
    return name


def _mine(uow: UnitOfWork, public_id: str, actor: Actor) -> SavedSearch:
    search = queries.search_of(uow.session, actor.person_id, public_id)
    if search is None:
        raise NotFound("no such search")
    return search
