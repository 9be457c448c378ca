"""From what the pool found to the parts of a score; no database, so that an evaluation can ask."""

from collections.abc import Sequence
from math import exp

from embeddings.pool import Found, Share
from matchmaker.core.clock import now
from matchmaker.matching import scoring
from matchmaker.matching.queries import Quotable
from matchmaker.matching.schemas import NOTHING_SHARED, Part, Quote, Shared, Side, Weights, Working

# Where a standing (see embeddings/pool.py) becomes an even chance, and how fast it turns: the middle of the right
# answers of the demo stands at 2.7, of those right in part at 2.0, and 95 of 100 wrong ones below 1.1.
EVEN_STANDING, STEEPNESS = 1.9, 1.5
# Something always stands out, even where nothing answers: a reach of NEAR or more is full confidence, one of FAR
# nearly none. News that has nothing to do with the demo reaches 0.15, its needs 0.32 and more.
FAR, NEAR, LEAST_CONFIDENCE = 0.15, 0.35, 0.1


def fit(standing: float, reach: float) -> float:
    """A standing as a value from 0 to 1 that keeps its order among all answers to the same listing."""
    return confidence(reach) / (1 + exp(-STEEPNESS * (standing - EVEN_STANDING)))


def confidence(reach: float) -> float:
    """How much what stands out means, from what is nearest in the whole market."""
    return min(1.0, max(LEAST_CONFIDENCE, (reach - FAR) / (NEAR - FAR)))


def judge(
    need: Side, result: Side, found: Found, counted: Weights = scoring.HAND, shared: Shared = NOTHING_SHARED
) -> tuple[Part, ...]:
    """The parts of one pair's score."""
    return scoring.parts(scoring.Pair(need, result, fit(found.standing, found.reach), now(), shared), counted)


def owed(parts: Sequence[Part], row: Found, shares: Sequence[Share]) -> list[tuple[Share, float]]:
    """Each passage with the points of the score that are owed to it: what would be missing without its text."""
    weight = next(part.weight for part in parts if part.name == scoring.TEXT)
    full = fit(row.standing, row.reach)
    return [(share, weight * (full - fit(share.standing_without, row.reach))) for share in shares]


def working(row: Found) -> Working:
    return Working(row.whole, row.late, row.best, row.echo, row.level, row.standing)


def quote(found: Quotable, lang: str) -> Quote:
    """A passage as it may be shown: without words where it is sealed, or its listing was changed since it was read.

    Of a sealed one not even the language is told, but the original's.
    """
    if found.passage.sealed:
        return Quote(lang, "", sealed=True)
    return Quote(found.passage.lang, found.passage.text if found.is_current else "")
