"""The square of the desk's states: exactly the moves of the table are allowed."""

import pytest

from matchmaker.core.errors import Conflict
from matchmaker.review.models import State
from matchmaker.review.states import TRANSITIONS, move

ALLOWED = {
    (State.SUGGESTED, State.ENDORSED),
    (State.SUGGESTED, State.DECLINED),
    (State.ENDORSED, State.SUGGESTED),
    (State.DECLINED, State.SUGGESTED),
}


@pytest.mark.parametrize("wanted", State)
@pytest.mark.parametrize("current", State)
def test_the_square_of_states(current: State, wanted: State) -> None:
    if (current, wanted) in ALLOWED:
        assert move(current, wanted) is wanted
    else:
        with pytest.raises(Conflict, match=f"{current}.*{wanted}"):
            move(current, wanted)


def test_every_state_can_be_reached_and_left() -> None:
    assert set(TRANSITIONS) == set(State)
    assert all(TRANSITIONS.values())
    assert set().union(*TRANSITIONS.values()) == set(State)
