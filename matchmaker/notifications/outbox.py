"""The way of a letter through the outbox: an attempt is noted before it is made, its end after.

A process that dies in between leaves a letter that is due: none is lost. The file channel then writes the same file
again; a mail server that had taken the letter gets it once more under the same Message-ID, by which it can be told.
"""

from datetime import datetime, timedelta

from matchmaker.db.jobs import WAITS
from matchmaker.db.uow import UnitOfWork
from matchmaker.notifications import queries
from matchmaker.notifications.models import Letter

# A letter that is older than this is given up: three and a half days.
GIVEN_UP_AFTER = sum(WAITS, timedelta())
# More attempts than the table has waits: the letter takes the worker with it each time.
MOST_ATTEMPTS = 2 * len(WAITS)
BATCH = 100


def begin(uow: UnitOfWork, letter_id: int, at: datetime) -> Letter | None:
    """Note that the letter is about to be sent; None when it is not to be sent any more."""
    letter = uow.session.get(Letter, letter_id, with_for_update=True)
    if letter is None or letter.sent_at or letter.failed_at:
        return None
    if letter.attempts >= MOST_ATTEMPTS:
        letter.failed_at, letter.problem = at, letter.problem or "the worker died"
        return None
    letter.attempts += 1
    return letter


def sent(uow: UnitOfWork, letter_id: int, at: datetime) -> None:
    """The channel has taken it."""
    letter = _get(uow, letter_id)
    letter.sent_at, letter.problem = at, ""


def delay(uow: UnitOfWork, letter_id: int, problem: str, at: datetime) -> None:
    """It was not taken this time: try again after the wait of the table, unless it is too old by now."""
    letter = _get(uow, letter_id)
    letter.problem = problem
    letter.due_at = at + WAITS[min(letter.attempts, len(WAITS)) - 1]
    if letter.due_at > letter.created_at + GIVEN_UP_AFTER:
        letter.failed_at = at


def refuse(uow: UnitOfWork, letter_id: int, problem: str, at: datetime) -> None:
    """It will never be taken."""
    letter = _get(uow, letter_id)
    letter.failed_at, letter.problem = at, problem


def put_back(uow: UnitOfWork, letter_id: int, problem: str) -> None:
    """The way out was closed, which says nothing about the letter: it stays due."""
    letter = _get(uow, letter_id)
    letter.attempts, letter.problem = letter.attempts - 1, problem


def give_up_old(uow: UnitOfWork, problem: str, at: datetime) -> int:
    """Give up what waited for too long while the way out was closed; answers how many."""
    old = queries.old_letters(uow.session, at - GIVEN_UP_AFTER, BATCH)
    for letter in old:
        letter.failed_at, letter.problem = at, problem
    return len(old)


def _get(uow: UnitOfWork, letter_id: int) -> Letter:
    return uow.session.get_one(Letter, letter_id, with_for_update=True)
