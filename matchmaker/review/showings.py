"""What a match looked like to those who judge it: written down when it is shown, so that verdicts can teach."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from sqlalchemy import func, select
from sqlmodel import Session, col

from matchmaker.db.uow import UnitOfWork
from matchmaker.review.models import Audience, Showing, Side, Suggestion

# Values are kept to so many digits; a difference that is smaller teaches nothing.
DIGITS = 3


@dataclass(frozen=True)
class Shown:
    """How the ranking came to a pair; `parts` are the values (0 to 1) that its score was made of, by name."""

    parts: Mapping[str, float]
    # Which weights made a score of them, and whose vectors.
    weights: int
    encoder: str
    # In the list that it was found in, from 1; None where it was only scored again.
    rank: int | None = None
    # How likely that list put it on the desk: 1 for its best. None where it was only scored again.
    propensity: float | None = None


def dumped(shown: Shown | None) -> str:
    """As text that is kept while a pair waits; empty for none."""
    return json.dumps(asdict(shown)) if shown is not None else ""


def loaded(text: str) -> Shown | None:
    """What was kept as text."""
    return Shown(**json.loads(text)) if text else None


def joined(before: Shown | None, now: Shown | None) -> Shown | None:
    """A pair that was found twice: what is known of it now, with the likelier of its two ways to the desk."""
    if before is None or now is None:
        return now or before
    if now.propensity is not None and now.propensity >= (before.propensity or 0.0):
        return now
    return replace(now, rank=before.rank, propensity=before.propensity)


def note(uow: UnitOfWork, pairs: Sequence[tuple[Suggestion, Shown]]) -> None:
    """Write down what the desk sees from now on; nothing where it sees the same as before."""
    uow.session.flush()  # a new match needs its id
    before = newest(uow.session, [row.id or 0 for row, _ in pairs], Audience.DESK)
    for suggestion, shown in pairs:
        row = _row(suggestion, shown, before.get(suggestion.id or 0))
        if row is not None:
            uow.session.add(row)


def note_offer(uow: UnitOfWork, suggestion: Suggestion, side: Side) -> None:
    """A side is asked about what the desk has seen; a match that no ranking suggested leaves nothing to learn."""
    uow.session.flush()  # the desk may have seen it in this very transaction
    seen = newest(uow.session, [suggestion.id or 0], Audience.DESK).get(suggestion.id or 0)
    if seen is not None:
        copied = seen.model_dump(exclude={"id", "at", "audience", "rank"})
        uow.session.add(Showing(audience=Audience(side.value), **copied))


def newest(session: Session, suggestion_ids: Iterable[int], audience: Audience) -> dict[int, Showing]:
    """Suggestion id → what this audience was shown last."""
    last = (
        select(func.max(col(Showing.id)))
        .where(col(Showing.suggestion_id).in_(list(suggestion_ids)), col(Showing.audience) == audience)
        .group_by(col(Showing.suggestion_id))
    )
    rows = session.execute(select(Showing).where(col(Showing.id).in_(last))).scalars()
    return {row.suggestion_id: row for row in rows}


def _row(suggestion: Suggestion, shown: Shown, before: Showing | None) -> Showing | None:
    """The row to add; how likely a match was to be here does not change because it is scored again."""
    parts = json.dumps({name: round(value, DIGITS) for name, value in shown.parts.items()})
    propensity = shown.propensity or 1.0
    if before is not None:
        propensity = max(before.propensity, shown.propensity or 0.0)
        same = (before.parts, before.weights, before.encoder, before.propensity)
        if same == (parts, shown.weights, shown.encoder, propensity):
            return None
    return Showing(
        suggestion_id=suggestion.id or 0,
        audience=Audience.DESK,
        parts=parts,
        weights=shown.weights,
        encoder=shown.encoder,
        rank=shown.rank or (before.rank if before else None),
        propensity=propensity,
        explored=propensity < 1,
    )
