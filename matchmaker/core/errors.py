"""Errors the domain raises on purpose; none of them knows HTTP or a database."""

from collections.abc import Mapping


class MatchmakerError(Exception):
    """Base of every error we raise on purpose; its text is meant for people."""


class NotFound(MatchmakerError):
    """The object does not exist, or the asker may not know that it does."""


class NotAllowed(MatchmakerError):
    """The actor may not do this to this object."""


class Conflict(MatchmakerError):
    """The object is not in a state that permits the operation."""


class TooMany(MatchmakerError):
    """The actor asked too often and should wait."""


class Unavailable(MatchmakerError):
    """A part of the system is not ready; trying again later will help."""


class Invalid(MatchmakerError):
    """The input breaks a rule; `problems` maps each field to what is wrong with it.

    `about` says which of several things in a field it is, such as a file's name; no log repeats it.
    """

    def __init__(self, problems: Mapping[str, str], *, about: str = "") -> None:
        super().__init__("; ".join(f"{field}: {what}" for field, what in problems.items()))
        self.problems = dict(problems)
        self.about = about


class Misconfigured(MatchmakerError):
    """A setting, a file or an environment is unfit to start with; the command line shows one line and exits 2."""
