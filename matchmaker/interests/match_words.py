"""The words of the pages of matches."""

from typing import Any

from flask_babel import LazyString

from matchmaker.i18n import lazy
from matchmaker.review.models import State
from matchmaker.review.parties import Box
from matchmaker.review.timeline import reason_title
from matchmaker.review.titles import REASONS

BOXES: dict[Box, LazyString] = {
    Box.ANSWER: lazy("Waiting for your answer"),
    Box.WAITING: lazy("Waiting for the other side"),
    Box.INTRODUCED: lazy("Introduced"),
    Box.OVER: lazy("Over"),
}
# What an empty box says, and why.
EMPTY: dict[Box, tuple[str, LazyString, LazyString]] = {
    Box.ANSWER: (
        "inbox",
        lazy("Nothing waits for you"),
        lazy("When a broker recommends a partner, or somebody is interested in a listing of yours, you answer here."),
    ),
    Box.WAITING: (
        "hourglass-split",
        lazy("You wait for nobody"),
        lazy("Here is what you have said yes to, or asked for, until the other side has answered."),
    ),
    Box.INTRODUCED: (
        "people",
        lazy("No introduction yet"),
        lazy("When both sides have said yes, they are named to each other and can talk."),
    ),
    Box.OVER: (
        "archive",
        lazy("Nothing has ended yet"),
        lazy("What was declined, has lapsed or was finished stays here with its reasons."),
    ),
}
# What is said after a deed, by the endpoint of its form.
_TOLD: dict[str, LazyString] = {
    "interests.say_yes": lazy("Your yes is stored; now the other side is asked."),
    "interests.say_no": lazy("Your answer is stored. Thank you for giving a reason."),
    "interests.withdraw": lazy("Your yes is taken back, and the match has ended."),
    "interests.ask": lazy("Your question is with the broker."),
}
_BECAME: dict[State, LazyString] = {
    State.INTRODUCED: lazy("Both sides said yes: you are introduced."),
    State.MUTUAL: lazy("Both sides said yes. Before you are introduced something has to be looked at; see below."),
    State.CLOSED: lazy("This match has ended in the meantime."),
}
# What templates call them.
WORDS: dict[str, Any] = {
    "reasons": REASONS,
    "empties": EMPTY,
    "reason_title": reason_title,
}


def told(endpoint: str, state: State | None) -> LazyString:
    """What to say after the deed of a form that left the match in this state."""
    if endpoint == "interests.say_yes" and state in _BECAME:
        return _BECAME[state]
    return _TOLD[endpoint]
