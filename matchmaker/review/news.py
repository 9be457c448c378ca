"""What the sides of a match and its broker are told."""

from matchmaker.i18n import lazy
from matchmaker.notifications.kinds import Kind, declare

declare(
    Kind(
        "match.offered",
        lazy("A match waits for your answer"),
        lazy("There is a match for “%(listing)s”. Please answer by %(date)s."),
        icon="hand-thumbs-up",
    ),
    Kind(
        "match.to_record",
        lazy("A side without an account is to be asked"),
        lazy("In a match for “%(listing)s” please ask the side that has no account; its answer is due by %(date)s."),
        icon="telephone",
        staff=True,
    ),
    Kind(
        "match.reminder",
        lazy("A deadline comes near"),
        lazy("A match for “%(listing)s” still waits: after %(date)s it lapses."),
        icon="hourglass-split",
    ),
    Kind(
        "match.accepted",
        lazy("One side said yes"),
        lazy("In the match for “%(listing)s” one side said yes; now the other one is asked."),
        icon="hand-thumbs-up",
        staff=True,
    ),
    Kind(
        "match.declined",
        lazy("A match was declined"),
        lazy("The match for “%(listing)s” was declined."),
        icon="hand-thumbs-down",
    ),
    Kind(
        "match.lapsed",
        lazy("A match has lapsed"),
        lazy("The match for “%(listing)s” has lapsed: no answer came in time."),
        icon="calendar-x",
    ),
    Kind(
        "match.silent",
        lazy("A side did not answer"),
        lazy("A match for “%(listing)s” that you look after has lapsed; its page says who was silent."),
        icon="calendar-x",
        staff=True,
    ),
    Kind(
        "match.closed",
        lazy("A match has ended"),
        lazy("The match for “%(listing)s” has ended; its page says why."),
        icon="x-circle",
    ),
    Kind(
        "match.progress",
        lazy("An introduction goes on"),
        lazy("There is a new step in the introduction for “%(listing)s”."),
        icon="flag",
    ),
    Kind(
        "match.returned",
        lazy("A parked match is back"),
        lazy("The match for “%(listing)s” that you had put aside is back on the desk."),
        icon="play-circle",
        staff=True,
    ),
    Kind(
        "match.asked",
        lazy("A side asks its broker"),
        lazy("In the match for “%(listing)s” a side has a question for you."),
        icon="question-circle",
        staff=True,
    ),
    Kind(
        "match.replied",
        lazy("A side has answered your question"),
        lazy("In the match for “%(listing)s” your question was answered."),
        icon="reply",
        staff=True,
    ),
    Kind(
        "interest.received",
        lazy("Somebody is interested"),
        lazy("Somebody expressed interest in “%(listing)s”. Please answer by %(date)s."),
        icon="inbox",
    ),
    Kind(
        "interest.to_review",
        lazy("An expression of interest to look at"),
        lazy("Somebody expressed interest in “%(listing)s”. Without you it goes on to the owner after %(date)s."),
        icon="inbox",
        staff=True,
    ),
    Kind(
        "interest.passed_on",
        lazy("Your interest is with the owner"),
        lazy("Your interest in “%(listing)s” was passed on; the owner answers by %(date)s."),
        icon="send",
    ),
)
