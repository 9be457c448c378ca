"""Weights from verdicts: a logistic regression that begins as the current weights and gives way to evidence.

The chance of a yes is σ(intercept of who judges + Σ coefficient × value of the part). Coefficients are not negative, so
that no poster is rewarded for a worse fit, and divided by their sum they are the weights. The prior is as many verdicts
as `PRIOR_VERDICTS`, on the very matches that were judged, as the current weights foretell them: with 20 real ones it
has the say, with 2,000 it has little. How steeply chances rise with the score is held to `USUAL_SLOPE` as strongly.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray

from matchmaker.matching.schemas import Calibration
from matchmaker.matching.scoring import NEUTRAL
from matchmaker.review.models import Audience, DeclineReason

Floats = NDArray[np.float64]

PRIOR_VERDICTS = 200
# A match that was unlikely to be seen speaks for those like it that were not, but for no more than so many.
MOST_WEIGHT = 5.0
# A no for a reason that lies outside of the pair says nothing about how well it fits.
OUTSIDE = frozenset({DeclineReason.ALREADY_SOLVED.value, DeclineReason.NO_CAPACITY.value, DeclineReason.PRICE.value})
# From one chance in ten to nine between 35 and 90 points; a score always means a little.
USUAL_SLOPE, LEAST_SLOPE = 8.0, 0.5
# What one verdict says of the slope, where scores spread by 0.15: 0.25 × 0.15².
SLOPE_HOLD = PRIOR_VERDICTS * 0.0056
# Holds what no verdict speaks of where it was: a part that was the same for all.
HOLD = 0.5


@dataclass(frozen=True)
class Example:
    """What was shown (values of parts by name), to whom, how likely it was to be suggested, and what they said."""

    by: Audience
    yes: bool
    parts: Mapping[str, float]
    propensity: float = 1.0
    reason: str = ""


def teaching(examples: Sequence[Example]) -> list[Example]:
    """Those that say something about the pair: all of the desk's, and the sides' but for reasons outside of it."""
    return [one for one in examples if one.by is Audience.DESK or one.reason not in OUTSIDE]


def inverse_propensities(examples: Sequence[Example]) -> Floats:
    """How much each example counts: as 1 / propensity, clipped; together as their effective number (Kish 1965)."""
    raw = np.array([min(MOST_WEIGHT, 1 / max(one.propensity, 1e-9)) for one in examples])
    found: Floats = raw * raw.sum() / (raw**2).sum()
    return found


def values(examples: Sequence[Example], names: Sequence[str]) -> Floats:
    """The parts as a table (examples × names); what was not known when it was shown is neutral."""
    rows = [[one.parts.get(name, NEUTRAL) for name in names] for one in examples]
    return np.array(rows, dtype=np.float64).reshape(len(rows), len(names))


def scores(examples: Sequence[Example], weights: Mapping[str, float]) -> Floats:
    """What the weights make of the examples."""
    found: Floats = values(examples, list(weights)) @ np.array(list(weights.values()))
    return found


def learn(examples: Sequence[Example], current: Mapping[str, float]) -> dict[str, float]:
    """The weights that the verdicts speak for; the current ones where there are none, or all say the same."""
    taught = teaching(examples)
    if len({one.yes for one in taught}) < 2:
        return dict(current)
    names, count = list(current), len(taught)
    table, own = values(taught, names), np.array(list(current.values()))
    who = _who(taught)
    yes = np.array([one.yes for one in taught], dtype=np.float64)
    counted = inverse_propensities(taught)
    slope, *intercepts = _regress(
        np.column_stack([table @ own, who]),
        _softened(yes),
        counted,
        _Start(np.array([USUAL_SLOPE]), LEAST_SLOPE, SLOPE_HOLD),
    )
    foretold = _sigmoid(table @ (slope * own) + who @ np.array(intercepts))
    prior = PRIOR_VERDICTS / count
    together = counted + prior
    target = (counted * yes + prior * foretold) / together
    start = _Start(slope * own, 0.0, HOLD)
    found = _regress(np.column_stack([table, who]), target, together, start)[: len(names)]
    return dict(zip(names, (found / found.sum()).tolist(), strict=True)) if found.sum() > 0 else dict(current)


def calibrate(found: Floats, yes: NDArray[np.bool_]) -> Calibration | None:
    """The chance of a yes by score (Platt 1999, with his targets); the base rate where all say the same."""
    count, good = len(yes), int(yes.sum())
    if not count:
        return None
    if good in {0, count}:
        return Calibration(0.0, log((good + 1) / (count - good + 1)), count)
    design = np.column_stack([found, np.ones(count)])
    slope, intercept = _regress(
        design, _softened(yes.astype(np.float64)), np.ones(count), _Start(np.array([1.0]), 0, 1e-6)
    )
    return Calibration(float(slope), float(intercept), count)


def _softened(yes: Floats) -> Floats:
    """Platt's targets: as if one more of each kind had been seen, so that few verdicts claim no certainty."""
    good, bad = yes.sum(), (1 - yes).sum()
    found: Floats = np.where(yes > 0, (good + 1) / (good + 2), 1 / (bad + 2))
    return found


def _who(examples: Sequence[Example]) -> Floats:
    """Intercepts: of all, and what the sides differ by, who only see what a broker has endorsed."""
    sides = np.array([one.by is not Audience.DESK for one in examples], dtype=np.float64)
    every = np.ones(len(examples))
    return np.column_stack([every, sides]) if 0 < sides.sum() < len(examples) else every[:, None]


@dataclass(frozen=True)
class _Start:
    """Where the first coefficients begin, what they may not fall below, and how hard they are held there."""

    at: Floats
    least: float
    hold: float


def _regress(design: Floats, target: Floats, counted: Floats, start: _Start) -> Floats:
    """Coefficients of the columns that make the targets likeliest; the first ones are bounded and held."""
    # A server that learns nothing should not carry an optimiser in its memory.
    from scipy.optimize import minimize  # noqa: PLC0415

    held, free = len(start.at), design.shape[1] - len(start.at)

    def loss(point: Floats) -> tuple[float, Floats]:
        reached = design @ point
        away = point[:held] - start.at
        value = counted @ (np.logaddexp(0.0, reached) - target * reached) + start.hold / 2 * away @ away
        slope = design.T @ (counted * (_sigmoid(reached) - target))
        slope[:held] += start.hold * away
        return float(value), slope

    bounds = [(start.least, None)] * held + [(None, None)] * free
    begun = np.concatenate([np.maximum(start.at, start.least), np.zeros(free)])
    found: Floats = minimize(loss, begun, jac=True, method="L-BFGS-B", bounds=bounds).x
    return found


def _sigmoid(value: Floats) -> Floats:
    found: Floats = 0.5 * (1 + np.tanh(value / 2))
    return found
