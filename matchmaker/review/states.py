"""Which moves a match can make, and who may make each; nothing else decides it."""

from collections.abc import Iterable
from enum import StrEnum

from matchmaker.core.errors import Conflict, NotAllowed
from matchmaker.review.models import State


class Party(StrEnum):
    """On whose behalf a move is made."""

    BROKER = "broker"
    # The side that is asked first (or asked by itself), and the other one.
    FIRST = "first"
    SECOND = "second"
    # A deadline or an appointed time.
    CLOCK = "clock"
    # A consequence of something else: a listing was withdrawn, a gate was passed or stays shut.
    SYSTEM = "system"


S, P = State, Party
_SIDES = frozenset({P.FIRST, P.SECOND})
_ANYBODY = _SIDES | {P.BROKER}

TRANSITIONS: dict[tuple[State, State], frozenset[Party]] = {
    (S.SUGGESTED, S.IN_REVIEW): frozenset({P.BROKER, P.SYSTEM}),
    (S.SUGGESTED, S.ENDORSED): frozenset({P.BROKER}),
    (S.SUGGESTED, S.DECLINED): frozenset({P.BROKER}),
    (S.SUGGESTED, S.PARKED): frozenset({P.BROKER}),
    # A side that asks by itself has said yes; a pair that nobody looked at yet goes straight to the other side.
    (S.SUGGESTED, S.OFFERED_SECOND): frozenset({P.FIRST, P.CLOCK}),
    (S.SUGGESTED, S.CLOSED): frozenset({P.FIRST, P.SYSTEM}),
    # By the system where the broker who had it is none any more.
    (S.IN_REVIEW, S.SUGGESTED): frozenset({P.BROKER, P.SYSTEM}),
    (S.IN_REVIEW, S.ENDORSED): frozenset({P.BROKER}),
    (S.IN_REVIEW, S.DECLINED): frozenset({P.BROKER}),
    (S.IN_REVIEW, S.PARKED): frozenset({P.BROKER}),
    # A broker who keeps an expression of interest waiting does not stop it.
    (S.IN_REVIEW, S.OFFERED_SECOND): frozenset({P.FIRST, P.BROKER, P.CLOCK}),
    (S.IN_REVIEW, S.CLOSED): frozenset({P.FIRST, P.SYSTEM}),
    # An interest that somebody expresses meanwhile is reason to look at it again.
    (S.PARKED, S.IN_REVIEW): frozenset({P.BROKER, P.CLOCK, P.SYSTEM}),
    (S.PARKED, S.SUGGESTED): frozenset({P.BROKER, P.CLOCK}),
    (S.PARKED, S.OFFERED_SECOND): frozenset({P.FIRST}),
    (S.PARKED, S.CLOSED): frozenset({P.FIRST, P.SYSTEM}),
    (S.ENDORSED, S.SUGGESTED): frozenset({P.BROKER}),
    (S.ENDORSED, S.OFFERED_FIRST): frozenset({P.BROKER, P.CLOCK}),
    (S.ENDORSED, S.OFFERED_SECOND): frozenset({P.FIRST, P.BROKER, P.CLOCK}),
    (S.ENDORSED, S.CLOSED): frozenset({P.SYSTEM, P.FIRST}),
    # What is over begins again when a broker opens it, or when a side expresses its interest once more.
    (S.DECLINED, S.SUGGESTED): frozenset({P.BROKER, P.SYSTEM}),
    (S.CLOSED, S.SUGGESTED): frozenset({P.SYSTEM}),
    (S.OFFERED_FIRST, S.ENDORSED): frozenset({P.BROKER}),
    (S.OFFERED_FIRST, S.OFFERED_SECOND): frozenset({P.FIRST}),
    (S.OFFERED_FIRST, S.DECLINED): frozenset({P.FIRST}),
    (S.OFFERED_FIRST, S.LAPSED): frozenset({P.CLOCK}),
    # The second side takes back an interest that it expressed by itself while the first one was being asked.
    (S.OFFERED_FIRST, S.CLOSED): frozenset({P.SECOND, P.SYSTEM}),
    # By the system where the second side had expressed its interest before it was asked.
    (S.OFFERED_SECOND, S.MUTUAL): frozenset({P.SECOND, P.SYSTEM}),
    (S.OFFERED_SECOND, S.DECLINED): frozenset({P.SECOND}),
    (S.OFFERED_SECOND, S.LAPSED): frozenset({P.CLOCK}),
    # The first side takes its yes back, or its listing away.
    (S.OFFERED_SECOND, S.CLOSED): frozenset({P.FIRST, P.SYSTEM}),
    (S.MUTUAL, S.INTRODUCED): frozenset({P.SYSTEM}),
    (S.MUTUAL, S.LAPSED): frozenset({P.CLOCK}),
    (S.MUTUAL, S.CLOSED): _ANYBODY | {P.SYSTEM},
    (S.INTRODUCED, S.MEETING): _ANYBODY,
    (S.INTRODUCED, S.NEGOTIATING): _ANYBODY,
    (S.INTRODUCED, S.AGREEMENT): _ANYBODY,
    (S.INTRODUCED, S.CLOSED): _ANYBODY,
    (S.MEETING, S.NEGOTIATING): _ANYBODY,
    (S.MEETING, S.AGREEMENT): _ANYBODY,
    (S.MEETING, S.CLOSED): _ANYBODY,
    (S.NEGOTIATING, S.MEETING): _ANYBODY,
    (S.NEGOTIATING, S.AGREEMENT): _ANYBODY,
    (S.NEGOTIATING, S.CLOSED): _ANYBODY,
    (S.AGREEMENT, S.CLOSED): _ANYBODY,
    (S.LAPSED, S.SUGGESTED): frozenset({P.BROKER, P.SYSTEM}),
}

# Where nothing has been said to either side yet: the desk's own business.
BEFORE_OFFER = frozenset({S.SUGGESTED, S.IN_REVIEW, S.PARKED, S.ENDORSED, S.DECLINED})
# Where one side waits for the other.
OFFERED = frozenset({S.OFFERED_FIRST, S.OFFERED_SECOND})
# Where the two sides know each other.
TOGETHER = frozenset({S.INTRODUCED, S.MEETING, S.NEGOTIATING, S.AGREEMENT})
# Where it ends, unless a broker opens it again.
OVER = frozenset({S.DECLINED, S.LAPSED, S.CLOSED})


def check_move(current: State, wanted: State, parties: Iterable[Party]) -> None:
    """Raise Conflict when the table has no such move, NotAllowed when it has, and it is for somebody else to make."""
    allowed = TRANSITIONS.get((current, wanted))
    if allowed is None:
        raise Conflict(f"a match that is {current} cannot become {wanted}")
    if not allowed & set(parties):
        raise NotAllowed(f"it is for somebody else to make a match {wanted} that is {current}")
