"""The page about learning as data: verdicts, the proposal beside what counts now, and what it would change."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import LazyString
from sqlmodel import Session

from matchmaker.learning import queries
from matchmaker.learning.queries import Queued
from matchmaker.learning.training import Why
from matchmaker.learning.verdicts import Verdict
from matchmaker.listings.confidence import Reader
from matchmaker.matching.models import ScoreWeights
from matchmaker.matching.schemas import ENOUGH_VERDICTS, Weights
from matchmaker.matching.scoring import NEUTRAL, RULES
from matchmaker.matching.weights import active, stored
from matchmaker.review.models import Audience, DeclineReason
from matchmaker.review.queries import DeskItem, items

# How many suggestions are shown in their new order, and out of how many they are chosen.
NEXT, LOOKED_AT = 20, 200
# A difference below half a hundredth is none that anybody would see.
NOTICEABLE = 0.0005


@dataclass(frozen=True)
class Count:
    """What one voice has said."""

    by: Audience
    yes: int
    no: int


@dataclass(frozen=True)
class Share:
    """A part with its weight now and as proposed."""

    title: LazyString
    now: float
    then: float

    @property
    def change(self) -> float:
        return self.then - self.now if abs(self.then - self.now) >= NOTICEABLE else 0.0


@dataclass(frozen=True)
class Next:
    """A suggestion with its place and points now and as proposed."""

    item: DeskItem
    place_now: int
    place_then: int
    score_now: float
    score_then: float

    @property
    def rises(self) -> int:
        """By how many places; negative where it falls."""
        return self.place_now - self.place_then


@dataclass(frozen=True)
class Version:
    """Weights that were learned, or those set by hand (0), and what speaks for them."""

    version: int
    made_at: datetime | None
    by: str
    figures: Mapping[str, Any]
    counts_now: bool
    # When they last began to count.
    used_at: datetime | None
    used_by: str


@dataclass(frozen=True)
class LearningPage:
    """Everything that an administrator decides by; without a proposal the lists about it are empty."""

    counts: Sequence[Count]
    reasons: Sequence[tuple[DeclineReason, int]]
    missing: int
    now: Weights
    proposal: Version | None
    why: Why | None
    chance: bool
    shares: Sequence[Share]
    next: Sequence[Next]
    versions: Sequence[Version]
    # The switch that the reader knows as the last one.
    seen: int

    @property
    def held_out(self) -> Any:
        """What was measured on later verdicts, as training.py writes it; None where that was not possible."""
        return self.proposal.figures.get("held_out") if self.proposal else None


def learning_page(session: Session, reader: Reader) -> LearningPage:
    """The page for an administrator."""
    assert reader.actor is not None  # the office is closed to strangers
    found, rows, now = queries.standing(session), queries.proposals(session), active(session)
    newest = rows[0] if rows else None
    then = stored(newest) if newest else now
    versions = _versions(session, rows, now)
    proposal = versions[0] if newest else None
    last = queries.last_switch(session)
    desk = sum(one.by is Audience.DESK for one in found)
    return LearningPage(
        counts=[_count(found, by) for by in Audience],
        reasons=_reasons(found),
        missing=max(0, ENOUGH_VERDICTS - desk),
        now=now,
        proposal=proposal,
        why=Why(proposal.figures["why"]) if proposal and proposal.figures.get("why") else None,
        chance=then.calibration is not None and then.calibration.verdicts >= ENOUGH_VERDICTS,
        shares=[Share(rule.title, now.shares[rule.name], then.shares[rule.name]) for rule in RULES],
        next=_next(session, reader, now, then) if newest else [],
        versions=versions,
        seen=last.id or 0 if last else 0,
    )


def _count(found: Sequence[Verdict], by: Audience) -> Count:
    said = [one.yes for one in found if one.by is by]
    return Count(by, sum(said), len(said) - sum(said))


def _reasons(found: Sequence[Verdict]) -> list[tuple[DeclineReason, int]]:
    """Why matches were declined, the commonest first."""
    counted = Counter(one.reason for one in found if one.reason in set(DeclineReason))
    return [(DeclineReason(reason), count) for reason, count in counted.most_common()]


def _versions(session: Session, rows: Sequence[ScoreWeights], now: Weights) -> list[Version]:
    """What was learned, the newest first, and at the end what was set by hand."""
    switches = {switch.weights_id or 0: switch for switch in reversed(queries.switches(session))}
    ids = {row.made_by for row in rows} | {switch.by for switch in switches.values()}
    names = queries.names(session, ids)

    def version(id_: int, row: ScoreWeights | None) -> Version:
        used = switches.get(id_)
        return Version(
            version=id_,
            made_at=row.made_at if row else None,
            by=names.get(row.made_by, "") if row else "",
            figures=json.loads(row.figures) if row else {},
            counts_now=id_ == now.version,
            used_at=used.at if used else None,
            used_by=names.get(used.by, "") if used else "",
        )

    return [*(version(row.id or 0, row) for row in rows), version(0, None)]


def _next(session: Session, reader: Reader, now: Weights, then: Weights) -> list[Next]:
    """The first suggestions of the queue as the proposal would order it, with their places of today."""
    assert reader.actor is not None
    rows = queries.queued(session, reader.actor, LOOKED_AT)
    moved = [_moved(row, now, then) for row in rows]
    order = sorted(range(len(rows)), key=lambda i: (-(rows[i].suggestion.priority + moved[i]), i))[:NEXT]
    found = {one.suggestion.id: one for one in items(session, [rows[i].suggestion for i in order], reader)}
    return [
        Next(
            found[rows[i].suggestion.id],
            place_now=i + 1,
            place_then=place,
            score_now=rows[i].suggestion.score,
            score_then=rows[i].suggestion.score + moved[i],
        )
        for place, i in enumerate(order, 1)
    ]


def _moved(row: Queued, now: Weights, then: Weights) -> float:
    """By how much the proposal moves a score; not at all where nobody wrote down what it was made of."""
    if not row.parts:
        return 0.0
    return sum((then.shares[name] - now.shares[name]) * row.parts.get(name, NEUTRAL) for name in now.shares)
