"""What happens to the desk's queue when nobody looks: its order follows the days, and who has room gets what waits."""

from datetime import datetime

from sqlalchemy import Engine

from matchmaker.core.clock import now
from matchmaker.db.uow import UnitOfWork, unit_of_work
from matchmaker.review import queries, queue
from matchmaker.review.assignment import distribute
from matchmaker.review.models import State
from matchmaker.review.moves import Move, advance
from matchmaker.review.sides import expressed
from matchmaker.review.states import Party

# So many rows a transaction: writers wait for each other.
BATCH = 500
# So many of the most valuable matches are offered to brokers who have room; the others come when these are taken.
LOOKED_AT = 200


def assign_untaken(engine: Engine) -> int:
    """Give matches that nobody has, or nobody any more, to brokers who have room; answers how many were given."""
    with unit_of_work(engine) as uow:
        release_left(uow)
        return distribute(uow, queries.untaken(uow.session, LOOKED_AT))


def release_left(uow: UnitOfWork) -> int:
    """Put back for all what lies with somebody who may decide no more; answers how many.

    An account is closed, or a role taken away, in rooms that know nothing of the desk.
    """
    left = queries.left_behind(uow.session, BATCH)
    for suggestion in left:
        changes = {"broker_id": None, "assigned_at": None, "deadline_at": suggestion.deadline_at}
        advance(uow, suggestion, Move(State.SUGGESTED, party=Party.SYSTEM, changes=changes))
    return len(left)


def reorder(engine: Engine, at: datetime | None = None) -> int:
    """Write the places in the queue anew that the days have changed; answers how many."""
    moment = at or now()
    after, written = 0, 0
    while True:
        with unit_of_work(engine) as uow:
            rows = queries.queued(uow.session, after, BATCH)
            for suggestion, need_by in rows:
                case = queue.Case(
                    score=suggestion.score,
                    created_at=suggestion.created_at,
                    is_interest=expressed(suggestion),
                    deadline_at=suggestion.deadline_at,
                    need_by=need_by,
                )
                place = queue.priority(case, moment)
                if abs(place - suggestion.priority) > queue.NOTICEABLE:
                    suggestion.priority = place
                    written += 1
        if len(rows) < BATCH:
            return written
        after = rows[-1][0].id or 0
