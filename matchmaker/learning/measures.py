"""How well scores tell endorsed from declined; pure functions, checked by hand in their tests.

AUC: Hanley and McNeil 1982, ties count half. Log loss in nats. ECE: Naeini et al. 2015, over bins of equal width.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Measure = Callable[[NDArray[np.int64]], float]
"""A measure of some rows, by their numbers."""

BINS = 10
# Chances are kept away from 0 and 1, where one surprise would cost without end.
LEAST_CHANCE = 1e-6
SEED, SAMPLES = 20261125, 500


@dataclass(frozen=True)
class Bin:
    """The matches whose chance lies between `low` and `high`: how many, what was said of them, what came of them."""

    low: float
    high: float
    count: int
    said: float
    happened: float


@dataclass(frozen=True)
class Figure:
    """A measure and its 95 % interval."""

    value: float
    low: float
    high: float


def auc(scores: Floats, yes: Flags) -> float:
    """How often an endorsed match has the higher score than a declined one; 0.5 where there is but one kind."""
    good, bad = int(yes.sum()), int((~yes).sum())
    if not good or not bad:
        return 0.5
    _, places, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[places]
    return float((ranks[yes].sum() - good * (good + 1) / 2) / (good * bad))


def log_loss(chances: Floats, yes: Flags) -> float:
    """The mean surprise at what happened; lower is better."""
    kept = np.clip(chances, LEAST_CHANCE, 1 - LEAST_CHANCE)
    return float(-np.where(yes, np.log(kept), np.log(1 - kept)).mean())


def ndcg(scores: Floats, yes: Flags) -> float:
    """How early the endorsed ones come when all are put in the order of their scores; 0 where there are none."""
    ordered = yes[np.argsort(-scores, kind="stable")]
    discounts = 1 / np.log2(np.arange(2, len(ordered) + 2))
    ideal = discounts[: int(yes.sum())].sum()
    return float(discounts[ordered].sum() / ideal) if ideal else 0.0


def bins(chances: Floats, yes: Flags, count: int = BINS) -> list[Bin]:
    """The matches sorted into bins of equal width by their chance; empty ones are left out."""
    places = np.minimum((chances * count).astype(int), count - 1)
    found = []
    for place in range(count):
        inside = places == place
        if inside.any():
            said, happened = float(chances[inside].mean()), float(yes[inside].mean())
            found.append(Bin(place / count, (place + 1) / count, int(inside.sum()), said, happened))
    return found


def ece(found: Sequence[Bin]) -> float:
    """By how much chances miss what happened, on the average over matches."""
    total = sum(each.count for each in found)
    return sum(each.count * abs(each.said - each.happened) for each in found) / total if total else 0.0


def compare(old: Measure, new: Measure, count: int) -> tuple[Figure, Figure, Figure]:
    """Two measures of the same `count` rows and new less old, with the intervals of a seeded bootstrap over rows."""
    random = np.random.default_rng(SEED)
    draws = [np.arange(count), *(random.integers(0, count, count) for _ in range(SAMPLES))]
    before, after = (np.array([measure(rows) for rows in draws]) for measure in (old, new))
    return _figure(before), _figure(after), _figure(after - before)


def _figure(found: Floats) -> Figure:
    """The first is of all rows, the others of drawn ones, less what drawing itself adds: ECE counts its noise too."""
    value, drawn = float(found[0]), found[1:]
    low, high = np.percentile(drawn - (drawn.mean() - value), [2.5, 97.5])
    return Figure(value, float(low), float(high))
