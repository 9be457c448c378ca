"""A little chance in what the desk is shown: who only ever sees the top of a list never learns what the rest is worth.

Where a listing has many candidates, now and then one from further down its list is suggested beside its best. Which
one, and whether at all, follows from the listings' ids, so the same list draws the same one however often it is made
(Cohen and Kaplan 2007: the smallest hash is a fair draw that stays as the list changes), and its chance is known.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

# A list with fewer candidates is short enough to be seen whole in time.
LEAST_CANDIDATES = 10
_SALT = "explore"


@dataclass(frozen=True)
class Drawn:
    """Which of the following candidates was drawn, and how likely it was."""

    index: int
    propensity: float


def draw(listing: str, following: Sequence[str], *, best: int, share: float) -> Drawn | None:
    """One of the candidates that follow the `best` first ones of a listing's list, by public ids; mostly none.

    On the average, `share` for each of the best ones is drawn: with five and a tenth, one for every second listing.
    """
    chance = min(1.0, share * best)
    if not following or best + len(following) < LEAST_CANDIDATES or _number(listing) >= chance:
        return None
    index = min(range(len(following)), key=lambda i: _number(listing, following[i]))
    return Drawn(index, chance / len(following))


def _number(*ids: str) -> float:
    """From 0 to 1, as if by chance, and always the same for the same ids."""
    return int.from_bytes(sha256("\n".join((_SALT, *ids)).encode()).digest()[:8]) / 2**64
