"""What the JSON of an evaluation run says; its shape is that of `evaluation.Result.as_dict()` and what others add.

    {"product": {"cross_border": {"ndcg@10": 0.14, …, "queries": 603, "intervals": {"ndcg@10": [0.12, 0.15], …}}},
     "plain_cosine": {…}, "bm25": {…},                      ways of ranking, each by scope
     "pairs": {"zh>de": {…}},                               the product across borders, by language of query and answer
     "ablation": [{"step", "scope", "measure", "mean", "low", "high", "delta", "delta_low", "delta_high"}],
     "calibration": {"ece": 0.03, "bins": [{"predicted", "observed", "count"}]},
     "coverage": 0.83, "gini": 0.41, "lorenz": [0, …, 1]}

All of it is optional. A part that is not as said here is left out, never guessed.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

# Keys of the JSON that are no way of ranking.
OTHERS = frozenset(
    {
        "pairs",
        "worst_pair",
        "pairs_among_all",
        "worst_pair_among_all",
        "ablation",
        "reasons",
        "calibration",
        "coverage",
        "gini",
        "lorenz",
    }
)


@dataclass(frozen=True)
class Estimate:
    """A mean with its 95 % interval; both ends are the mean where nobody computed one."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Measured:
    """Measures by name, over so many queries."""

    queries: int
    measures: Mapping[str, Estimate]


@dataclass(frozen=True)
class Ablated:
    """What the ranking reached with all steps up to one, and what that step added."""

    step: str
    scope: str
    measure: str
    value: Estimate
    delta: Estimate | None = None


@dataclass(frozen=True)
class Bin:
    """Pairs of about one predicted probability: how many, and how often it came true."""

    predicted: float
    observed: float
    count: int


@dataclass(frozen=True)
class RunFigures:
    """Everything that a run found."""

    ways: Mapping[str, Mapping[str, Measured]] = field(default_factory=dict)
    pairs: Mapping[tuple[str, str], Measured] = field(default_factory=dict)
    ablation: tuple[Ablated, ...] = ()
    ece: float | None = None
    bins: tuple[Bin, ...] = ()
    coverage: float | None = None
    gini: float | None = None
    # Shares of all exposure that the least exposed listings have together, from 0 to 1, evenly spaced.
    lorenz: tuple[float, ...] = ()


def read(text: str) -> RunFigures:
    """The figures of a run's JSON."""
    said = json.loads(text)
    if not isinstance(said, dict):
        return RunFigures()
    calibration = _mapping(said.get("calibration"))
    ways = {name: _scopes(value) for name, value in said.items() if name not in OTHERS}
    return RunFigures(
        ways={name: scopes for name, scopes in ways.items() if scopes},
        pairs=_pairs(_mapping(said.get("pairs"))),
        ablation=tuple(row for row in map(_ablated, _list(said.get("ablation"))) if row),
        ece=_number(calibration.get("ece")),
        bins=tuple(row for row in map(_bin, _list(calibration.get("bins"))) if row),
        coverage=_number(said.get("coverage")),
        gini=_number(said.get("gini")),
        lorenz=_lorenz(_list(said.get("lorenz"))),
    )


def _scopes(value: Any) -> dict[str, Measured]:
    found = {str(scope): _measured(said) for scope, said in _mapping(value).items()}
    return {scope: measured for scope, measured in found.items() if measured}


def _pairs(said: Mapping[str, Any]) -> dict[tuple[str, str], Measured]:
    found = {}
    for pair, value in said.items():
        need, arrow, result = str(pair).partition(">")
        measured = _measured(value)
        if arrow and measured:
            found[need, result] = measured
    return found


def _measured(value: Any) -> Measured | None:
    said = _mapping(value)
    queries, intervals = _number(said.get("queries")), _mapping(said.get("intervals"))
    if queries is None:
        return None
    measures = {}
    for name, mean in said.items():
        number = _number(mean)
        if name not in {"queries", "intervals"} and number is not None:
            low, high = ([_number(end) for end in _list(intervals.get(name))] + [None, None])[:2]
            measures[name] = _estimate(number, low, high)
    return Measured(int(queries), measures)


def _ablated(value: Any) -> Ablated | None:
    said = _mapping(value)
    mean, delta = _number(said.get("mean")), _number(said.get("delta"))
    if mean is None or not said.get("step"):
        return None
    ends = {name: _number(said.get(name)) for name in ("low", "high", "delta_low", "delta_high")}
    return Ablated(
        step=str(said["step"]),
        scope=str(said.get("scope", "")),
        measure=str(said.get("measure", "")),
        value=_estimate(mean, ends["low"], ends["high"]),
        delta=None if delta is None else _estimate(delta, ends["delta_low"], ends["delta_high"]),
    )


def _bin(value: Any) -> Bin | None:
    said = _mapping(value)
    predicted, observed, count = (_number(said.get(name)) for name in ("predicted", "observed", "count"))
    if predicted is None or observed is None or not count:
        return None
    return Bin(predicted, observed, int(count))


def _lorenz(values: list[Any]) -> tuple[float, ...]:
    numbers = [_number(value) for value in values]
    whole = len(numbers) > 1 and all(number is not None for number in numbers)
    return tuple(number for number in numbers if number is not None) if whole else ()


def _estimate(mean: float, low: float | None, high: float | None) -> Estimate:
    return Estimate(mean, mean if low is None else low, mean if high is None else high)


def _number(value: Any) -> float | None:
    """A finite number, or None; True is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        return None
    return float(value)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
