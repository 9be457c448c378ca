"""The way from a suggestion to an agreement as steps, and how a match leaves it."""

from enum import IntEnum
from typing import NamedTuple

from flask_babel import LazyString

from matchmaker.i18n import lazy
from matchmaker.review.models import CloseReason, DeclineReason, Side, State
from matchmaker.review.states import Party
from matchmaker.review.timeline import reason_title


class Step(IntEnum):
    """How far a match has come; an expression of interest goes from the first step to `INTERESTED` at once."""

    SUGGESTED = 0
    ENDORSED = 1
    OFFERED = 2
    # One side has said yes: asked, or by itself.
    INTERESTED = 3
    MUTUAL = 4
    INTRODUCED = 5
    TALKING = 6
    AGREED = 7


STEP_OF: dict[State, Step] = {
    State.ENDORSED: Step.ENDORSED,
    State.OFFERED_FIRST: Step.OFFERED,
    State.OFFERED_SECOND: Step.INTERESTED,
    State.MUTUAL: Step.MUTUAL,
    State.INTRODUCED: Step.INTRODUCED,
    State.MEETING: Step.TALKING,
    State.NEGOTIATING: Step.TALKING,
    State.AGREEMENT: Step.AGREED,
}

TITLES: dict[Step, LazyString] = {
    Step.SUGGESTED: lazy("Suggested"),
    Step.ENDORSED: lazy("Endorsed"),
    Step.OFFERED: lazy("Offered"),
    Step.INTERESTED: lazy("One side interested"),
    Step.MUTUAL: lazy("Both said yes"),
    Step.INTRODUCED: lazy("Introduced"),
    Step.TALKING: lazy("Meeting or negotiation"),
    Step.AGREED: lazy("Agreement"),
}

_SILENT = lazy("No answer in time")
_WHO: dict[str, LazyString] = {
    Side.NEED.value: lazy("The side of the need"),
    Side.RESULT.value: lazy("The side of the result"),
    Party.BROKER.value: lazy("Broker"),
    Party.CLOCK.value: lazy("Deadline"),
    Party.SYSTEM.value: lazy("Automatic"),
}


class Ending(NamedTuple):
    """How a match left the way: the state it ended in, who ended it, and the typed reason."""

    state: State
    party: str
    reason: str

    @property
    def is_good(self) -> bool:
        """Whether it ended because its aim was reached."""
        return self.reason == CloseReason.COMPLETED

    @property
    def who(self) -> LazyString | str:
        """Who ended it; for a silence the side that was silent."""
        silent = self.state is State.LAPSED and self.reason in set(Side)
        return _WHO.get(self.reason if silent else self.party, self.party)

    @property
    def why(self) -> LazyString | str:
        """The typed reason in words."""
        if self.state is State.LAPSED:
            return _SILENT
        typed = self.reason in {*DeclineReason, *CloseReason}
        return reason_title(self.reason) if typed else lazy("No reason given")
