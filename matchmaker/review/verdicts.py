"""The reader's own last deeds, kept in their sign-in's cookie, so that several can be taken back one by one."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from flask import session

from matchmaker.core.clock import now
from matchmaker.review.bulk import Picked, read
from matchmaker.review.service import TAKE_BACK

KEY = "verdicts"
# Cookies are small; whoever looks further back finds every verdict in the lists of the desk.
LIMIT, LONGEST = 40, 1200


def _this_second() -> int:
    return int(now().timestamp())


@dataclass(frozen=True)
class Deed:
    """The matches of a deed as it left them (`id:revision …`), the place on the page where it was done, and when."""

    pairs: str
    position: int = 1
    at: int = field(default_factory=_this_second)

    @classmethod
    def of(cls, done: Iterable[Picked], position: int = 1) -> "Deed":
        return cls(" ".join(map(str, done)), position)


def remember(deed: Deed) -> None:
    """Put it on top; the oldest make room."""
    kept = [*_entries(), asdict(deed)][-LIMIT:]
    while sum(len(entry["pairs"]) for entry in kept) > LONGEST and len(kept) > 1:
        kept.pop(0)
    session[KEY] = kept


def forget(pairs: str) -> None:
    """Whatever became of these matches, the reader's deeds on them are the last ones no more."""
    gone = {one.public_id for one in read(pairs)}
    session[KEY] = [entry for entry in _entries() if not gone & {one.public_id for one in read(entry["pairs"])}]


def last() -> Deed | None:
    """The newest deed that was not taken back and still can be."""
    entries = _entries()
    return Deed(**entries[-1]) if entries else None


def _entries() -> list[dict[str, Any]]:
    """Those that are young enough."""
    youngest = _this_second() - int(TAKE_BACK.total_seconds())
    # What an older version of the portal kept is not ours to read.
    return [
        entry
        for entry in session.get(KEY, [])
        if entry.keys() == {"pairs", "position", "at"} and entry["at"] > youngest
    ]
