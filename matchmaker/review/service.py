"""What brokers do with suggested matches; a verdict is kept with who, when and why."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlmodel import col, select

from matchmaker.accounts.schemas import Actor
from matchmaker.core.clock import now
from matchmaker.core.errors import Conflict, Invalid, NotFound
from matchmaker.core.ids import new_public_id
from matchmaker.core.text import clean_text
from matchmaker.db.uow import UnitOfWork
from matchmaker.listings.models import Listing, Status
from matchmaker.review.models import DeclineReason, State, Suggestion
from matchmaker.review.moves import Move, advance, find

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
    owners = _owners(uow, {id_ for pair in fresh for id_ in (pair.need_id, pair.result_id)})
    uow.session.add_all(
        Suggestion(
            public_id=new_public_id(),
            need_id=pair.need_id,
            result_id=pair.result_id,
            need_org_id=owners.get(pair.need_id),
            result_org_id=owners.get(pair.result_id),
            score=pair.score,
            log_position=position,
        )
        for pair in fresh
    )
    return len(fresh)


def _owners(uow: UnitOfWork, listing_ids: set[int]) -> dict[int, int | None]:
    """The organisations that own these listings, by row id."""
    rows = uow.session.exec(select(Listing.id, Listing.organisation_id).where(col(Listing.id).in_(listing_ids)))
    return {id_: owner for id_, owner in rows if id_ is not None}


def endorse(uow: UnitOfWork, public_id: str, *, revision: int, actor: Actor) -> Suggestion:
    """Say that the two sides should meet."""
    return _decide(uow, public_id, Move(State.ENDORSED, actor), revision=revision)


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
    wanted = Move(
        State.DECLINED, actor, reason=reason.value, note=note, changes={"decline_reason": reason, "note": note}
    )
    return _decide(uow, public_id, wanted, revision=revision)


def reopen(uow: UnitOfWork, public_id: str, *, revision: int, actor: Actor) -> Suggestion:
    """Take a verdict back."""
    undecided = {"decided_at": None, "decided_by": None, "decline_reason": None, "note": ""}
    return _decide(uow, public_id, Move(State.SUGGESTED, actor, changes=undecided), revision=revision)


def _both_published(uow: UnitOfWork, suggestion: Suggestion) -> bool:
    """Whether both sides are still on the market; what was withdrawn is nobody's business any more."""
    sides = (uow.session.get(Listing, id_) for id_ in (suggestion.need_id, suggestion.result_id) if id_ is not None)
    return all(side is not None and side.status is Status.PUBLISHED for side in sides)


def _decide(uow: UnitOfWork, public_id: str, wanted: Move, *, revision: int) -> Suggestion:
    suggestion = find(uow, public_id)
    if not _both_published(uow, suggestion):
        raise NotFound("no such suggestion")
    if suggestion.revision != revision:
        raise Conflict("this suggestion was decided in the meantime")
    assert wanted.by is not None
    decided = {"decided_by": wanted.by.person_id, "decided_at": now()}
    advance(uow, suggestion, replace(wanted, changes={**decided, **(wanted.changes or {})}))
    return suggestion
