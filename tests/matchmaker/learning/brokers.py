"""Brokers who judge by a taste of their own, which nobody is told."""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta

import numpy as np
from sqlalchemy import Engine

from matchmaker.core.clock import now
from matchmaker.core.ids import new_public_id
from matchmaker.db.uow import unit_of_work
from matchmaker.learning.model import Example
from matchmaker.matching.scoring import HAND
from matchmaker.review.models import Audience, MatchMove, Showing, State, Suggestion

NAMES = list(HAND.shares)


def taste() -> dict[str, float]:
    """A weighting far from the one set by hand: maturity counts as much as the texts, the others share the rest."""
    liked = {"text_fit": 0.35, "maturity": 0.35}
    rest = [name for name in NAMES if name not in liked]
    return {name: liked.get(name, 0.3 / len(rest)) for name in NAMES}


def judged(
    count: int, seed: int, weights: Mapping[str, float], *, slope: float = 12.0, explored: float = 0.1
) -> list[Example]:
    """As many matches that were shown and judged: a share of them drawn from far down, and then unlikely."""
    random = np.random.default_rng(seed)
    texts = random.beta(2, 2, count)
    others = [np.where(random.random(count) < 0.4, 0.5, random.random(count)) for _ in NAMES[1:]]
    values = np.column_stack([texts, *others])
    scores = values @ np.array([weights[name] for name in NAMES])
    yes = random.random(count) < 1 / (1 + np.exp(-slope * (scores - 0.55)))
    propensities = np.where(random.random(count) < explored, 0.02, 1.0)
    return [
        Example(Audience.DESK, bool(said), dict(zip(NAMES, row.tolist(), strict=True)), float(propensity))
        for said, row, propensity in zip(yes, values, propensities, strict=True)
    ]


def enter(engine: Engine, examples: Sequence[Example]) -> None:
    """Put them into the database as what was shown to brokers and judged since, in their order."""
    begun = now() - timedelta(days=30)
    with unit_of_work(engine) as uow:
        rows = [Suggestion(public_id=new_public_id(), score=0.5, state=_state(one)) for one in examples]
        uow.session.add_all(rows)
        uow.session.flush()
        for number, (row, one) in enumerate(zip(rows, examples, strict=True)):
            shown = begun + timedelta(minutes=number)
            parts = json.dumps(dict(one.parts))
            uow.session.add(
                Showing(
                    suggestion_id=row.id or 0, audience=Audience.DESK, at=shown, parts=parts, weights=0,
                    encoder="hashing", rank=1, propensity=one.propensity, explored=one.propensity < 1,
                )
            )  # fmt: skip
            uow.session.add(
                MatchMove(
                    suggestion_id=row.id or 0, at=shown + timedelta(seconds=30), party="broker",
                    was=State.SUGGESTED, now=_state(one), reason=one.reason,
                )
            )  # fmt: skip


def _state(example: Example) -> State:
    return State.ENDORSED if example.yes else State.DECLINED
