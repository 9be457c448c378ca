"""Find the new answers to standing questions; followers of the matcher, whose process has the encoder.

Each looks at a few questions in a round and leaves the others to the next, a second later: however many people save
searches, the matcher's own work and the pages come first.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from matchmaker.accounts.models import Person
from matchmaker.accounts.queries import actor_of
from matchmaker.alerts import queries, service
from matchmaker.alerts.models import SavedSearch
from matchmaker.db import cursors
from matchmaker.db.cursors import LogCursor
from matchmaker.db.engine import reading_session
from matchmaker.db.uow import unit_of_work
from matchmaker.listings import queries as listings
from matchmaker.listings.confidence import Reader
from matchmaker.listings.models import Direction, Listing, Status
from matchmaker.listings.schemas import ListingCard
from matchmaker.listings.search_request import PAGE_SIZE, SearchRequest
from matchmaker.matching.ranking import Ranking
from matchmaker.matching.runtime import Matcher
from matchmaker.matching.schemas import Scope

# In one round so many saved searches, and so many listings that are new on the market.
SEARCHES, LISTINGS = 20, 4
# An answer to words is told when it stands on the first page and its score is this high, or says the very words: in
# the demo a question that has answers gives its best 0.5 to 0.8, one that has none gives everything less than 0.25.
LEAST_ANSWER = 0.35
# A match of one's own listing: higher than the desk's bar (0.35), since no broker has looked at it. In the demo 1.7
# results for each need are as good, of 2.7 that reach the desk.
LEAST_MATCH, EACH = 0.5, 10
# The standing listings' own place in the change log.
CURSOR = "alerts"


@dataclass(frozen=True)
class Look:
    """What one search found in one round."""

    search_id: int
    # What answered when it was saved, found at its first look.
    known: frozenset[int]
    new: frozenset[int]


def follow(matcher: Matcher) -> int:
    """A share of the questions in each round of the matcher; answers 0, so that nothing waits for the rest."""
    look_at_listings(matcher)
    # Last, since it may have to wait for an encoder that the other needs not.
    look_at_searches(matcher)
    return 0


def look_at_searches(matcher: Matcher) -> int:
    """Let some saved searches that are behind look at what is new; answers how many searches those were."""
    with reading_session(matcher.engine) as session:
        last = queries.last_embedded(session)
        ranking = Ranking(matcher, session, Reader("en"))
        looks = [_look(ranking, search, place) for search, place in queries.behind(session, last, SEARCHES)]
    for look in looks:
        with unit_of_work(matcher.engine) as uow:
            service.look(uow, look.search_id, look.known, look.new, last)
    return len(looks)


def _look(ranking: Ranking, search: SavedSearch, place: int | None) -> Look:
    session = ranking.session
    actor = actor_of(session, session.get_one(Person, search.person_id))
    found = _answers(ranking, search)
    ids = queries.of_others(session, [card.id for card in found], actor)
    younger = {card.id for card in found if card.published_at and card.published_at > search.created_at}
    if place is None:
        return Look(search.id or 0, frozenset(ids - younger), frozenset(ids & younger))
    changed = queries.embedded_after(session, place)
    # Without words an answer is new when it is new on the market; with words an edit may make one.
    new = ids & changed & (younger if not SearchRequest.parse(search.query).text else ids)
    return Look(search.id or 0, frozenset(), frozenset(new))


def _answers(ranking: Ranking, search: SavedSearch) -> list[ListingCard]:
    """What the search page shows on its first page and means."""
    wanted, session = SearchRequest.parse(search.query), ranking.session
    if not wanted.text:
        return list(listings.browse(session, wanted.filters, (1, PAGE_SIZE), ranking.reader).rows)
    hits = ranking.search(wanted.text, wanted.filters, (1, PAGE_SIZE)).rows
    said = set(listings.containing(session, wanted.text, wanted.filters))
    return [hit.listing for hit in hits if hit.score >= LEAST_ANSWER or hit.listing.id in said]


def look_at_listings(matcher: Matcher) -> int:
    """Tell the owners whose listings the next newly embedded ones answer; answers how many new ones those were."""
    with reading_session(matcher.engine) as session:
        if session.get(LogCursor, CURSOR) is None:
            return _begin(matcher)
        begun = cursors.position(session, CURSOR)
        new_ids, end = listings.embedded_since(session, begun, LISTINGS)
        if not new_ids:
            return 0
        ranking = Ranking(matcher, session, Reader("en"))
        pairs = [pair for listing_id in new_ids for pair in _pairs(ranking, listing_id)]
    with unit_of_work(matcher.engine) as uow:
        # A new listing's own list is on its page from the beginning: it is noted, so that only later ones are news.
        for own, others in _grouped(pairs).items():
            service.answered(uow, own, others, quiet=True)
        for other, new in _grouped([(other, own) for own, other in pairs]).items():
            service.answered(uow, other, new, quiet=False)
        cursors.advance(uow, CURSOR, end)
    return len(new_ids)


def _begin(matcher: Matcher) -> int:
    """What was on the market before anybody looked is no news."""
    with unit_of_work(matcher.engine) as uow:
        cursors.advance(uow, CURSOR, queries.last_embedded(uow.session))
    return 0


def _pairs(ranking: Ranking, listing_id: int) -> list[tuple[int, int]]:
    """The new listing with each that it answers, across borders, as the need of the two sees it."""
    listing = ranking.session.get(Listing, listing_id)
    if listing is None or listing.status is not Status.PUBLISHED:
        return []
    own = listings.full(ranking.session, listing)
    best = ranking.matches(own, scope=Scope.CROSS_BORDER, limit=EACH).matches
    others = listings.fulls_by_id(ranking.session, [match.listing.id for match in best])
    found = []
    for match in best:
        other = others[match.listing.id]
        if match.score < LEAST_MATCH or other.listing.organisation_id == listing.organisation_id:
            continue
        seen = match if listing.direction is Direction.NEED else ranking.explain(other, own)
        if seen is not None and seen.score >= LEAST_MATCH:
            found.append((listing_id, match.listing.id))
    return found


def _grouped(pairs: Sequence[tuple[int, int]]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    for question, answer in pairs:
        found.setdefault(question, set()).add(answer)
    return found
