"""A side comes by itself: its interest is a yes before anybody was asked, and goes to a broker or to the other side."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from matchmaker.accounts.models import Organisation, Person
from matchmaker.accounts.schemas import Actor
from matchmaker.core.clock import now
from matchmaker.core.errors import Conflict
from matchmaker.core.ids import new_public_id
from matchmaker.db.uow import UnitOfWork
from matchmaker.listings.models import Direction, Listing
from matchmaker.review.deadlines import due_day, review_by
from matchmaker.review.models import CloseReason, MoveKind, Origin, Side, State, Suggestion
from matchmaker.review.moves import Move, advance, note_down
from matchmaker.review.offers import pass_on
from matchmaker.review.policy import STAFF
from matchmaker.review.sides import (
    YES_COLUMN,
    has_account,
    organisation_of,
    tell_broker,
    tell_side,
)
from matchmaker.review.states import OVER, Party

# What the timeline calls it.
REASON = "interest"
# Endings after which a side may come again; the others had led to an introduction, or may not.
REOPENABLE = frozenset({CloseReason.LISTING_WITHDRAWN, CloseReason.INTEREST_WITHDRAWN})
# What a match forgets when it begins again.
_AFRESH: dict[str, Any] = {
    "first_side": None,
    "need_yes_at": None,
    "result_yes_at": None,
    "decline_reason": None,
    "declined_by": None,
    "close_reason": None,
    "note": "",
    "note_shared": False,
    "decided_by": None,
    "decided_at": None,
}


# Whoever parked a match has signed it and endorsed nothing.
_UNJUDGED: dict[str, Any] = {"decided_by": None, "decided_at": None}


@dataclass(frozen=True)
class Coming:
    """Who comes: a person for a side of a match."""

    side: Side
    actor: Actor
    at: datetime = field(default_factory=now)

    @property
    def changes(self) -> dict[str, Any]:
        """What it means for the match."""
        return {"first_side": self.side, YES_COLUMN[self.side]: self.at}


def new_match(uow: UnitOfWork, listing: Listing, organisation_id: int, own: Listing | None, score: float) -> Suggestion:
    """A match that nobody has suggested: an organisation's own listing, or none, and the one it is interested in."""
    orgs = {listing.direction: listing.organisation_id, listing.direction.opposite: organisation_id}
    ids = {listing.direction: listing.id, listing.direction.opposite: own.id if own else None}
    suggestion = Suggestion(
        public_id=new_public_id(),
        origin=Origin.INTEREST,
        need_id=ids[Direction.NEED],
        result_id=ids[Direction.RESULT],
        need_org_id=orgs[Direction.NEED],
        result_org_id=orgs[Direction.RESULT],
        score=score,
    )
    uow.session.add(suggestion)
    uow.session.flush()  # its first move needs its id
    return suggestion


def may_begin_again(suggestion: Suggestion) -> bool:
    """Whether a match that is over can begin anew with an interest."""
    if suggestion.state is State.CLOSED:
        return suggestion.close_reason in REOPENABLE
    return suggestion.state in OVER


def come_forward(uow: UnitOfWork, suggestion: Suggestion, coming: Coming) -> None:
    """Take the interest in, wherever the match stands; raises Conflict where its sides have got further already."""
    if suggestion.state in OVER:
        if not may_begin_again(suggestion):
            raise Conflict("these two have met already")
        advance(uow, suggestion, Move(State.SUGGESTED, party=Party.SYSTEM, reason=REASON, changes=_AFRESH))
    _ENTRANCES.get(suggestion.state, _too_late)(uow, suggestion, coming)


def _from_the_desk(uow: UnitOfWork, suggestion: Suggestion, coming: Coming) -> None:
    """Nobody was asked yet: to a broker first where the other side has one or cannot answer by itself."""
    broker = _broker_of(uow, suggestion, coming.side.other)
    if broker is None and has_account(uow.session, suggestion, coming.side.other):
        _to_the_other(uow, suggestion, coming, {**coming.changes, **_UNJUDGED})
        return
    until = review_by(uow.session, suggestion, coming.side.other, coming.at)
    changes = {**coming.changes, **_UNJUDGED, "deadline_at": until, "parked_until": None}
    if suggestion.broker_id is None and broker is not None:
        changes |= {"broker_id": broker, "assigned_at": coming.at}
    move = Move(State.IN_REVIEW, coming.actor, coming.side, Party.SYSTEM, REASON, changes=changes)
    if suggestion.state is State.IN_REVIEW:
        _note_interest(uow, suggestion, move)
    else:
        advance(uow, suggestion, move)
    tell_broker(uow, suggestion, "interest.to_review", date=due_day(uow.session, suggestion, coming.side.other))


def _straight_to_the_other(uow: UnitOfWork, suggestion: Suggestion, coming: Coming) -> None:
    _to_the_other(uow, suggestion, coming, coming.changes)


def _to_the_other(uow: UnitOfWork, suggestion: Suggestion, coming: Coming, changes: Mapping[str, Any]) -> None:
    move = Move(State.OFFERED_SECOND, coming.actor, coming.side, reason=REASON, changes=changes)
    pass_on(uow, suggestion, move, coming.at)


def _while_the_other_is_asked(uow: UnitOfWork, suggestion: Suggestion, coming: Coming) -> None:
    """The other side has the match before it already: it learns that this one has asked by itself."""
    if suggestion.first_side is coming.side:
        _too_late(uow, suggestion, coming)
    changes = {YES_COLUMN[coming.side]: coming.at, "deadline_at": suggestion.deadline_at}
    _note_interest(uow, suggestion, Move(suggestion.state, coming.actor, coming.side, reason=REASON, changes=changes))
    until = due_day(uow.session, suggestion, coming.side.other)
    tell_side(uow, suggestion, coming.side.other, "interest.received", date=until)


def _note_interest(uow: UnitOfWork, suggestion: Suggestion, move: Move) -> None:
    """Write it down where the match does not move."""
    note_down(uow, suggestion, replace(move, shared=True), kind=MoveKind.NOTE)
    for name, value in (move.changes or {}).items():
        setattr(suggestion, name, value)
    suggestion.revision += 1


def _too_late(_uow: UnitOfWork, suggestion: Suggestion, _coming: Coming) -> None:
    raise Conflict(f"this match is {suggestion.state.value} already")


_ENTRANCES = {
    State.SUGGESTED: _from_the_desk,
    State.IN_REVIEW: _from_the_desk,
    State.PARKED: _from_the_desk,
    # A broker has recommended it: nobody needs to look at it again.
    State.ENDORSED: _straight_to_the_other,
    State.OFFERED_FIRST: _while_the_other_is_asked,
}


def _broker_of(uow: UnitOfWork, suggestion: Suggestion, side: Side) -> int | None:
    """The broker who looks after the side's organisation, as long as they are one."""
    owner = uow.session.get(Organisation, organisation_of(suggestion, side) or 0)
    broker = uow.session.get(Person, owner.broker_id) if owner and owner.broker_id else None
    serves = broker is not None and broker.closed_at is None and broker.role in STAFF
    return broker.id if broker and serves else None
