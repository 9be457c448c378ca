"""Join several rankings into one."""

from collections.abc import Hashable, Sequence
from typing import TypeVar

# Cormack, Clarke and Büttcher 2009: large enough that a first place in one list does not outweigh two good ones.
K = 60

T = TypeVar("T", bound=Hashable)


def fuse(rankings: Sequence[Sequence[T]], k: int = K) -> list[T]:
    """All that any ranking names, by the sum of 1 / (k + rank), ranks counted from 1.

    Equals keep the order in which they are first met. Something named twice in a ranking counts at its better place.
    """
    if k < 0:
        raise ValueError(f"a rank needs a constant of at least 0, not {k}")
    scores: dict[T, float] = {}
    for ranking in rankings:
        for rank, item in enumerate(dict.fromkeys(ranking), start=1):
            scores[item] = scores.get(item, 0.0) + 1 / (k + rank)
    return sorted(scores, key=lambda item: -scores[item])
