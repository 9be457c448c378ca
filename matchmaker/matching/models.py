"""What the matcher keeps: passages with their vectors, the current snapshot of them, and the weights of scores."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from matchmaker.core.clock import now
from matchmaker.db.types import UtcDateTime


class Embedding(SQLModel, table=True):
    """Says from which revision of a listing, and by which encoder, its passages were made."""

    listing_id: int = Field(foreign_key="listing.id", primary_key=True)
    encoder: str = Field(max_length=128)
    revision: int
    passages: int
    # What kept the listing from being embedded; such a listing is not tried again until it changes.
    problem: str = ""
    at: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class Passage(SQLModel, table=True):
    """A piece of a listing's text and its raw vector (fp16, unit length): the truth the indexes derive from."""

    __table_args__ = (
        Index("ix_passage_listing", "listing_id", "lang", "ordinal"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, primary_key=True)
    listing_id: int = Field(foreign_key="listing.id")
    lang: str = Field(max_length=8)
    ordinal: int
    text: str
    # SHA-256 of what was encoded; an edit encodes only what it changed.
    digest: str = Field(max_length=64)
    encoder: str = Field(max_length=128)
    vector: bytes
    # Made from a sealed part: compared, never shown; its `text` is empty.
    sealed: bool = False


class IndexSnapshot(SQLModel, table=True):
    """The newest immutable snapshot of the index; processes map the folder named after its generation."""

    __tablename__ = "index_snapshot"
    __table_args__ = ({"sqlite_autoincrement": True},)

    generation: int | None = Field(default=None, primary_key=True)
    encoder: str = Field(max_length=128)
    # Everything in the change log up to this id is inside.
    watermark: int
    count: int
    checksum: str = Field(max_length=64)
    at: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class ScoreWeights(SQLModel, table=True):
    """Weights that were learned from verdicts, as a proposal; rows are only ever added. Those of the table are none."""

    __tablename__ = "score_weights"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: int | None = Field(default=None, primary_key=True)
    made_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    # A person's public id, or the name of a process.
    made_by: str = Field(max_length=64)
    # JSON: name of a part → its share.
    weights: str
    # JSON of a Calibration, or "null".
    calibration: str = "null"
    # JSON of what they were learned from and how they did; its shape belongs to whoever learned them.
    figures: str = "{}"


class WeightsSwitch(SQLModel, table=True):
    """From when on which weights count; the newest row says it, and rows are only ever added.

    Each names the switch that it follows, and no two may follow the same: of two at once one is refused.
    """

    __tablename__ = "weights_switch"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: int | None = Field(default=None, primary_key=True)
    # The switch before, 0 for the first.
    follows: int = Field(unique=True)
    # None for those that are set by hand.
    weights_id: int | None = Field(default=None, foreign_key="score_weights.id")
    at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    by: str = Field(max_length=64)
