"""Why pairs on the desk fit, kept while the market stays as it is: a verdict changes no score."""

from datetime import date
from weakref import WeakKeyDictionary

from matchmaker.core.clock import now
from matchmaker.core.errors import Unavailable
from matchmaker.listings.queries import FullListing, last_change
from matchmaker.matching import queries, reciprocity
from matchmaker.matching.ranking import Ranking
from matchmaker.matching.runtime import Matcher
from matchmaker.matching.schemas import Match
from matchmaker.matching.weights import active

# A broker's evening in several languages; a pair takes some kilobytes.
REMEMBERED = 2000

Market = tuple[int, date, int, str]
Pair = tuple[int | None, int | None, str, bool]


class Reasons:
    """The explanations of one state of the market: its newest change, the day, since freshness counts days, the version
    of the weights, and whose vectors are compared."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.known: dict[Pair, Match] = {}
        self.backward: dict[tuple[int | None, int | None], float] = {}


_of_matcher: "WeakKeyDictionary[Matcher, Reasons]" = WeakKeyDictionary()


def explain(ranking: Ranking, need: FullListing, result: FullListing) -> Match | None:
    """The calculation of a pair's score; None while a text or the encoder is not ready."""
    reasons = _current(ranking)
    pair = (need.listing.id, result.listing.id, ranking.reader.lang, ranking.desk)
    found = reasons.known.get(pair)
    if found is None:
        try:
            found = ranking.explain(need, result)
        except Unavailable:
            return None  # The encoder is still loading; a verdict does not have to wait for it.
        if found is not None:
            if len(reasons.known) >= REMEMBERED:
                reasons.known.clear()
            reasons.known[pair] = found
    return found


def backward(ranking: Ranking, need: FullListing, result: FullListing) -> float | None:
    """How the need stands in the result's own list; None while a text or the encoder is not ready."""
    known = _current(ranking).backward
    pair = (need.listing.id, result.listing.id)
    if pair not in known:
        try:
            found = reciprocity.backward(ranking, need, result)
        except Unavailable:
            return None
        if found is None:
            return None
        if len(known) >= REMEMBERED:
            known.clear()
        known[pair] = found
    return known[pair]


def _current(ranking: Ranking) -> Reasons:
    """What is known about the market as this reader sees it; anything older is forgotten."""
    serving = queries.serving(ranking.session)
    encoder = serving.encoder if serving else ""
    market = (last_change(ranking.session), now().date(), active(ranking.session).version, encoder)
    reasons = _of_matcher.get(ranking.matcher)
    if reasons is None or reasons.market != market:
        reasons = _of_matcher[ranking.matcher] = Reasons(market)
    return reasons
