"""Look again at the matches that a gate holds: rules change, accounts are opened, time passes."""

from sqlalchemy import Engine

from matchmaker.db.engine import reading_session
from matchmaker.db.ticks import Tick
from matchmaker.db.uow import unit_of_work
from matchmaker.interests import introduction_queries as queries
from matchmaker.interests.introductions import open_if_free
from matchmaker.review.models import State
from matchmaker.review.moves import find


def run(engine: Engine) -> int:
    """Ask the gates again, each match in a transaction of its own; answers how many got past them or ended there."""
    with reading_session(engine) as session:
        waiting = queries.waiting(session)
    moved = 0
    for public_id in waiting:
        with unit_of_work(engine) as uow:
            suggestion = find(uow, public_id)
            if suggestion.state is State.MUTUAL:
                open_if_free(uow, suggestion)
                moved += suggestion.state is not State.MUTUAL
    return moved


TICKS: tuple[Tick, ...] = (Tick("gates", 60, run),)
