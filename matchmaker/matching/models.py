"""What the matcher keeps: passages with their vectors, whose are answered from, and which snapshot is current."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from matchmaker.core.clock import now
from matchmaker.db.types import UtcDateTime


class Embedding(SQLModel, table=True):
    """Says from which revision of a listing an encoder's passages of it were made."""

    listing_id: int = Field(foreign_key="listing.id", primary_key=True)
    encoder: str = Field(max_length=128, primary_key=True)
    revision: int
    passages: int
    # What kept the listing from being embedded; such a listing is not tried again until it changes.
    problem: str = ""
    at: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class Passage(SQLModel, table=True):
    """A piece of a listing's text and its raw vector (fp16, unit length): the truth the indexes derive from."""

    __table_args__ = (
        Index("ix_passage_listing", "listing_id", "encoder", "lang", "ordinal"),
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


class ServingEncoder(SQLModel, table=True):
    """The encoder whose vectors every process answers from; one row, as soon as there are vectors."""

    __tablename__ = "serving_encoder"

    id: int = Field(default=1, primary_key=True)
    encoder: str = Field(max_length=128)
    # What the process that was started last is set to: its vectors are made beside, and it serves when all are there.
    wanted: str = Field(max_length=128)
    since: datetime = Field(default_factory=now, sa_type=UtcDateTime)


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
