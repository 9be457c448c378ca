"""The one place that moves a match: the table is asked, the timeline and the record are written, the rest follows."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, true
from sqlmodel import col, select

from matchmaker.accounts.models import MembershipRole
from matchmaker.accounts.schemas import Actor
from matchmaker.audit.service import record
from matchmaker.core.errors import Conflict, NotFound
from matchmaker.db.uow import UnitOfWork
from matchmaker.review.models import MatchMove, MoveKind, Side, State, Suggestion
from matchmaker.review.policy import STAFF
from matchmaker.review.states import Party, check_move

WRITING = frozenset({MembershipRole.OWNER, MembershipRole.MEMBER})
# What a move may change, and what taking it back restores.
MOVED = (
    "state", "broker_id", "assigned_at", "first_side", "need_yes_at", "result_yes_at", "offer_at", "deadline_at",
    "parked_until", "decline_reason", "declined_by", "close_reason", "note", "note_shared", "decided_by", "decided_at",
    "state_at",
)  # fmt: skip


@dataclass(frozen=True)
class Move:
    """A wanted move: by whom (None for clock and system), on whose behalf, why; `changes` are further columns."""

    to: State
    by: Actor | None = None
    # The side that speaks, where somebody could speak for both, or a broker writes down what a side without an
    # account has answered; the caller has checked that they may.
    side: Side | None = None
    # Only for moves that nobody makes, or that follow from what a side did: CLOCK or SYSTEM.
    party: Party | None = None
    reason: str = ""
    note: str = ""
    # Whether the two sides may read the note.
    shared: bool = False
    changes: Mapping[str, Any] | None = None


def sides_of(actor: Actor | None, suggestion: Suggestion) -> frozenset[Side]:
    """The sides that the actor may answer for."""
    if actor is None:
        return frozenset()
    orgs = {Side.NEED: suggestion.need_org_id, Side.RESULT: suggestion.result_org_id}
    return frozenset(side for side, org in orgs.items() if org and actor.memberships.get(org) in WRITING)


def parties_of(actor: Actor | None, suggestion: Suggestion) -> frozenset[Party]:
    """On whose behalf the actor may move this match."""
    if actor is None:
        return frozenset()
    found = {Party.BROKER} if actor.role in STAFF else set()
    for side in sides_of(actor, suggestion):
        found.add(Party.FIRST if side is suggestion.first_side else Party.SECOND)
    return frozenset(found)


def find(uow: UnitOfWork, public_id: str, revision: int | None = None) -> Suggestion:
    """The match of an address; raises NotFound, and Conflict when it moved since `revision` was read."""
    wanted = select(Suggestion).where(Suggestion.public_id == public_id).with_for_update()
    suggestion = uow.session.exec(wanted).one_or_none()
    if suggestion is None:
        raise NotFound("no such match")
    if revision is not None and suggestion.revision != revision:
        raise Conflict("this match was moved in the meantime")
    return suggestion


def advance(uow: UnitOfWork, suggestion: Suggestion, move: Move) -> MatchMove:
    """Make a move; raises Conflict or NotAllowed as the table says. The caller sees to deadlines and news."""
    check_move(suggestion.state, move.to, _speaking(move, suggestion))
    entry = note_down(uow, suggestion, move, kind=MoveKind.MOVE)
    for name, value in {"offer_at": None, "deadline_at": None, **(move.changes or {})}.items():
        setattr(suggestion, name, value)
    suggestion.state, suggestion.state_at = move.to, entry.at
    suggestion.revision += 1
    uow.session.add(suggestion)
    who = move.by.public_id if move.by else f"the {entry.party}"
    subject = ("suggestion", suggestion.public_id)
    record(uow, who, f"suggestion.{move.to.value}", subject, f"was {entry.was.value}")
    return entry


def _speaking(move: Move, suggestion: Suggestion) -> frozenset[Party]:
    """On whose behalf the move is made."""
    if move.party:
        return frozenset({move.party})
    if move.side:
        first = (move.changes or {}).get("first_side", suggestion.first_side)
        return frozenset({Party.FIRST if move.side is first else Party.SECOND})
    return parties_of(move.by, suggestion)


def note_down(uow: UnitOfWork, suggestion: Suggestion, move: Move, *, kind: MoveKind) -> MatchMove:
    """Add an entry to the timeline, with everything that is needed to take the move back."""
    assert suggestion.id is not None
    entry = MatchMove(
        suggestion_id=suggestion.id,
        kind=kind,
        person_id=move.by.person_id if move.by else None,
        party=voice(move, suggestion),
        was=suggestion.state,
        now=move.to,
        reason=move.reason,
        note=move.note,
        shared=move.shared,
        before=json.dumps({name: _plain(getattr(suggestion, name)) for name in MOVED}),
    )
    uow.session.add(entry)
    return entry


def restore(suggestion: Suggestion, entry: MatchMove) -> None:
    """Put the columns back to what they were before the entry."""
    for name, value in json.loads(entry.before).items():
        column = Suggestion.model_fields[name].annotation
        setattr(suggestion, name, _typed(str(column), name, value))


def voice(move: Move, suggestion: Suggestion) -> str:
    """Who speaks in the timeline: a side by its name, whether it was asked first or second."""
    if move.side:
        return move.side.value
    if move.party:
        return move.party.value
    sides = sides_of(move.by, suggestion)
    if move.by and move.by.role in STAFF and not sides:
        return Party.BROKER.value
    return next((side.value for side in Side if side in sides), Party.SYSTEM.value)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return value.value if isinstance(value, StrEnum) else value


def _typed(annotation: str, name: str, value: Any) -> Any:
    if value is None:
        return None
    if name == "parked_until":
        return date.fromisoformat(value)
    return datetime.fromisoformat(value) if "datetime" in annotation else value


def last_move(uow: UnitOfWork, suggestion: Suggestion) -> MatchMove | None:
    """The newest entry that moved or assigned the match."""
    return _newest(uow, suggestion, col(MatchMove.kind) != MoveKind.NOTE)


def last_entry(uow: UnitOfWork, suggestion: Suggestion) -> MatchMove | None:
    """The newest entry of the timeline, whatever it is."""
    return _newest(uow, suggestion, true())


def _newest(uow: UnitOfWork, suggestion: Suggestion, which: ColumnElement[bool]) -> MatchMove | None:
    uow.session.flush()  # an entry of this transaction counts too
    wanted = select(MatchMove).where(MatchMove.suggestion_id == suggestion.id, which)
    return uow.session.exec(wanted.order_by(col(MatchMove.id).desc()).limit(1)).one_or_none()
