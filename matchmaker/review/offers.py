"""Ask the sides: an endorsed match goes to the first one, or to the second where the first one came by itself."""

from dataclasses import replace
from datetime import datetime

from sqlmodel import Session

from matchmaker.accounts.schemas import Actor
from matchmaker.core.clock import now
from matchmaker.core.errors import Conflict, Invalid
from matchmaker.db.uow import UnitOfWork
from matchmaker.listings.models import Listing
from matchmaker.review import news as _news  # noqa: F401  (the kinds of news are declared on import)
from matchmaker.review.deadlines import answer_by, due_day
from matchmaker.review.models import CloseReason, Side, State, Suggestion
from matchmaker.review.moves import Move, advance, find
from matchmaker.review.policy import require_handling
from matchmaker.review.showings import note_offer
from matchmaker.review.sides import (
    expressed,
    first_of,
    has_account,
    knows,
    listing_of,
    on_market,
    tell_broker,
    tell_side,
)
from matchmaker.review.states import Party
from matchmaker.review.wording import clean_note


def obstacle(session: Session, suggestion: Suggestion) -> str:
    """Why the match cannot be offered now: "off_market", "not_open" (its owner takes no offers), or "" when it can."""
    if not on_market(session, suggestion):
        return "off_market"
    sides = [session.get(Listing, listing_of(suggestion, side) or 0) for side in Side]
    return "" if all(listing.open_for_interest for listing in sides if listing) else "not_open"


def offer_now(uow: UnitOfWork, public_id: str, *, revision: int, actor: Actor) -> Suggestion:
    """A broker does not wait for the time to take a verdict back; raises Invalid where a listing takes no offers."""
    suggestion = find(uow, public_id)
    require_handling(actor, suggestion)
    if suggestion.state in {State.OFFERED_FIRST, State.OFFERED_SECOND}:
        return suggestion  # clicked twice, or the clock was a moment earlier: it is what the broker wanted
    if suggestion.revision != revision:
        raise Conflict("this match was moved in the meantime")
    return offer(uow, suggestion, by=actor)


def offer(uow: UnitOfWork, suggestion: Suggestion, *, by: Actor | None, at: datetime | None = None) -> Suggestion:
    """Ask the side whose turn it is, and set its deadline; without `by` the clock does it."""
    problem = obstacle(uow.session, suggestion)
    if problem:
        raise Invalid({"listing": problem})
    first = first_of(suggestion)
    side, to = (first.other, State.OFFERED_SECOND) if expressed(suggestion) else (first, State.OFFERED_FIRST)
    due = answer_by(uow.session, suggestion, side, at or now())
    move = Move(to, by, party=None if by else Party.CLOCK, changes={"first_side": first, "deadline_at": due})
    advance(uow, suggestion, move)
    ask(uow, suggestion, side, "interest.received" if side is not first else "match.offered")
    return suggestion


def forward(uow: UnitOfWork, public_id: str, note: str, *, revision: int, actor: Actor) -> Suggestion:
    """A broker passes an expression of interest on to the listing's owner, with a note that both sides read."""
    suggestion = find(uow, public_id)
    require_handling(actor, suggestion)
    if suggestion.state is State.OFFERED_SECOND:
        return suggestion
    if suggestion.revision != revision or not expressed(suggestion):
        raise Conflict("this match was moved in the meantime")
    pass_on(uow, suggestion, Move(State.OFFERED_SECOND, actor, note=clean_note(note), shared=True), now())
    return suggestion


def pass_on(uow: UnitOfWork, suggestion: Suggestion, move: Move, at: datetime) -> None:
    """Bring an interest before the other side, with its deadline; tell both, but for the one who just moved it."""
    changes = dict(move.changes or {})
    first: Side = changes.get("first_side") or first_of(suggestion)
    changes |= {"deadline_at": answer_by(uow.session, suggestion, first.other, at), "parked_until": None}
    advance(uow, suggestion, replace(move, changes=changes))
    ask(uow, suggestion, first.other, "interest.received")
    if move.side is None:
        tell_side(uow, suggestion, first, "interest.passed_on", date=due_day(uow.session, suggestion, first.other))


def close_off_market(uow: UnitOfWork, suggestion: Suggestion) -> None:
    """End a match that has lost a listing before its sides were introduced; whoever knew of it is told."""
    informed = [side for side in Side if knows(uow.session, suggestion, side)]
    gone = CloseReason.LISTING_WITHDRAWN
    move = Move(State.CLOSED, party=Party.SYSTEM, reason=gone.value, changes={"close_reason": gone})
    advance(uow, suggestion, move)
    for side in informed:
        tell_side(uow, suggestion, side, "match.closed")
    tell_broker(uow, suggestion, "match.closed")


def ask(uow: UnitOfWork, suggestion: Suggestion, side: Side, kind: str) -> None:
    """Tell a side that it is asked; where nobody has an account, the broker, who asks by other means."""
    until = due_day(uow.session, suggestion, side)
    note_offer(uow, suggestion, side)
    tell_side(uow, suggestion, side, kind, date=until)
    if not has_account(uow.session, suggestion, side):
        tell_broker(uow, suggestion, "match.to_record", date=until)
