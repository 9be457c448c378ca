"""Which moves the desk allows; nothing else decides it."""

from matchmaker.core.errors import Conflict
from matchmaker.review.models import State

TRANSITIONS: dict[State, frozenset[State]] = {
    State.SUGGESTED: frozenset({State.ENDORSED, State.DECLINED}),
    # A verdict can be taken back; what follows an endorsement comes with introductions.
    State.ENDORSED: frozenset({State.SUGGESTED}),
    State.DECLINED: frozenset({State.SUGGESTED}),
}


def move(current: State, wanted: State) -> State:
    """The wanted state; raises Conflict when the table has no such move."""
    if wanted not in TRANSITIONS[current]:
        raise Conflict(f"a match that is {current} cannot become {wanted}")
    return wanted
