"""What the matcher keeps: passages with their vectors, and which snapshot of them is current."""

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


class EvaluationRun(SQLModel, table=True):
    """What one measurement of match quality found; kept, so that quality can be followed over time."""

    __tablename__ = "evaluation_run"
    __table_args__ = (Index("ix_evaluation_run_shown", "task", "hidden_at", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    # The task's name: its folder's, or "coverage" for what was measured on the market itself.
    task: str = Field(max_length=128)
    # SHA-256 of the task's contents: runs of one digest had the same questions to answer.
    digest: str = Field(default="", max_length=64)
    # What of the task was asked, such as "all, cross_border".
    scope: str = Field(default="", max_length=64)
    encoder: str = Field(max_length=128)
    # Which weights of the score's parts were used, and which code.
    weights: str = Field(default="", max_length=64)
    code: str = Field(default="", max_length=64)
    at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    seconds: float = 0.0
    queries: int = 0
    documents: int = 0
    note: str = ""
    # JSON; `run_figures.py` says which keys mean what.
    figures: str
    # A run that misleads is hidden, never deleted.
    hidden_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
