"""How far graders agree; pure functions, checked by hand in their tests.

Cohen's kappa with quadratic weights (Cohen 1968): 1 − the mean squared distance of two graders' grades of the same
items, over the mean squared distance that their grades would have if they were dealt out at random. Of more than two
graders the mean over all pairs of graders (Light 1971), each pair counting as often as it has items in common, so
that two who share three items do not outweigh two who share three hundred. Intervals come of a seeded bootstrap over
items. Where all grades are the same, or few items were graded twice, nothing can be said, and kappa is None.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

SEED, SAMPLES, AT_ONCE = 20261125, 1000, 100
# Of fewer items kappa is a toss of a coin.
LEAST_ITEMS = 5

Floats = NDArray[np.float64]
Grades = Mapping[int, Mapping[int, int]]
"""Item → grader → grade."""


@dataclass(frozen=True)
class Kappa:
    """A weighted kappa and its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Agreement:
    """How often graders said the same, or nearly; of items with two grades or more. Shares are None where none is."""

    items: int
    same: float | None = None
    near: float | None = None
    kappa: Kappa | None = None


@dataclass(frozen=True)
class _Shared:
    """What two graders both graded: positions of the items, and each one's grades."""

    items: NDArray[np.int64]
    a: Floats
    b: Floats


def agreement(grades: Grades, *, grader: int | None = None) -> Agreement:
    """Of all graders with each other, or of one with all others."""
    shared = _shared(grades, grader)
    used = sorted({int(item) for pair in shared for item in pair.items})
    if not used:
        return Agreement(0)
    distances = np.concatenate([np.abs(pair.a - pair.b) for pair in shared])
    return Agreement(len(used), float((distances == 0).mean()), float((distances <= 1).mean()), _kappa(shared, used))


def weighted_kappa(a: Sequence[int], b: Sequence[int]) -> float | None:
    """Of two graders' grades of the same items, in the same order."""
    positions = np.arange(len(a), dtype=np.int64)
    shared = _Shared(positions, np.array(a, dtype=np.float64), np.array(b, dtype=np.float64))
    return _value([shared], np.ones((1, len(a))))[0] if len(a) else None


def distance(grades: Iterable[int]) -> int:
    """How many steps lie between the lowest and the highest grade."""
    found = list(grades)
    return max(found) - min(found) if found else 0


def _shared(grades: Grades, grader: int | None) -> list[_Shared]:
    """Every two graders with items in common, and only those of `grader` where one is named."""
    common: dict[tuple[int, int], list[tuple[int, int, int]]] = {}
    for position, (_item, given) in enumerate(sorted(grades.items())):
        for one, other in combinations(sorted(given), 2):
            if grader is None or grader in (one, other):
                common.setdefault((one, other), []).append((position, given[one], given[other]))
    columns = (np.array(rows, dtype=np.int64).T for _, rows in sorted(common.items()))
    return [_Shared(row[0], row[1].astype(np.float64), row[2].astype(np.float64)) for row in columns]


def _kappa(shared: Sequence[_Shared], used: Sequence[int]) -> Kappa | None:
    places = np.array(used, dtype=np.int64)
    within = [_Shared(np.searchsorted(places, pair.items), pair.a, pair.b) for pair in shared]
    value = _value(within, np.ones((1, len(used))))[0]
    if value is None or len(used) < LEAST_ITEMS:
        return None
    random = np.random.default_rng(SEED)
    found: list[float] = []
    for _ in range(0, SAMPLES, AT_ONCE):
        times = random.multinomial(len(used), np.full(len(used), 1 / len(used)), size=AT_ONCE)
        found += [one for one in _value(within, times.astype(np.float64)) if one is not None]
    low, high = np.percentile(found, [2.5, 97.5]) if found else (value, value)
    return Kappa(value, float(low), float(high))


def _value(shared: Sequence[_Shared], times: Floats) -> list[float | None]:
    """The kappa of each sample; `times` (samples, items) says how often an item is in it."""
    total, weight = np.zeros(len(times)), np.zeros(len(times))
    for pair in shared:
        often = times[:, pair.items]
        n = often.sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            observed = often @ (pair.a - pair.b) ** 2 / n
            means = (often @ pair.a) * (often @ pair.b) / n**2
            expected = (often @ pair.a**2 + often @ pair.b**2) / n - 2 * means
            kappa = 1 - observed / expected
        # Rounding leaves a trace where all grades are the same.
        defined = (n > 0) & (np.nan_to_num(expected) > 1e-9)
        total += np.where(defined, kappa, 0.0) * np.where(defined, n, 0.0)
        weight += np.where(defined, n, 0.0)
    return [float(t / w) if w else None for t, w in zip(total, weight, strict=True)]
