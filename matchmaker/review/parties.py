"""Every SELECT of the matches of one's own organisations: in which box each stands, as far as its side knows of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, case, exists, func, literal, or_, select
from sqlmodel import Session, col

from matchmaker.accounts.schemas import Actor
from matchmaker.core.errors import NotFound
from matchmaker.core.paging import Page
from matchmaker.review.models import Addressee, MatchMove, Question, Side, State, Suggestion
from matchmaker.review.states import BEFORE_OFFER, OVER, TOGETHER


class Box(StrEnum):
    """Where a side finds a match: by what it waits for."""

    ANSWER = "answer"
    WAITING = "waiting"
    INTRODUCED = "introduced"
    OVER = "over"


@dataclass(frozen=True)
class Ours:
    """A match and the side of it that the reader belongs to."""

    suggestion: Suggestion
    side: Side


_ORG = {Side.NEED: col(Suggestion.need_org_id), Side.RESULT: col(Suggestion.result_org_id)}
_YES = {Side.NEED: col(Suggestion.need_yes_at), Side.RESULT: col(Suggestion.result_yes_at)}
_STATE = col(Suggestion.state)
# Which side is asked first; the need where nothing else was decided, as `sides.first_of` says.
_FIRST = {
    Side.NEED: or_(col(Suggestion.first_side) == Side.NEED, col(Suggestion.first_side).is_(None)),
    Side.RESULT: col(Suggestion.first_side) == Side.RESULT,
}


def in_box(session: Session, actor: Actor, box: Box, page: tuple[int, int]) -> Page[Ours]:
    """The matches of a box; what must be answered soonest first, else what moved last. `page` is (number, size)."""
    number, size = page
    wanted = select(Suggestion, _which(actor, box)).where(_in(actor, box))
    total = session.execute(select(func.count()).select_from(wanted.subquery())).scalar_one()
    # A match without a deadline is there for a question of its broker's.
    soonest = (col(Suggestion.deadline_at).is_(None), col(Suggestion.deadline_at), col(Suggestion.id))
    order = soonest if box is Box.ANSWER else (col(Suggestion.state_at).desc(), col(Suggestion.id).desc())
    rows = session.execute(wanted.order_by(*order).offset((number - 1) * size).limit(size))
    return Page([Ours(suggestion, Side(side)) for suggestion, side in rows], number, size, total)


def counts(session: Session, actor: Actor) -> dict[Box, int]:
    """How many matches stand in each box, in one query."""
    columns = [func.count(case((_in(actor, box), 1))) for box in Box]
    mine = or_(*(column.in_(list(actor.memberships)) for column in _ORG.values()))
    row = session.execute(select(*columns).where(mine)).one()
    return dict(zip(Box, row, strict=True))


def waiting(session: Session, actor: Actor) -> int:
    """How many matches wait for an answer of the actor's organisations."""
    if not actor.memberships:
        return 0
    wanted = select(func.count()).select_from(Suggestion).where(_in(actor, Box.ANSWER))
    found: int = session.execute(wanted).scalar_one()
    return found


def ours(session: Session, public_id: str, actor: Actor) -> Ours:
    """The match of an address, from the actor's side; raises NotFound unless that side knows of it.

    Whoever belongs to both sides stands on the one that is asked, or else on that of the need.
    """
    sides = [
        (side, and_(column.in_(list(actor.memberships)), or_(*(_BOXES[box](side) for box in Box))))
        for side, column in _ORG.items()
    ]
    asked = case(*((and_(here, _answers(side)), literal(side.value)) for side, here in sides), else_=None)
    known = case(*((here, literal(side.value)) for side, here in sides), else_=None)
    wanted = select(Suggestion, func.coalesce(asked, known)).where(col(Suggestion.public_id) == public_id)
    row = session.execute(wanted).one_or_none()
    if row is None or row[1] is None:
        raise NotFound("no such match")
    return Ours(row[0], Side(row[1]))


def questions(session: Session, found: Mapping[int, Side]) -> dict[int, list[Question]]:
    """Suggestion id → what brokers have asked that side of it, oldest first."""
    wanted = (
        select(Question)
        .where(col(Question.suggestion_id).in_(list(found)), col(Question.addressee) != Addressee.BROKER)
        .order_by(col(Question.id))
    )
    asked: dict[int, list[Question]] = {}
    for question in session.execute(wanted).scalars():
        if question.addressee.value == found[question.suggestion_id].value:
            asked.setdefault(question.suggestion_id, []).append(question)
    return asked


def _in(actor: Actor, box: Box) -> ColumnElement[bool]:
    orgs = list(actor.memberships)
    return or_(*(and_(column.in_(orgs), _BOXES[box](side)) for side, column in _ORG.items()))


def _which(actor: Actor, box: Box) -> ColumnElement[str]:
    """The side by which a match is in the box."""
    here = and_(_ORG[Side.NEED].in_(list(actor.memberships)), _BOXES[box](Side.NEED))
    return case((here, literal(Side.NEED.value)), else_=literal(Side.RESULT.value))


def _answers(side: Side) -> ColumnElement[bool]:
    """The side is asked for its yes or no, or a broker has asked it something."""
    asked = or_(
        and_(_STATE == State.OFFERED_FIRST, _FIRST[side]),
        and_(_STATE == State.OFFERED_SECOND, _FIRST[side.other]),
    )
    question = exists().where(
        col(Question.suggestion_id) == Suggestion.id,
        col(Question.addressee) == Addressee(side.value),
        col(Question.answered_at).is_(None),
    )
    return or_(asked, and_(_STATE.not_in(list(OVER)), question))


def _waits(side: Side) -> ColumnElement[bool]:
    """The side has said yes, and the other one, a broker or a gate is waited for."""
    said_yes = _YES[side].is_not(None)
    before = _STATE.in_([*(BEFORE_OFFER - OVER), State.OFFERED_FIRST, State.OFFERED_SECOND])
    return and_(or_(and_(said_yes, before), _STATE == State.MUTUAL), ~_answers(side))


def _together(side: Side) -> ColumnElement[bool]:
    return and_(_STATE.in_(list(TOGETHER)), ~_answers(side))


def _over(side: Side) -> ColumnElement[bool]:
    """What ended, of what the side had been told; see `sides.knows`."""
    told_by = case((_FIRST[side], State.OFFERED_FIRST.value), else_=State.OFFERED_SECOND.value)
    told = exists().where(col(MatchMove.suggestion_id) == Suggestion.id, col(MatchMove.now) == told_by)
    return and_(_STATE.in_(list(OVER)), or_(_YES[side].is_not(None), told))


_BOXES = {Box.ANSWER: _answers, Box.WAITING: _waits, Box.INTRODUCED: _together, Box.OVER: _over}
