"""From verdicts to a proposal: new weights, how they would have done on later verdicts, and what a score is worth."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np

from matchmaker.learning import measures
from matchmaker.learning.measures import Figure, Flags, Floats, Measure
from matchmaker.learning.model import Example, calibrate, inverse_propensities, learn, scores, teaching
from matchmaker.matching.schemas import Calibration, Weights
from matchmaker.review.models import Audience

# The earlier part that weights are learned from when the later part is to judge them.
EARLIER = 0.8
# Fewer later verdicts than this, or only one kind of them, judge nothing.
LEAST_LATER = 20


class Why(StrEnum):
    """Why the weights stay as they are, or nothing was measured."""

    NONE = "none"
    ALL_YES = "all_yes"
    ALL_NO = "all_no"
    # Something was learned, and too little came later to judge it.
    TOO_FEW = "too_few"


# Which way is better is in the words of the page.
MEASURES = ("auc", "log_loss", "ndcg", "ece")


@dataclass(frozen=True)
class HeldOut:
    """Measures on the later verdicts of brokers, by name: of the current weights, of the new ones, new less current."""

    earlier: int
    later: int
    current: Mapping[str, Figure]
    proposed: Mapping[str, Figure]
    difference: Mapping[str, Figure]
    # Of the new weights.
    bins: Sequence[measures.Bin]


@dataclass(frozen=True)
class Proposal:
    """Weights that may be put to use, and everything that speaks for or against it."""

    weights: Mapping[str, float]
    calibration: Calibration | None
    # Brokers' verdicts, those of them that endorse, and what the sides said.
    verdicts: int
    endorsed: int
    sides: int
    # As how many verdicts all of them count after the weighting by propensity.
    effective: float
    # The weights that were current when they were learned.
    against: int
    why: Why | None = None
    held_out: HeldOut | None = field(default=None)

    def figures(self) -> dict[str, Any]:
        """What is kept beside the weights, as JSON knows it."""
        return {k: v for k, v in asdict(self).items() if k not in {"weights", "calibration"}}


def propose(examples: Sequence[Example], current: Weights) -> Proposal:
    """What the verdicts, in the order of their time, speak for; `current` is what they are to be better than."""
    desk = [one for one in examples if one.by is Audience.DESK]
    yes = _yes(desk)
    weights = learn(examples, current.shares)
    held_out = _held_out(examples, current.shares)
    taught = teaching(examples)
    return Proposal(
        weights=weights,
        calibration=calibrate(scores(desk, weights), yes),
        verdicts=len(desk),
        endorsed=int(yes.sum()),
        sides=len(examples) - len(desk),
        effective=float(inverse_propensities(taught).sum()) if taught else 0.0,
        against=current.version,
        why=_why(taught, held_out),
        held_out=held_out,
    )


def _why(taught: Sequence[Example], held_out: HeldOut | None) -> Why | None:
    kinds = {one.yes for one in taught}
    if not kinds:
        return Why.NONE
    if len(kinds) == 1:
        return Why.ALL_YES if kinds == {True} else Why.ALL_NO
    return None if held_out else Why.TOO_FEW


def _held_out(examples: Sequence[Example], current: Mapping[str, float]) -> HeldOut | None:
    """Learn from the earlier verdicts and measure on the later ones of brokers; None where these are too few."""
    cut = int(len(examples) * EARLIER)
    earlier, later = examples[:cut], [one for one in examples[cut:] if one.by is Audience.DESK]
    known = [one for one in earlier if one.by is Audience.DESK]
    yes = _yes(later)
    if len(later) < LEAST_LATER or len(set(yes.tolist())) < 2 or len({one.yes for one in known}) < 2:
        return None
    ways = [_Way.of(weights, known, later) for weights in (current, learn(earlier, current))]
    old, new = ({name: _measure(name, way, yes) for name in MEASURES} for way in ways)
    found = {name: measures.compare(old[name], new[name], len(later)) for name in MEASURES}
    return HeldOut(
        earlier=len(earlier),
        later=len(later),
        current={name: each[0] for name, each in found.items()},
        proposed={name: each[1] for name, each in found.items()},
        difference={name: each[2] for name, each in found.items()},
        bins=measures.bins(ways[1].chances, yes),
    )


@dataclass(frozen=True)
class _Way:
    """What one set of weights says of the later matches: scores, and chances as the earlier ones calibrate them."""

    scores: Floats
    chances: Floats

    @classmethod
    def of(cls, weights: Mapping[str, float], known: Sequence[Example], later: Sequence[Example]) -> "_Way":
        calibration = calibrate(scores(known, weights), _yes(known))
        assert calibration is not None
        found = scores(later, weights)
        return cls(found, np.array([calibration.chance(score) for score in found.tolist()]))


def _measure(name: str, way: _Way, yes: Flags) -> Measure:
    """A measure of some of the later matches, by their numbers."""
    asked: dict[str, Measure] = {
        "auc": lambda rows: measures.auc(way.scores[rows], yes[rows]),
        "log_loss": lambda rows: measures.log_loss(way.chances[rows], yes[rows]),
        "ndcg": lambda rows: measures.ndcg(way.scores[rows], yes[rows]),
        "ece": lambda rows: measures.ece(measures.bins(way.chances[rows], yes[rows])),
    }
    return asked[name]


def _yes(examples: Sequence[Example]) -> Flags:
    return np.array([one.yes for one in examples], dtype=bool)
