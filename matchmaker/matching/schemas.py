"""What the matcher answers: matches that carry the whole of their calculation."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

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
    dated: datetime | None = None
    deadline: date | None = None


@dataclass(frozen=True)
class Part:
    """One named part of a score: `value` from 0 to 1, `weight` its share, `words` what the reader is told."""

    name: str
    title: LazyString | str
    value: float
    weight: float
    words: LazyString | str

    @property
    def points(self) -> float:
        return self.value * self.weight


@dataclass(frozen=True)
class Quote:
    """A passage as its author wrote it; without text where it must not be shown: sealed, or just being changed."""

    lang: str
    text: str
    sealed: bool = False


@dataclass(frozen=True)
class Working:
    """The numbers behind the text part, as embeddings/pool.py defines them; similarities from -1 to 1."""

    whole: float
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
    # Those that it stands for in a list.
    kin: Kin = NO_KIN


@dataclass(frozen=True)
class MatchList:
    """The best matches of a listing, best first."""

    readiness: Readiness
    scope: Scope
    matches: Sequence[Match] = ()


@dataclass(frozen=True)
class SearchHit:
    """A listing that answers a search, with the passage that fits best."""

    listing: ListingCard
    score: float
    snippet: Quote
    kin: Kin = NO_KIN
