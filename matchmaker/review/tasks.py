"""Put the best matches of newly embedded listings on the desk, and say when the clock looks at those there are."""

from collections.abc import Sequence
from dataclasses import dataclass

from matchmaker.db import cursors
from matchmaker.db.engine import reading_session
from matchmaker.db.ticks import Tick
from matchmaker.db.uow import unit_of_work
from matchmaker.listings import queries as listings
from matchmaker.listings.confidence import Reader
from matchmaker.listings.models import Direction, Listing, Status
from matchmaker.listings.queries import FullListing
from matchmaker.matching.ranking import SHOWN, Ranking
from matchmaker.matching.reciprocity import Mutual, backward, mutual
from matchmaker.matching.runtime import Matcher
from matchmaker.matching.schemas import Match, Scope
from matchmaker.matching.weights import active
from matchmaker.review import clock, desk_clock, queries
from matchmaker.review.exploring import draw
from matchmaker.review.service import Found
from matchmaker.review.showings import Shown
from matchmaker.review.waiting import LEAST_SCORE, keep, place

# Few for each listing, and only those whose texts say something to both sides.
EACH = 5

# The desk's own place in the change log.
# Few at a time: whoever ends the server waits for a batch, and each of its pairs is ranked from both sides.
CURSOR, BATCH = "desk", 8
# Scores say how a result stands out in the market of the day: open pairs are scored again when the log has moved by
# this many entries, or by this share of the market, and a few needs at a time.
STALE_AFTER, STALE_SHARE, STALE_BATCH = 100, 0.1, 2
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
                found += _again(ranking, listings.full(session, need), result_ids)
    with unit_of_work(matcher.engine) as uow:
        keep(uow, found, last)
    return len(stale)


@dataclass(frozen=True)
class Picked:
    """A match of a listing's list that may go to the desk: its place from 1, and how likely it was to be picked."""

    match: Match
    rank: int
    propensity: float = 1.0


def _picked(ranking: Ranking, own: FullListing) -> dict[int, Picked]:
    """The best of a listing's own list, and now and then one from further down, by row id."""
    found = ranking.matches(own, scope=Scope.CROSS_BORDER, limit=SHOWN).matches
    # What means little to one side would have to mean too much to the other.
    best = [match for match in found[:EACH] if 2 * match.score >= LEAST_SCORE]
    picked = {match.listing.id: Picked(match, rank) for rank, match in enumerate(best, 1)}
    following = [match for match in found[EACH:] if match.score >= LEAST_SCORE]
    ids = [match.listing.public_id for match in following]
    drawn = draw(own.listing.public_id, ids, best=EACH, share=ranking.matcher.settings.explore)
    if drawn is not None:
        # The list is in the order of its scores, so those that follow stand together.
        match = following[drawn.index]
        picked[match.listing.id] = Picked(match, EACH + drawn.index + 1, drawn.propensity)
    return picked


def _pairs(ranking: Ranking, listing: Listing) -> list[Found]:
    """What is picked of a listing's own list, with what the other side's list says of each."""
    own = listings.full(ranking.session, listing)
    picked = _picked(ranking, own)
    found = []
    for id_, other in listings.fulls_by_id(ranking.session, picked).items():
        match = picked[id_].match
        if listing.direction is Direction.NEED:
            pair, said = (_id(own), id_), Mutual(match.parts, backward(ranking, own, other))
        else:
            pair, said = (id_, _id(own)), Mutual(ranking.among(other, [_id(own)]).get(_id(own)), match.score)
        found.append(_found(ranking, pair, said, picked[id_]))
    return found


def _again(ranking: Ranking, need: FullListing, result_ids: Sequence[int]) -> list[Found]:
    """The known pairs of a need with their new scores, and what is picked of its list today."""
    picked = _picked(ranking, need)
    ids = list(dict.fromkeys([*result_ids, *picked]))
    said = mutual(ranking, need, listings.fulls_by_id(ranking.session, ids))
    # A result that was withdrawn gets nothing; nobody sees it.
    return [_found(ranking, (_id(need), id_), said.get(id_, Mutual(None, None)), picked.get(id_)) for id_ in ids]


def _found(ranking: Ranking, pair: tuple[int, int], said: Mutual, picked: Picked | None) -> Found:
    return Found(*pair, said.both, said.need, said.result, _shown(ranking, said, picked))


def _shown(ranking: Ranking, said: Mutual, picked: Picked | None) -> Shown | None:
    """What will be known of a pair when somebody has judged it; nothing where the need's list says nothing of it."""
    if said.parts is None:
        return None
    values = {part.name: part.value for part in said.parts}
    weights, encoder = active(ranking.session).version, ranking.matcher.index.encoder
    if picked is None:
        return Shown(values, weights, encoder)
    return Shown(values, weights, encoder, picked.rank, picked.propensity)


def _id(full: FullListing) -> int:
    return full.listing.id or 0
