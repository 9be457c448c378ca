"""Needs and results: one table with a direction, its texts per language, its codes, its change log."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from matchmaker.core.clock import now
from matchmaker.core.ids import new_public_id
from matchmaker.db.types import ExactDecimal, UtcDateTime, stored


class Direction(StrEnum):
    """Who is looking: a company for technology (企业找技术) or an institute for a market (成果找市场)."""

    NEED = "need"
    RESULT = "result"

    @property
    def opposite(self) -> "Direction":
        return Direction.RESULT if self is Direction.NEED else Direction.NEED


class Status(StrEnum):
    """Where a listing is in its life."""

    DRAFT = "draft"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class TextOrigin(StrEnum):
    """Who answers for a language version: the listing's owner, or a machine."""

    OWNER = "owner"
    MACHINE = "machine"


class Scheme(StrEnum):
    """The vocabulary that a code belongs to."""

    IPC = "ipc"
    # Derived from the IPC and NACE codes, so that a facet is one indexed look-up.
    IPC_SECTION = "ipc_section"
    NACE = "nace"
    NACE_SECTION = "nace_section"
    SDG = "sdg"
    PARTNERSHIP = "partnership"
    PARTNER_TYPE = "partner_type"
    PARTNER_SIZE = "partner_size"
    TARGET_COUNTRY = "target_country"


class Listing(SQLModel, table=True):
    """A technology need or a research result, as its owner published it."""

    __table_args__ = (
        UniqueConstraint("source", "source_id"),
        Index("ix_listing_browse", "status", "direction", "published_at"),
        Index("ix_listing_newest", "status", "published_at", "id"),
        Index("ix_listing_country", "status", "country"),
        Index("ix_listing_lang", "status", "lang"),
        Index("ix_listing_trl", "status", "trl"),
    )

    id: int | None = Field(default=None, primary_key=True)
    # Addresses show this one, so that a count of listings is not public knowledge.
    public_id: str = Field(default_factory=new_public_id, unique=True, max_length=16)
    direction: Direction = Field(sa_type=stored(Direction))
    status: Status = Field(default=Status.DRAFT, sa_type=stored(Status))
    # ISO 639-1 of the original text, "und" when nobody knows.
    lang: str = Field(max_length=8)
    # ISO 3166-1 alpha-2 (or EU) of the owner, empty when the source does not say.
    country: str = Field(default="", max_length=2)
    organisation_id: int | None = Field(default=None, foreign_key="organisation.id", index=True)
    # The owner's name as an import gives it; an owner with an account is `organisation_id`.
    organisation_name: str = Field(default="", max_length=256)
    author_id: int | None = Field(default=None, foreign_key="person.id", index=True)

    # TRL "1" to "9": reached by a result, wanted at least by a need.
    trl: str | None = Field(default=None, max_length=1)
    stage: str | None = Field(default=None, max_length=16)
    ipr_status: str | None = Field(default=None, max_length=24)
    ip_ownership: str | None = Field(default=None, max_length=16)
    budget_min: Decimal | None = Field(default=None, sa_type=ExactDecimal)
    budget_max: Decimal | None = Field(default=None, sa_type=ExactDecimal)
    budget_currency: str | None = Field(default=None, max_length=3)
    deadline: date | None = None

    # Where an imported listing comes from; `source_digest` tells whether a later import changed it.
    source: str | None = Field(default=None, max_length=64)
    source_id: str | None = Field(default=None, max_length=128)
    source_url: str = Field(default="", max_length=2048)
    source_digest: str | None = Field(default=None, max_length=64)
    licence: str = Field(default="", max_length=128)

    created_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    updated_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    published_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # Counts the changes of content; vectors remember which one they were made from.
    revision: int = 1


class ListingText(SQLModel, table=True):
    """The words of a listing in one language."""

    __tablename__ = "listing_text"

    listing_id: int = Field(foreign_key="listing.id", primary_key=True, ondelete="CASCADE")
    lang: str = Field(primary_key=True, max_length=8)
    origin: TextOrigin = Field(default=TextOrigin.OWNER, sa_type=stored(TextOrigin))
    title: str = Field(max_length=256)
    summary: str = ""
    description: str = ""
    advantages: str = ""
    technical_spec: str = ""
    indicators: str = ""
    ipr_notes: str = ""
    keywords: str = ""


class ListingCode(SQLModel, table=True):
    """A code from a vocabulary that the listing carries."""

    __tablename__ = "listing_code"
    __table_args__ = (Index("ix_listing_code_lookup", "scheme", "code", "listing_id"),)

    listing_id: int = Field(foreign_key="listing.id", primary_key=True, ondelete="CASCADE")
    scheme: Scheme = Field(primary_key=True, sa_type=stored(Scheme))
    code: str = Field(primary_key=True, max_length=32)


class ChangeKind(StrEnum):
    """What happened to a listing, as far as its readers must follow."""

    PUBLISHED = "published"
    EDITED = "edited"
    WITHDRAWN = "withdrawn"
    EMBEDDED = "embedded"


class ListingChange(SQLModel, table=True):
    """The append-only log that every index follows with a cursor of its own."""

    __tablename__ = "listing_change"
    # Ids are never used again, or a cursor could miss a change.
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: int | None = Field(default=None, primary_key=True)
    listing_id: int = Field(foreign_key="listing.id", index=True)
    kind: ChangeKind = Field(sa_type=stored(ChangeKind))
    at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
