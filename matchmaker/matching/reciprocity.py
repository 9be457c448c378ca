"""What a pair is worth to both of its sides, which each have a list of their own.

A famous result stands high in many needs' lists, while each of those needs may be one of a thousand to the result. The
harmonic mean of the two scores is nearer to the lower one: a pair counts as much as the side says that wants it less.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matchmaker.listings.queries import FullListing
from matchmaker.matching.ranking import Ranking
from matchmaker.matching.schemas import Part
from matchmaker.matching.scoring import total


@dataclass(frozen=True)
class Mutual:
    """How the result stands in the need's list, part by part, and the need in the result's, from 0 to 1.

    None where a side's list cannot be computed, since its text waits for the encoder or left the market.
    """

    parts: Sequence[Part] | None
    result: float | None

    @property
    def need(self) -> float | None:
        """How the result stands in the need's list."""
        return None if self.parts is None else total(self.parts)

    @property
    def both(self) -> float:
        """The reciprocal score; where one side's is not known the other's, and 0 where neither is."""
        known = [score for score in (self.need, self.result) if score is not None]
        return harmonic(*known) if len(known) == 2 else sum(known)


def harmonic(one: float, other: float) -> float:
    """The harmonic mean of two scores; 0 where one of them is."""
    return 2 * one * other / (one + other) if one > 0 and other > 0 else 0.0


def backward(ranking: Ranking, need: FullListing, result: FullListing) -> float | None:
    """How the need stands in the result's list."""
    need_id = need.listing.id or 0
    parts = ranking.among(result, [need_id]).get(need_id)
    return None if parts is None else total(parts)


def mutual(ranking: Ranking, need: FullListing, results: Mapping[int, FullListing]) -> dict[int, Mutual]:
    """Both scores of a need with those of these results, by row id, that are on the market."""
    forward = ranking.among(need, list(results))
    return {id_: Mutual(parts, backward(ranking, need, results[id_])) for id_, parts in forward.items()}
