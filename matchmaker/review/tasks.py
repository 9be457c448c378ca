"""Put the best matches of newly embedded listings on the desk, and say when the clock looks at those there are."""

from matchmaker.db import cursors
from matchmaker.db.engine import reading_session
from matchmaker.db.ticks import Tick
from matchmaker.db.uow import unit_of_work
from matchmaker.listings import queries as listings
from matchmaker.listings.confidence import Reader
from matchmaker.listings.models import Direction, Listing, Status
from matchmaker.matching.ranking import Ranking
from matchmaker.matching.runtime import Matcher
from matchmaker.matching.schemas import Scope
from matchmaker.review import clock, desk_clock, queries
from matchmaker.review.service import Found, suggest

# A broker's time is the scarcest thing here: few for each listing, and only those whose texts say something.
EACH = 5
LEAST_SCORE = 0.35


# The desk's own place in the change log.
CURSOR, BATCH = "desk", 32
# Scores say how a result stands out in the market of the day: open pairs are scored again when the log has moved by
# this many entries, or by this share of the market, and a few needs at a time.
STALE_AFTER, STALE_SHARE, STALE_BATCH = 100, 0.1, 8
# Whoever waits for a broker's word waits a minute; a deadline of days may be an hour late in its reminder.
TICKS = (
    Tick("offers", 30.0, clock.offer_due),
    Tick("market", 30.0, clock.follow_market),
    Tick("lapses", 60.0, clock.lapse_due),
    Tick("refusals", 60.0, clock.tell_refused),
    Tick("interests", 600.0, clock.pass_on_due),
    Tick("parked", 600.0, clock.return_parked),
    Tick("reminders", 3600.0, clock.remind_due),
    Tick("assignment", 300.0, desk_clock.assign_untaken),
    # Age and nearness are counted in days.
    Tick("queue", 6 * 3600.0, desk_clock.reorder),
)


def follow(matcher: Matcher) -> int:
    """Suggest the best cross-border pairs of the next listings with new vectors; answers how many those were."""
    found: list[Found] = []
    with reading_session(matcher.engine) as session:
        begun = cursors.position(session, CURSOR)
        listing_ids, end = listings.embedded_since(session, begun, BATCH)
        if not listing_ids:
            return 0
        ranking = Ranking(matcher, session, Reader("en"), desk=True)
        for listing_id in listing_ids:
            listing = session.get(Listing, listing_id)
            if listing is not None and listing.status is Status.PUBLISHED:
                found += _pairs(ranking, listing)
    with unit_of_work(matcher.engine) as uow:
        suggest(uow, [pair for pair in found if pair.score >= LEAST_SCORE], end)
        cursors.advance(uow, CURSOR, end)
    return len(listing_ids)


def refresh(matcher: Matcher) -> int:
    """Score open pairs again whose market has changed; answers how many needs were looked at."""
    found: list[Found] = []
    with reading_session(matcher.engine) as session:
        last = listings.last_change(session)
        market = listings.counts(session)
        before = last - max(STALE_AFTER, int(STALE_SHARE * (market.needs + market.results)))
        stale = queries.stale_needs(session, before, STALE_BATCH)
        if not stale:
            return 0
        ranking = Ranking(matcher, session, Reader("en"), desk=True)
        for need_id, result_ids in stale.items():
            need = session.get(Listing, need_id)
            if need is not None:
                full = listings.full(session, need)
                again = ranking.among(full, result_ids)
                # A result that was withdrawn gets none; nobody sees it.
                found += [Found(need_id, result, again.get(result, 0.0)) for result in result_ids]
                found += [pair for pair in _pairs(ranking, need) if pair.score >= LEAST_SCORE]
    with unit_of_work(matcher.engine) as uow:
        suggest(uow, found, last)
    return len(stale)


def _pairs(ranking: Ranking, listing: Listing) -> list[Found]:
    """A need's own list, or for a result the needs that are closest, each with the score that its list says."""
    own = listings.full(ranking.session, listing)
    best = ranking.matches(own, scope=Scope.CROSS_BORDER, limit=EACH).matches
    if listing.direction is Direction.NEED:
        return [Found(listing.id or 0, match.listing.id, match.score) for match in best]
    found = []
    for match in best:
        if match.score < LEAST_SCORE:
            continue  # a need that means little to the result will not think more of it
        need = ranking.session.get(Listing, match.listing.id)
        explained = ranking.explain(listings.full(ranking.session, need), own) if need else None
        if explained is not None:
            found.append(Found(match.listing.id, listing.id or 0, explained.score))
    return found
