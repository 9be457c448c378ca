"""One deed done to several matches: each by itself, so that one that was moved meanwhile keeps no other from it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from matchmaker.core.errors import Conflict, Invalid, MatchmakerError
from matchmaker.db.uow import UnitOfWork
from matchmaker.review.moves import find
from matchmaker.review.policy import NotYours

# A page of the desk, several times over.
MOST = 100


@dataclass(frozen=True)
class Picked:
    """A match as it was when it was picked."""

    public_id: str
    revision: int

    def __str__(self) -> str:
        return f"{self.public_id}:{self.revision}"


@dataclass(frozen=True)
class Missed:
    """A match that the deed could not be done to, and why: "moved", "gone", a reason of policy, or a problem."""

    public_id: str
    why: str


@dataclass(frozen=True)
class Outcome:
    """What was done, as it left the matches, and what was not."""

    done: Sequence[Picked]
    missed: Sequence[Missed]


Verb = Callable[[UnitOfWork, Picked], object]


def read(text: str) -> list[Picked]:
    """`id:revision id:revision …` as forms send it; what cannot be read is left out."""
    found = []
    for word in text.split():
        public_id, _, revision = word.partition(":")
        if 0 < len(public_id) <= 16 and revision.isascii() and revision.isdecimal() and len(revision) < 10:
            found.append(Picked(public_id, int(revision)))
    return list(dict.fromkeys(found))[:MOST]


def do(uow: UnitOfWork, matches: Sequence[Picked], verb: Verb) -> Outcome:
    """Do `verb` to each of the matches, in one transaction; what is refused stays as it is and is told."""
    done, missed = [], []
    for one in matches:
        try:
            with uow.session.begin_nested():
                verb(uow, one)
                left = Picked(one.public_id, find(uow, one.public_id).revision)
        except MatchmakerError as error:
            missed.append(Missed(one.public_id, _why(error)))
        else:
            done.append(left)
    return Outcome(done, missed)


def _why(error: MatchmakerError) -> str:
    if isinstance(error, NotYours):
        return error.why.value
    if isinstance(error, Invalid):
        return next(iter(error.problems.values()))
    return "moved" if isinstance(error, Conflict) else "gone"
