"""The response funnel from many paths: pure figures, no database and no words."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matchmaker.insights.funnel_queries import Paths, Published
from matchmaker.insights.steps import Ending, Step

DAY = 86_400.0


@dataclass(frozen=True)
class Stage:
    """One step: `reached` counts the matches that came so far or farther; the other counts add up to it.

    `skipped` of them went past the step without making it, as an expression of interest does.
    """

    step: Step
    reached: int
    went_on: int
    waiting: int
    dropped: int
    # Over because the aim was reached, an agreement or none.
    concluded: int
    skipped: int
    # Median days since the step before that the match made; None where no match made both.
    days: float | None


@dataclass(frozen=True)
class Drop:
    """So many matches ended at a step in one way."""

    step: Step
    ending: Ending
    count: int


@dataclass(frozen=True)
class Funnel:
    """Everything about the matches of a period."""

    published: Published
    stages: tuple[Stage, ...]
    drops: tuple[Drop, ...]

    @property
    def matches(self) -> int:
        return self.stages[0].reached

    @property
    def days_to_match(self) -> float | None:
        """Median days from a listing's publication to its first match."""
        return _median(self.published.waits)


@dataclass(frozen=True)
class Group:
    """The matches of one group by step, in the order of the steps."""

    key: tuple[str, ...]
    reached: tuple[int, ...]
    dropped: int


def funnel(paths: Paths, published: Published) -> Funnel:
    """The figures of all paths together."""
    farthest = _farthest(paths)
    fates = _fates(paths, farthest)
    stages = tuple(_stage(paths, step, farthest, fates) for step in Step)
    counted = Counter((Step(farthest[row]), ending) for row, ending in paths.endings.items() if fates[row] == _DROPPED)
    drops = [Drop(step, ending, count) for (step, ending), count in counted.items()]
    return Funnel(published, stages, tuple(sorted(drops, key=lambda drop: (drop.step, -drop.count, drop.ending))))


def groups(paths: Paths, keys: Sequence[tuple[str, ...]], members: NDArray[np.int64]) -> list[Group]:
    """Figures per group, the largest first; `members` are rows (row of a path, number of a key).

    A match may belong to several groups, such as fields.
    """
    farthest = _farthest(paths)
    dropped = _fates(paths, farthest) == _DROPPED
    rows, numbers = members.T
    table = np.zeros((len(keys), len(Step)), dtype=np.int64)
    for step in Step:
        table[:, step] = np.bincount(numbers[farthest[rows] >= step], minlength=len(keys))
    lost = np.bincount(numbers[dropped[rows]], minlength=len(keys))
    found = [Group(key, tuple(table[i].tolist()), int(lost[i])) for i, key in enumerate(keys)]
    return sorted(found, key=lambda group: (-group.reached[0], group.key))


def pairs_of(sides: Sequence[NDArray[np.int64]], names: Sequence[Mapping[int, str]]) -> list[tuple[str, ...]]:
    """Per match the names of its two sides, "" where there is none."""
    needs, results = ([known.get(id_, "") for id_ in ids.tolist()] for ids, known in zip(sides, names, strict=True))
    return list(zip(needs, results, strict=True))


def numbered(found: Sequence[tuple[str, ...]]) -> tuple[list[tuple[str, ...]], NDArray[np.int64]]:
    """Keys and members for `groups`, of one key per match."""
    keys: dict[tuple[str, ...], int] = {}
    numbers = [keys.setdefault(key, len(keys)) for key in found]
    return list(keys), np.array([range(len(numbers)), numbers], dtype=np.int64).T.reshape(-1, 2)


_WAITING, _DROPPED, _CONCLUDED = 0, 1, 2


def _farthest(paths: Paths) -> NDArray[np.int64]:
    """The last step that each match has ever reached."""
    made = np.isfinite(paths.at)
    last: NDArray[np.int64] = made.shape[1] - 1 - np.argmax(made[:, ::-1], axis=1)
    return last


def _fates(paths: Paths, farthest: NDArray[np.int64]) -> NDArray[np.int64]:
    """What became of each match: it waits, dropped out, or is concluded."""
    fates = np.zeros(len(farthest), dtype=np.int64)
    for row, ending in paths.endings.items():
        fates[row] = _CONCLUDED if ending.is_good or farthest[row] == Step.AGREED else _DROPPED
    return fates


def _stage(paths: Paths, step: Step, farthest: NDArray[np.int64], fates: NDArray[np.int64]) -> Stage:
    here, reached = farthest == step, farthest >= step
    waiting, dropped, concluded = (int((here & (fates == fate)).sum()) for fate in (_WAITING, _DROPPED, _CONCLUDED))
    return Stage(
        step=step,
        reached=int(reached.sum()),
        went_on=int((farthest > step).sum()),
        waiting=waiting,
        dropped=dropped,
        concluded=concluded,
        skipped=int((reached & ~np.isfinite(paths.at[:, step])).sum()),
        days=_median(_waits(paths, step)),
    )


def _waits(paths: Paths, step: Step) -> NDArray[np.float64]:
    """Seconds from the step before that the match made, of those that made this one."""
    if step is Step.SUGGESTED:
        return np.empty(0)
    at = paths.at[np.isfinite(paths.at[:, step])]
    before = np.where(np.isfinite(at[:, :step]), at[:, :step], -np.inf).max(axis=1)
    waits: NDArray[np.float64] = np.maximum(0.0, at[:, step] - before)
    return waits


def _median(seconds: NDArray[np.float64]) -> float | None:
    return float(np.median(seconds)) / DAY if len(seconds) else None
