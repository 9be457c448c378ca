"""What the sides of a match and its broker are told."""

from matchmaker.i18n import lazy
from matchmaker.notifications.kinds import Kind, declare

declare(
    Kind(
        "match.offered",
        lazy("A match waits for your answer"),
        lazy("There is a match for “%(listing)s”. Please answer until %(date)s."),
    ),
    Kind(
        "match.to_record",
        lazy("A side without an account is to be asked"),
        lazy("In a match for “%(listing)s” please ask the side that has no account; its answer is due until %(date)s."),
    ),
    Kind(
        "match.reminder",
        lazy("A deadline comes near"),
        lazy("A match for “%(listing)s” still waits: after %(date)s it lapses."),
    ),
    Kind(
        "match.mutual",
        lazy("Both sides said yes"),
        lazy("Both sides said yes to the match for “%(listing)s”."),
    ),
    Kind(
        "match.accepted",
        lazy("One side said yes"),
        lazy("In the match for “%(listing)s” one side said yes; now the other one is asked."),
    ),
    Kind(
        "match.declined",
        lazy("A match was declined"),
        lazy("The match for “%(listing)s” was declined."),
    ),
    Kind(
        "match.lapsed",
        lazy("A match has lapsed"),
        lazy("The match for “%(listing)s” has lapsed: no answer came in time."),
    ),
    Kind(
        "match.silent",
        lazy("A side did not answer"),
        lazy("A match for “%(listing)s” that you look after has lapsed; its page says who was silent."),
    ),
    Kind(
        "match.closed",
        lazy("A match has ended"),
        lazy("The match for “%(listing)s” has ended; its page says why."),
    ),
    Kind(
        "match.progress",
        lazy("An introduction goes on"),
        lazy("There is a new step in the introduction for “%(listing)s”."),
    ),
    Kind(
        "match.returned",
        lazy("A parked match is back"),
        lazy("The match for “%(listing)s” that you had put aside is back on the desk."),
    ),
    Kind(
        "match.asked",
        lazy("A side asks its broker"),
        lazy("In the match for “%(listing)s” a side has a question for you."),
    ),
    Kind(
        "interest.received",
        lazy("Somebody is interested"),
        lazy("Somebody expressed interest in “%(listing)s”. Please answer until %(date)s."),
    ),
    Kind(
        "interest.to_review",
        lazy("An expression of interest to look at"),
        lazy("Somebody expressed interest in “%(listing)s”. Without you it goes on to the owner after %(date)s."),
    ),
    Kind(
        "interest.passed_on",
        lazy("Your interest is with the owner"),
        lazy("Your interest in “%(listing)s” was passed on; the owner has until %(date)s to answer."),
    ),
)
