"""The reader's own last verdicts, kept in their sign-in's cookie, so that several can be taken back one by one."""

from dataclasses import asdict, dataclass

from flask import session

KEY = "verdicts"
# Cookies are small; whoever looks further back finds every verdict in the lists of the desk.
LIMIT = 40


@dataclass(frozen=True)
class Verdict:
    """A decided suggestion as its decision left it, and the place on the page where it was decided."""

    public_id: str
    revision: int
    position: int


def remember(verdict: Verdict) -> None:
    """Put it on top."""
    session[KEY] = [*session.get(KEY, []), asdict(verdict)][-LIMIT:]


def forget(public_id: str) -> None:
    """Whatever became of this suggestion, the reader's verdict on it is the last one no more."""
    session[KEY] = [entry for entry in session.get(KEY, []) if entry["public_id"] != public_id]


def last() -> Verdict | None:
    """The newest verdict that was not taken back."""
    entries = session.get(KEY)
    return Verdict(**entries[-1]) if entries else None
