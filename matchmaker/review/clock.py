"""What happens to matches when nobody does anything: offers, reminders, lapses, returns, the market's changes.

Every match is moved in a transaction of its own and looked at again in it, so two workers, or a crash between two
matches, do nothing twice. `at` is the moment to judge by, now where it is not given.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from matchmaker.core.clock import now
from matchmaker.core.errors import MatchmakerError
from matchmaker.db import cursors
from matchmaker.db.engine import reading_session
from matchmaker.db.uow import UnitOfWork, unit_of_work
from matchmaker.review import due
from matchmaker.review.deadlines import due_day, is_near, review_by
from matchmaker.review.models import MoveKind, Side, State, Suggestion
from matchmaker.review.moves import Move, advance, note_down
from matchmaker.review.offers import close_off_market, obstacle, offer, pass_on
from matchmaker.review.service import TAKE_BACK
from matchmaker.review.sides import (
    asked,
    expressed,
    first_of,
    has_account,
    knows,
    on_market,
    tell_broker,
    tell_side,
)
from matchmaker.review.states import BEFORE_OFFER, OFFERED, OVER, Party

log = logging.getLogger(__name__)

BATCH = 50
CURSOR, CHANGES = "offers", 500
# No deadline of three working days ends later than this, whatever holidays lie between, and no five end earlier.
LONGEST_REMINDER, SHORTEST_REVIEW = timedelta(days=21), timedelta(days=5)

Deed = Callable[[UnitOfWork, Suggestion], bool]


def offer_due(engine: Engine, at: datetime | None = None) -> int:
    """Offer what was endorsed and not taken back."""
    moment = at or now()

    def deed(uow: UnitOfWork, suggestion: Suggestion) -> bool:
        ready = suggestion.state is State.ENDORSED and suggestion.offer_at is not None
        if not ready or suggestion.offer_at > moment or obstacle(uow.session, suggestion):  # type: ignore[operator]
            return False
        offer(uow, suggestion, by=None, at=moment)
        return True

    with reading_session(engine) as session:
        ids = due.offers(session, moment, BATCH)
    return each(engine, ids, deed)


def lapse_due(engine: Engine, at: datetime | None = None) -> int:
    """End what was not answered in time; everybody who knew of it is told."""
    moment = at or now()

    def deed(uow: UnitOfWork, suggestion: Suggestion) -> bool:
        waits = suggestion.state in OFFERED | {State.MUTUAL} and suggestion.deadline_at is not None
        if not waits or suggestion.deadline_at > moment:  # type: ignore[operator]
            return False
        _lapse(uow, suggestion)
        return True

    with reading_session(engine) as session:
        ids = due.overdue(session, moment, BATCH)
    return each(engine, ids, deed)


def remind_due(engine: Engine, at: datetime | None = None) -> int:
    """Remind whoever is waited for, once, a few working days before it is too late."""
    moment = at or now()

    def deed(uow: UnitOfWork, suggestion: Suggestion) -> bool:
        waits = suggestion.state in OFFERED | {State.MUTUAL} and suggestion.deadline_at is not None
        if not waits or due.is_noted(uow.session, suggestion, due.REMINDER):
            return False
        _remind(uow, suggestion)
        return True

    with reading_session(engine) as session:
        waiting = due.unreminded(session, moment + LONGEST_REMINDER)
    near = [row.id for row in waiting if moment < row.at and is_near(row.at, row.country, moment)]
    return each(engine, near[:BATCH], deed)


def return_parked(engine: Engine, at: datetime | None = None) -> int:
    """Bring back what was put aside until today."""
    today = (at or now()).astimezone(UTC).date()

    def deed(uow: UnitOfWork, suggestion: Suggestion) -> bool:
        if suggestion.state is not State.PARKED or (suggestion.parked_until or today) > today:
            return False
        _unpark(uow, suggestion, at or now())
        return True

    with reading_session(engine) as session:
        ids = due.parked(session, today, BATCH)
    return each(engine, ids, deed)


def pass_on_due(engine: Engine, at: datetime | None = None) -> int:
    """Bring interests before the owner that no broker has looked at in time."""
    moment = at or now()

    def deed(uow: UnitOfWork, suggestion: Suggestion) -> bool:
        waits = suggestion.state in {State.SUGGESTED, State.IN_REVIEW} and expressed(suggestion)
        other = first_of(suggestion).other
        if not waits or review_by(uow.session, suggestion, other, suggestion.state_at) > moment:
            return False
        if not on_market(uow.session, suggestion):
            return False  # the market's follower ends it
        pass_on(uow, suggestion, Move(State.OFFERED_SECOND, party=Party.CLOCK), moment)
        return True

    with reading_session(engine) as session:
        ids = [row.id for row in due.held(session, moment - SHORTEST_REVIEW)]
    return each(engine, ids, deed)


def tell_refused(engine: Engine, at: datetime | None = None) -> int:
    """Tell senders that a broker declined their interest, once the broker can take it back no more."""
    before = (at or now()) - TAKE_BACK

    def deed(uow: UnitOfWork, suggestion: Suggestion) -> bool:
        if suggestion.state is not State.DECLINED or due.is_noted(uow.session, suggestion, due.TOLD):
            return False
        note_down(uow, suggestion, Move(State.DECLINED, party=Party.CLOCK, reason=due.TOLD), kind=MoveKind.NOTE)
        tell_side(uow, suggestion, first_of(suggestion), "match.declined")
        return True

    with reading_session(engine) as session:
        ids = due.refused(session, before, BATCH)
    return each(engine, ids, deed)


def follow_market(engine: Engine) -> int:
    """End what lost a listing, following the listings' change log; answers how many changes were looked at.

    Before anybody was asked nothing ends: such a match is hidden, and back when its listing is.
    """
    with reading_session(engine) as session:
        off, end, looked_at = due.gone(session, cursors.position(session, CURSOR), CHANGES)
        ids = due.begun_with(session, off) if off else []
    failed = len(ids) - each(engine, ids, _close)
    if failed:
        log.info("%d matches of withdrawn listings were moved by somebody else meanwhile", failed)
    with unit_of_work(engine) as uow:
        if looked_at:
            cursors.advance(uow, CURSOR, end)
    return looked_at


def _close(uow: UnitOfWork, suggestion: Suggestion) -> bool:
    waiting = suggestion.state in OFFERED | {State.MUTUAL}
    waiting = waiting or (suggestion.state in BEFORE_OFFER - OVER and expressed(suggestion))
    if not waiting or on_market(uow.session, suggestion):
        return False
    close_off_market(uow, suggestion)
    return True


def _lapse(uow: UnitOfWork, suggestion: Suggestion) -> None:
    """Only the timeline's reason says who was silent, and only brokers read it."""
    silent = asked(suggestion)
    informed = [side for side in Side if knows(uow.session, suggestion, side)]
    advance(uow, suggestion, Move(State.LAPSED, party=Party.CLOCK, reason=silent.value if silent else ""))
    for side in informed:
        tell_side(uow, suggestion, side, "match.lapsed")
    tell_broker(uow, suggestion, "match.silent")


def _remind(uow: UnitOfWork, suggestion: Suggestion) -> None:
    side = asked(suggestion) or Side.RESULT  # between yes and introduction the side that transfers is waited for
    note_down(uow, suggestion, Move(suggestion.state, party=Party.CLOCK, reason=due.REMINDER), kind=MoveKind.NOTE)
    until = due_day(uow.session, suggestion, side)
    tell_side(uow, suggestion, side, "match.reminder", date=until)
    if not has_account(uow.session, suggestion, side):
        tell_broker(uow, suggestion, "match.reminder", date=until)


def _unpark(uow: UnitOfWork, suggestion: Suggestion, at: datetime) -> None:
    to = State.IN_REVIEW if suggestion.broker_id is not None else State.SUGGESTED
    until = review_by(uow.session, suggestion, first_of(suggestion).other, at) if expressed(suggestion) else None
    advance(uow, suggestion, Move(to, party=Party.CLOCK, changes={"parked_until": None, "deadline_at": until}))
    tell_broker(uow, suggestion, "match.returned")


def each(engine: Engine, ids: Iterable[int], deed: Deed) -> int:
    """Do the deed to each match by itself; one that cannot be moved keeps no other from it. Answers how many were."""
    done = 0
    for id_ in ids:
        try:
            with unit_of_work(engine) as uow:
                suggestion = uow.session.get(Suggestion, id_)
                done += suggestion is not None and deed(uow, suggestion)
        except MatchmakerError:
            log.exception("the clock could not move match no. %s", id_)
    return done
