"""What the matcher answers: matches that carry the whole of their calculation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from math import exp

from flask_babel import LazyString

from matchmaker.listings.kin import NO_KIN, Kin
from matchmaker.listings.schemas import ListingCard


class Scope(StrEnum):
    """Where the other side may be."""

    CROSS_BORDER = "cross_border"
    DOMESTIC = "domestic"
    EVERYWHERE = "everywhere"


class Readiness(StrEnum):
    """Whether a listing's matches can be computed."""

    READY = "ready"
    # Its texts are waiting for the encoder.
    PENDING = "pending"
    # The texts hold nothing that could be compared.
    IMPOSSIBLE = "impossible"


@dataclass(frozen=True)
class Side:
    """What scoring asks of one listing; codes are strings, empty means not said."""

    country: str = ""
    trl: str | None = None
    ipc: tuple[str, ...] = ()
    nace: tuple[str, ...] = ()
    partnerships: tuple[str, ...] = ()
    target_countries: tuple[str, ...] = ()
    # What kind and size of partner it looks for, and what its own organisation is.
    partner_types: tuple[str, ...] = ()
    partner_sizes: tuple[str, ...] = ()
    kind: str = ""
    size: str = ""
    dated: datetime | None = None
    deadline: date | None = None
    # What a need can spend, or a result costs.
    budget: tuple[Decimal | None, Decimal | None] = (None, None)
    currency: str = ""


# What would be shown as no point at all is no hint.
LEAST_HINT = 0.005
# Fewer verdicts than this say too little for a chance to be told.
ENOUGH_VERDICTS = 100


@dataclass(frozen=True)
class Calibration:
    """How likely a broker endorses a score (Platt 1999): 1 / (1 + e^−(slope · score + intercept))."""

    slope: float
    intercept: float
    # Brokers' verdicts that it was read off.
    verdicts: int

    def chance(self, score: float) -> float:
        return 1 / (1 + exp(-(self.slope * score + self.intercept)))


@dataclass(frozen=True)
class Weights:
    """What each part of a score counts: `shares` by the part's name, together 1. Version 0 is set by hand."""

    version: int
    shares: Mapping[str, float]
    calibration: Calibration | None = None

    def chance(self, score: float) -> float | None:
        """How likely a broker endorses a match of this score; None where too few verdicts say so."""
        if self.calibration is None or self.calibration.verdicts < ENOUGH_VERDICTS:
            return None
        return self.calibration.chance(score)


@dataclass(frozen=True)
class Shared:
    """The rare words that two listings share, as one of them writes them, and from 0 to 1 how much that is."""

    value: float = 0.0
    words: tuple[str, ...] = ()


NOTHING_SHARED = Shared()


@dataclass(frozen=True)
class Part:
    """One named part of a score: `value` from 0 to 1, `weight` its share, `words` what the reader is told.

    `hint` says what a side could add to its listing for the part to count; empty where nothing is missing.
    """

    name: str
    title: LazyString | str
    value: float
    weight: float
    words: LazyString | str
    hint: LazyString | str = ""

    @property
    def points(self) -> float:
        return self.value * self.weight

    @property
    def missing(self) -> float:
        """The points that are still to be had."""
        return (1 - self.value) * self.weight


@dataclass(frozen=True)
class Quote:
    """A passage as its author wrote it; without text where it must not be shown: sealed, or just being changed."""

    lang: str
    text: str
    sealed: bool = False


@dataclass(frozen=True)
class Aligned:
    """A passage of the other listing, the own one that it answers best, and the points that the match owes to it.

    `points` (0 to 1) is what the score would lose without the text of `other`; below 0 where it would gain.
    """

    own: Quote
    other: Quote
    points: float


class Answered(StrEnum):
    """What a result makes of something that a need says."""

    YES = "yes"
    PARTLY = "partly"
    NO = "no"
    # The need does not say it.
    UNSAID = "unsaid"
    # It says it in a language whose words are not known here, or by a code alone.
    UNREAD = "unread"


@dataclass(frozen=True)
class ElementFit:
    """An element of a need, the words that say it, and whether the result speaks of it."""

    title: LazyString | str
    said: str
    answered: Answered
    hint: LazyString | str = ""


@dataclass(frozen=True)
class Working:
    """The numbers behind the text part, as embeddings/pool.py defines them; similarities from -1 to 1."""

    whole: float
    late: float
    best: float
    echo: float | None
    level: float
    standing: float


@dataclass(frozen=True)
class Match:
    """Another listing with its score (0 to 1, the sum of the parts' points) and the passages that fit best."""

    listing: ListingCard
    score: float
    parts: Sequence[Part]
    own: Quote
    other: Quote
    working: Working | None = None
    # Every passage of the other listing, the one that contributes most first.
    aligned: Sequence[Aligned] = ()
    # What becomes of each element of the need; only where one match is looked at.
    elements: Sequence[ElementFit] = ()
    # Those that it stands for in a list.
    kin: Kin = NO_KIN

    @property
    def hints(self) -> Sequence[Part]:
        """The parts for which a side could say more, the one that could bring most first; a point at least."""
        worth = [part for part in self.parts if part.hint and part.missing >= LEAST_HINT]
        return sorted(worth, key=lambda part: -part.missing)


class Doubt(StrEnum):
    """Why a list of matches means little."""

    # The listing says too little to tell what it is about.
    SHORT = "short"
    # Nothing on the whole market is near it.
    FAR = "far"


@dataclass(frozen=True)
class MatchList:
    """The best matches of a listing, best first."""

    readiness: Readiness
    scope: Scope
    matches: Sequence[Match] = ()
    doubt: Doubt | None = None


@dataclass(frozen=True)
class SearchHit:
    """A listing that answers a search, with the passage that fits best."""

    listing: ListingCard
    score: float
    snippet: Quote
    kin: Kin = NO_KIN
