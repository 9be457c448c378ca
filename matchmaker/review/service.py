"""What brokers do with suggested matches; a verdict is kept with who, when and why."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import col, select

from matchmaker.accounts.schemas import Actor
from matchmaker.audit.service import record
from matchmaker.core.clock import now
from matchmaker.core.errors import Conflict, Invalid, NotFound
from matchmaker.core.ids import new_public_id
from matchmaker.core.text import clean_text
from matchmaker.db.uow import UnitOfWork
from matchmaker.listings.models import Listing, Status
from matchmaker.review.models import DeclineReason, State, Suggestion
from matchmaker.review.states import move

NOTE_LIMIT = 1000


@dataclass(frozen=True)
class Found:
    """A pair that the ranking put together: row ids of need and result, and their score."""

    need_id: int
    result_id: int
    score: float


def suggest(uow: UnitOfWork, found: Sequence[Found], position: int = 0) -> int:
    """Put pairs on the desk; a known pair gets its new score and keeps its verdict. Answers how many are new.

    `position` is where the change log stood when the pairs were scored.
    """
    pairs = {(pair.need_id, pair.result_id): pair for pair in found}
    needs = {need for need, _ in pairs}
    rows = uow.session.exec(select(Suggestion).where(col(Suggestion.need_id).in_(needs))).all()
    known = {(row.need_id, row.result_id): row for row in rows}
    for key, pair in pairs.items():
        if key in known:
            known[key].score, known[key].log_position = pair.score, position
    fresh = [pair for key, pair in pairs.items() if key not in known]
    uow.session.add_all(
        Suggestion(
            public_id=new_public_id(),
            need_id=pair.need_id,
            result_id=pair.result_id,
            score=pair.score,
            log_position=position,
        )
        for pair in fresh
    )
    return len(fresh)


def endorse(uow: UnitOfWork, public_id: str, *, revision: int, actor: Actor) -> Suggestion:
    """Say that the two sides should meet."""
    return _decide(uow, public_id, State.ENDORSED, revision=revision, actor=actor)


def decline(
    uow: UnitOfWork, public_id: str, why: tuple[DeclineReason | None, str], *, revision: int, actor: Actor
) -> Suggestion:
    """Say that they should not, and why: a typed reason and a note, which "other" cannot do without."""
    reason, note = why[0], clean_text(why[1])
    if reason is None:
        raise Invalid({"reason": "missing"})
    if reason is DeclineReason.OTHER and not note:
        raise Invalid({"note": "missing"})
    if len(note) > NOTE_LIMIT:
        raise Invalid({"note": "string_too_long"})
    suggestion = _decide(uow, public_id, State.DECLINED, revision=revision, actor=actor)
    suggestion.decline_reason, suggestion.note = reason, note
    return suggestion


def reopen(uow: UnitOfWork, public_id: str, *, revision: int, actor: Actor) -> Suggestion:
    """Take a verdict back."""
    suggestion = _decide(uow, public_id, State.SUGGESTED, revision=revision, actor=actor)
    suggestion.decided_at = suggestion.decided_by = suggestion.decline_reason = None
    suggestion.note = ""
    return suggestion


def _both_published(uow: UnitOfWork, suggestion: Suggestion) -> bool:
    """Whether both sides are still on the market; what was withdrawn is nobody's business any more."""
    sides = (uow.session.get(Listing, id_) for id_ in (suggestion.need_id, suggestion.result_id))
    return all(side is not None and side.status is Status.PUBLISHED for side in sides)


def _decide(uow: UnitOfWork, public_id: str, wanted: State, *, revision: int, actor: Actor) -> Suggestion:
    suggestion = uow.session.exec(select(Suggestion).where(Suggestion.public_id == public_id)).one_or_none()
    if suggestion is None or not _both_published(uow, suggestion):
        raise NotFound("no such suggestion")
    if suggestion.revision != revision:
        raise Conflict("this suggestion was decided in the meantime")
    before = suggestion.state
    suggestion.state = move(before, wanted)
    suggestion.decided_by, suggestion.decided_at = actor.person_id, now()
    suggestion.revision += 1
    uow.session.add(suggestion)
    record(uow, actor.public_id, f"suggestion.{wanted.value}", ("suggestion", public_id), f"was {before.value}")
    return suggestion
