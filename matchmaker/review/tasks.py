"""Put the best matches of newly embedded listings on the desk, and say when the clock looks at those there are."""

from matchmaker.db import cursors
from matchmaker.db.engine import reading_session
from matchmaker.db.ticks import Tick
from matchmaker.db.uow import unit_of_work
from matchmaker.listings import queries as listings
from matchmaker.listings.confidence import Reader
from matchmaker.listings.models import Direction, Listing, Status
from matchmaker.listings.queries import FullListing
from matchmaker.matching.ranking import Ranking
from matchmaker.matching.reciprocity import Mutual, backward, mutual
from matchmaker.matching.runtime import Matcher
from matchmaker.matching.schemas import Scope
from matchmaker.review import clock, desk_clock, queries
from matchmaker.review.service import Found
from matchmaker.review.waiting import LEAST_SCORE, keep, place

# Few for each listing, and only those whose texts say something to both sides.
EACH = 5

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
    # A place is free when a match is decided, and on Monday.
    Tick("waiting", 600.0, place),
    Tick("assignment", 300.0, desk_clock.assign_untaken),
    # Age and nearness are counted in days.
    Tick("queue", 6 * 3600.0, desk_clock.reorder),
)


def follow(matcher: Matcher) -> int:
    """Find the best cross-border pairs of the next listings with new vectors; answers how many those were."""
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
        keep(uow, found, end)
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
                again = mutual(ranking, full, listings.fulls_by_id(session, result_ids))
                # A result that was withdrawn gets nothing; nobody sees it.
                found += [_found(need_id, result, again.get(result, Mutual(None, None))) for result in result_ids]
                found += [pair for pair in _pairs(ranking, need) if pair.result_id not in again]
    with unit_of_work(matcher.engine) as uow:
        keep(uow, found, last)
    return len(stale)


def _pairs(ranking: Ranking, listing: Listing) -> list[Found]:
    """The best of a listing's own list, with what the other side's list says of each."""
    own = listings.full(ranking.session, listing)
    best = ranking.matches(own, scope=Scope.CROSS_BORDER, limit=EACH).matches
    # What means little to one side would have to mean too much to the other.
    good = {match.listing.id: match.score for match in best if 2 * match.score >= LEAST_SCORE}
    others = listings.fulls_by_id(ranking.session, good).items()
    if listing.direction is Direction.NEED:
        pairs = [(own, other, Mutual(good[id_], backward(ranking, own, other))) for id_, other in others]
    else:
        pairs = [(other, own, Mutual(_forward(ranking, other, own), good[id_])) for id_, other in others]
    return [_found(_id(need), _id(result), said) for need, result, said in pairs]


def _forward(ranking: Ranking, need: FullListing, result: FullListing) -> float | None:
    return ranking.among(need, [_id(result)]).get(_id(result))


def _found(need_id: int, result_id: int, said: Mutual) -> Found:
    return Found(need_id, result_id, said.both, said.need, said.result)


def _id(full: FullListing) -> int:
    return full.listing.id or 0
