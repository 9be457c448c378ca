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
from matchmaker.matching.ranking import SHOWN, Ranking
from matchmaker.matching.runtime import Matcher
from matchmaker.matching.schemas import Match, Part, Scope
from matchmaker.matching.scoring import total
from matchmaker.matching.weights import active
from matchmaker.review import clock, desk_clock, queries
from matchmaker.review.exploring import draw
from matchmaker.review.service import Found, suggest
from matchmaker.review.showings import Shown

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
                found += [_again(ranking, need_id, result, again.get(result)) for result in result_ids]
                found += [pair for pair in _pairs(ranking, need) if pair.score >= LEAST_SCORE]
    with unit_of_work(matcher.engine) as uow:
        suggest(uow, found, last)
    return len(stale)


def _again(ranking: Ranking, need_id: int, result_id: int, parts: Sequence[Part] | None) -> Found:
    """A pair with its new score; a result that was withdrawn gets none, and nobody sees it."""
    if parts is None:
        return Found(need_id, result_id, 0.0)
    return Found(need_id, result_id, total(tuple(parts)), _shown(ranking, parts))


@dataclass(frozen=True)
class Picked:
    """A match of a listing's list that goes to the desk: its place from 1, and how likely it was to go there."""

    match: Match
    rank: int
    propensity: float = 1.0


def _picked(ranking: Ranking, listing: Listing, found: Sequence[Match]) -> list[Picked]:
    """The best of a list, and now and then one from further down."""
    picked = [Picked(match, rank) for rank, match in enumerate(found[:EACH], 1)]
    following = [match for match in found[EACH:] if match.score >= LEAST_SCORE]
    ids = [match.listing.public_id for match in following]
    drawn = draw(listing.public_id, ids, best=EACH, share=ranking.matcher.settings.explore)
    if drawn is not None:
        # The list is in the order of its scores, so those that follow stand together.
        picked.append(Picked(following[drawn.index], EACH + drawn.index + 1, drawn.propensity))
    return picked


def _pairs(ranking: Ranking, listing: Listing) -> list[Found]:
    """A need's own list, or for a result the needs that are closest, each with the score that its list says."""
    own = listings.full(ranking.session, listing)
    best = _picked(ranking, listing, ranking.matches(own, scope=Scope.CROSS_BORDER, limit=SHOWN).matches)
    if listing.direction is Direction.NEED:
        return [
            Found(listing.id or 0, one.match.listing.id, one.match.score, _shown(ranking, one.match.parts, one))
            for one in best
        ]
    found = []
    for one in best:
        if one.match.score < LEAST_SCORE:
            continue  # a need that means little to the result will not think more of it
        need = ranking.session.get(Listing, one.match.listing.id)
        explained = ranking.explain(listings.full(ranking.session, need), own) if need else None
        if explained is not None:
            shown = _shown(ranking, explained.parts, one)
            found.append(Found(one.match.listing.id, listing.id or 0, explained.score, shown))
    return found


def _shown(ranking: Ranking, parts: Sequence[Part], picked: Picked | None = None) -> Shown:
    """What will be known of a pair when somebody has judged it."""
    values = {part.name: part.value for part in parts}
    weights, encoder = active(ranking.session).version, ranking.matcher.index.encoder
    if picked is None:
        return Shown(values, weights, encoder)
    return Shown(values, weights, encoder, picked.rank, picked.propensity)
