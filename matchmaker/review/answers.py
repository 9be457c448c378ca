"""What the two sides do: say yes or no, take a yes back, and tell how far they have come."""

from dataclasses import dataclass, replace

from sqlmodel import select

from matchmaker.accounts.models import Role
from matchmaker.accounts.schemas import Actor
from matchmaker.audit.service import record
from matchmaker.core.clock import now
from matchmaker.core.errors import Conflict, Invalid, NotAllowed, NotFound
from matchmaker.db.uow import UnitOfWork
from matchmaker.notifications.service import News, tell
from matchmaker.review.deadlines import answer_by, declare_by
from matchmaker.review.models import (
    Addressee,
    CloseReason,
    DeclineReason,
    MatchMove,
    MoveKind,
    Question,
    Side,
    State,
    Suggestion,
)
from matchmaker.review.moves import Move, advance, find, last_entry, note_down, sides_of
from matchmaker.review.offers import ask, close_off_market
from matchmaker.review.policy import obstacle
from matchmaker.review.sides import (
    YES_COLUMN,
    asked,
    broker_reads_along,
    first_of,
    has_account,
    known_by,
    knows,
    may_answer,
    on_market,
    organisation_of,
    path,
    tell_broker,
    tell_side,
    yes_at,
)
from matchmaker.review.states import BEFORE_OFFER, OFFERED, OVER, TOGETHER, Party
from matchmaker.review.wording import clean_note, reason_of

# How a match may end that had come to an introduction, by the word of those who are in it.
ENDINGS = (CloseReason.COMPLETED, CloseReason.NO_AGREEMENT, CloseReason.OTHER)
# Where a side may still take its yes back.
REVOCABLE = (BEFORE_OFFER - OVER) | OFFERED | {State.MUTUAL}


@dataclass(frozen=True)
class Refusal:
    """A side's no: its reason, a note in the refuser's language, and whether the other side may read both."""

    side: Side
    reason: DeclineReason | None
    note: str = ""
    share: bool = False


@dataclass(frozen=True)
class Step:
    """How far an introduction has come; a reason where it ends."""

    to: State
    note: str = ""
    reason: CloseReason | None = None


def say_yes(uow: UnitOfWork, public_id: str, *, side: Side, revision: int, actor: Actor) -> Suggestion:
    """The side that is asked agrees: the other one is asked next, or both have said yes.

    The same yes again changes nothing. Where a listing left the market meanwhile the match ends instead.
    """
    suggestion = _answerable(uow, public_id, side, actor)
    if yes_at(suggestion, side) is not None and asked(suggestion) is not side:
        return suggestion
    if _ended_by_the_market(uow, suggestion):
        return suggestion
    _require_asked(suggestion, side, revision)
    if side is first_of(suggestion):
        _ask_the_other(uow, suggestion, side, actor)
    else:
        _agree(uow, suggestion, Move(State.MUTUAL, actor, side=side, changes={YES_COLUMN[side]: now()}))
    return suggestion


def say_no(uow: UnitOfWork, public_id: str, refusal: Refusal, *, revision: int, actor: Actor) -> Suggestion:
    """The side that is asked declines; raises Invalid naming what is missing. The same no again changes nothing."""
    side = refusal.side
    suggestion = _answerable(uow, public_id, side, actor)
    if suggestion.state is State.DECLINED and suggestion.declined_by is side:
        return suggestion
    note = reason_of(refusal.reason, refusal.note)
    assert refusal.reason is not None  # `reason_of` insists on it
    if _ended_by_the_market(uow, suggestion):
        return suggestion
    _require_asked(suggestion, side, revision)
    informed = [other for other in (side.other,) if knows(uow.session, suggestion, other)]
    changes = {"decline_reason": refusal.reason, "declined_by": side, "note": note, "note_shared": refusal.share}
    move = Move(State.DECLINED, actor, side, None, refusal.reason.value, note, refusal.share, changes)
    advance(uow, suggestion, move)
    for other in informed:
        tell_side(uow, suggestion, other, "match.declined")
    tell_broker(uow, suggestion, "match.declined")
    return suggestion


def withdraw(uow: UnitOfWork, public_id: str, *, side: Side, revision: int, actor: Actor) -> Suggestion:
    """A side takes its yes back before the two are introduced, and the match ends."""
    suggestion = _answerable(uow, public_id, side, actor)
    if suggestion.state is State.CLOSED and suggestion.close_reason is CloseReason.INTEREST_WITHDRAWN:
        return suggestion
    if yes_at(suggestion, side) is None or suggestion.state not in REVOCABLE or suggestion.revision != revision:
        raise Conflict("there is no yes that could be taken back")
    informed = knows(uow.session, suggestion, side.other)
    why = CloseReason.INTEREST_WITHDRAWN
    advance(uow, suggestion, Move(State.CLOSED, actor, side, reason=why.value, changes={"close_reason": why}))
    if informed:
        tell_side(uow, suggestion, side.other, "match.closed")
    tell_broker(uow, suggestion, "match.closed")
    return suggestion


def progress(uow: UnitOfWork, public_id: str, step: Step, *, revision: int, actor: Actor) -> Suggestion:
    """One of the introduced, or their broker, tells how far they have come; both sides and the broker learn of it."""
    suggestion = find(uow, public_id)
    side = next((side for side in Side if side in sides_of(actor, suggestion)), None)
    if not actor.confirmed or not (side or _looks_after(actor, suggestion)):
        raise NotAllowed("only those who are introduced may tell how far they are")
    if suggestion.state is step.to:
        return suggestion
    if suggestion.state not in TOGETHER or suggestion.revision != revision:
        raise Conflict("this match was moved in the meantime")
    if step.to is State.CLOSED and step.reason not in ENDINGS:
        raise Invalid({"reason": "missing"})
    note = reason_of(step.reason, step.note) if step.reason and step.to is State.CLOSED else clean_note(step.note)
    ended = {"close_reason": step.reason, "note": note, "note_shared": True} if step.to is State.CLOSED else None
    reason = step.reason.value if ended and step.reason else ""
    advance(uow, suggestion, Move(step.to, actor, side, None, reason, note, shared=True, changes=ended))
    for other in Side:
        if other is not side:
            tell_side(uow, suggestion, other, "match.progress")
    if side is not None and broker_reads_along(uow.session, suggestion):
        tell_broker(uow, suggestion, "match.progress")
    return suggestion


def ask_broker(uow: UnitOfWork, public_id: str, text: str, *, side: Side, actor: Actor) -> MatchMove | None:
    """A side asks the broker who looks after the match; nobody else reads it. None where it was asked a moment ago."""
    suggestion = _answerable(uow, public_id, side, actor)
    if suggestion.broker_id is None:
        raise Conflict("nobody looks after this match")
    note = clean_note(text, needed=True)
    last = last_entry(uow, suggestion)
    if last and (last.kind, last.person_id, last.note) == (MoveKind.NOTE, actor.person_id, note):
        return None
    entry = note_down(uow, suggestion, Move(suggestion.state, actor, side, note=note), kind=MoveKind.NOTE)
    tell_broker(uow, suggestion, "match.asked")
    return entry


def answer_question(uow: UnitOfWork, public_id: str, text: str, *, actor: Actor, match: str = "") -> Question:
    """A side answers what a broker asked of it, in `match` if it is named; the same answer again changes nothing."""
    question = uow.session.exec(select(Question).where(Question.public_id == public_id).with_for_update()).one_or_none()
    suggestion = uow.session.get(Suggestion, question.suggestion_id) if question else None
    if question is None or suggestion is None or question.addressee is Addressee.BROKER:
        raise NotFound("no such question")
    if match and suggestion.public_id != match:
        raise NotFound("no such question")
    side = Side(question.addressee.value)
    if organisation_of(suggestion, side) not in actor.memberships:
        raise NotFound("no such question")
    if not may_answer(actor, suggestion, side):
        raise NotAllowed("only confirmed people who act for the organisation may answer")
    answer = clean_note(text, needed=True)
    if question.answered_at is not None and question.answer != answer:
        raise Conflict("this question is answered already")
    if question.answered_at is None:
        question.answer, question.answered_by, question.answered_at = answer, actor.person_id, now()
        record(uow, actor.public_id, "question.answer", ("suggestion", suggestion.public_id), question.public_id)
        tell(uow, [question.asked_by], News("match.replied", path(suggestion), known_by(uow.session, suggestion, side)))
    return question


def _answerable(uow: UnitOfWork, public_id: str, side: Side, actor: Actor) -> Suggestion:
    """The match, if the actor may answer for the side; what a side does not know of is not there for it."""
    suggestion = find(uow, public_id)
    ours = organisation_of(suggestion, side) in actor.memberships
    recording = obstacle(actor, suggestion) is None and not has_account(uow.session, suggestion, side)
    if not knows(uow.session, suggestion, side) or not (ours or recording):
        raise NotFound("no such match")
    if not actor.confirmed or not (recording or side in sides_of(actor, suggestion)):
        raise NotAllowed("only confirmed people who act for the organisation may answer")
    return suggestion


def _require_asked(suggestion: Suggestion, side: Side, revision: int) -> None:
    if suggestion.revision != revision or asked(suggestion) is not side:
        raise Conflict("this match was moved in the meantime")


def _ended_by_the_market(uow: UnitOfWork, suggestion: Suggestion) -> bool:
    if suggestion.state in OFFERED and not on_market(uow.session, suggestion):
        close_off_market(uow, suggestion)
        return True
    return False


def _ask_the_other(uow: UnitOfWork, suggestion: Suggestion, side: Side, actor: Actor) -> None:
    due = answer_by(uow.session, suggestion, side.other, now())
    changes = {"first_side": side, YES_COLUMN[side]: now(), "deadline_at": due}
    advance(uow, suggestion, Move(State.OFFERED_SECOND, actor, side=side, changes=changes))
    if yes_at(suggestion, side.other) is not None:
        # It had come by itself while this side was being asked.
        _agree(uow, suggestion, Move(State.MUTUAL, party=Party.SYSTEM))
        return
    ask(uow, suggestion, side.other, "match.offered")
    tell_broker(uow, suggestion, "match.accepted")


def _agree(uow: UnitOfWork, suggestion: Suggestion, move: Move) -> None:
    """Both said yes; what the gates say is told by whoever asks them, in this very transaction."""
    due = declare_by(uow.session, suggestion, now())
    changes = {**(move.changes or {}), "deadline_at": due}
    advance(uow, suggestion, replace(move, changes=changes))


def _looks_after(actor: Actor, suggestion: Suggestion) -> bool:
    """The match's own broker, or an administrator."""
    return actor.role is Role.ADMINISTRATOR or (actor.role is Role.BROKER and actor.person_id == suggestion.broker_id)
