"""Which weights count now, and how they are kept: read anew for every question, so that all processes agree at once."""

import json
from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import func, select
from sqlmodel import Session, col

from matchmaker.matching.models import ScoreWeights, WeightsSwitch
from matchmaker.matching.schemas import Calibration, Weights
from matchmaker.matching.scoring import HAND, RULES, Rule


def active(session: Session) -> Weights:
    """The weights of the newest switch; those set by hand where there was none."""
    last = select(func.max(col(WeightsSwitch.id))).scalar_subquery()
    wanted = select(ScoreWeights).join(WeightsSwitch, col(WeightsSwitch.weights_id) == ScoreWeights.id)
    row = session.execute(wanted.where(col(WeightsSwitch.id) == last)).scalar_one_or_none()
    return stored(row) if row is not None else HAND


def stored(row: ScoreWeights) -> Weights:
    """A row as it counts with today's table of parts."""
    calibration = json.loads(row.calibration)
    shares = complete(json.loads(row.weights), HAND.shares)
    return Weights(row.id or 0, shares, Calibration(**calibration) if calibration else None)


def table(weights: Weights) -> list[Rule]:
    """The table of parts with these weights, as readers are shown it."""
    return [replace(rule, weight=weights.shares[rule.name]) for rule in RULES]


def complete(shares: Mapping[str, float], hand: Mapping[str, float]) -> dict[str, float]:
    """Weights of an older table for today's: a part that they do not know counts what the hand gives it.

    A part that is no more is left out, and the rest is stretched or shrunk until all are 1 together.
    """
    found = {name: max(0.0, shares.get(name, by_hand)) for name, by_hand in hand.items()}
    together = sum(found.values())
    return {name: share / together for name, share in found.items()} if together > 0 else dict(hand)
