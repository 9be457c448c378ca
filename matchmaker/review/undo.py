"""Take one's own last deeds back, exactly, for ten minutes and as long as nothing came after them."""

from datetime import datetime

from matchmaker.accounts.schemas import Actor
from matchmaker.audit.service import record
from matchmaker.core.clock import now
from matchmaker.core.errors import Conflict
from matchmaker.db.uow import UnitOfWork
from matchmaker.notifications.service import tell
from matchmaker.review.models import MatchMove, MoveKind, State, Suggestion
from matchmaker.review.moves import Move, find, last_move, note_down, restore
from matchmaker.review.policy import NotYours, Why, is_interested
from matchmaker.review.service import TAKE_BACK, news_of

# What the desk does by itself; what a side was told cannot be unsaid.
UNDOABLE = frozenset({State.SUGGESTED, State.IN_REVIEW, State.ENDORSED, State.DECLINED, State.PARKED})


def undo(uow: UnitOfWork, public_id: str, *, revision: int, actor: Actor, at: datetime | None = None) -> Suggestion:
    """Restore the match to what it was before the actor's last deed; raises Conflict when it is too late for that.

    The same click again changes nothing. `at` is the moment to judge by, now where it is not given.
    """
    suggestion = find(uow, public_id)
    if is_interested(actor, suggestion):
        raise NotYours(Why.INTERESTED)
    last = last_move(uow, suggestion)
    mine = last is not None and last.person_id == actor.person_id
    if mine and last and last.kind is MoveKind.UNDO and suggestion.revision == revision + 1:
        return suggestion
    if not mine or last is None or suggestion.revision != revision or not may_be_undone(last, at or now()):
        raise Conflict("this can be taken back no more")
    _restore(uow, suggestion, last, actor)
    return suggestion


def may_be_undone(entry: MatchMove, at: datetime) -> bool:
    """Whether an entry, if it is a match's last, can still be taken back by who made it."""
    desk = entry.kind is MoveKind.ASSIGN or (entry.kind is MoveKind.MOVE and {entry.was, entry.now} <= UNDOABLE)
    return desk and at - entry.at < TAKE_BACK


def _restore(uow: UnitOfWork, suggestion: Suggestion, entry: MatchMove, actor: Actor) -> None:
    given = suggestion.broker_id
    to = entry.was if entry.kind is MoveKind.MOVE else suggestion.state
    note_down(uow, suggestion, Move(to, actor), kind=MoveKind.UNDO)
    restore(suggestion, entry)
    suggestion.revision += 1
    uow.session.add(suggestion)
    uow.session.flush()
    uow.session.refresh(suggestion)  # columns come back as the types that they are
    record(uow, actor.public_id, "suggestion.undo", ("suggestion", suggestion.public_id), f"now {to.value}")
    if given != suggestion.broker_id and given not in {None, actor.person_id}:
        tell(uow, [given], news_of(uow, suggestion, "match.unassigned"))
