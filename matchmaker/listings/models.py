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
    # Handed in; waits for somebody to look at it.
    SUBMITTED = "submitted"
    UNDER_REVIEW = "under_review"
    # Given back to its owner with remarks.
    RETURNED = "returned"
    PUBLISHED = "published"
    # Off the market for a while, as its owner or a broker wishes.
    ON_HOLD = "on_hold"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    ARCHIVED = "archived"


class DisclosureLevel(StrEnum):
    """When a sealed part opens to the other side of an introduction."""

    # Both sides said yes.
    INTEREST = "interest"
    # And both confirmed a non-disclosure agreement.
    NDA = "nda"


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

    # Others see the owner's country, kind and size, and no name, until an introduction.
    anonymous: bool = False
    # A published listing that takes no expressions of interest is still matched and shown.
    open_for_interest: bool = True
    # Until this day others see title and summary only: a patent is not published yet.
    embargo_until: date | None = None
    # What opens the sealed text.
    sealed_level: DisclosureLevel = Field(default=DisclosureLevel.INTEREST, sa_type=stored(DisclosureLevel))
    submitted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # Who reviews its quality, or took it off the market for the platform; never somebody of its own organisation.
    reviewer_id: int | None = Field(default=None, foreign_key="person.id")
    # When it last changed its status, for the clock that archives.
    status_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    renewals: int = 0
    # When its owner was reminded that it ends soon; None after a renewal.
    reminded_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


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


class SealedText(SQLModel, table=True):
    """The confidential part of a listing in one language: matched, and shown to nobody before its release."""

    __tablename__ = "sealed_text"

    listing_id: int = Field(foreign_key="listing.id", primary_key=True, ondelete="CASCADE")
    lang: str = Field(primary_key=True, max_length=8)
    # Not even in a traceback.
    text: str = Field(repr=False)


class ListingVersion(SQLModel, table=True):
    """The contents of a listing as one revision had them; JSON of the draft, the sealed part apart."""

    __tablename__ = "listing_version"

    listing_id: int = Field(foreign_key="listing.id", primary_key=True, ondelete="CASCADE")
    revision: int = Field(primary_key=True)
    at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    author_id: int | None = Field(default=None, foreign_key="person.id")
    contents: str
    # SHA-256 of the sealed part: a version tells that it changed, and not what it said.
    sealed_digest: str = Field(default="", max_length=64)


class QualityReview(SQLModel, table=True):
    """A second person's judgement of a listing: four criteria from 0 to 5; any zero holds it."""

    __tablename__ = "quality_review"

    id: int | None = Field(default=None, primary_key=True)
    listing_id: int = Field(foreign_key="listing.id", index=True, ondelete="CASCADE")
    revision: int
    reviewer_id: int = Field(foreign_key="person.id")
    clarity: int
    substance: int
    credibility: int
    partnership: int
    remarks: str = ""
    # What became of the listing: published, or returned.
    outcome: Status = Field(sa_type=stored(Status))
    at: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class Disclosure(SQLModel, table=True):
    """A listing's identity and sealed part are open, up to a level, to an organisation or a broker.

    Introductions write these rows; every page, search and download asks them.
    """

    __table_args__ = (Index("ix_disclosure_to", "organisation_id", "listing_id"),)

    id: int | None = Field(default=None, primary_key=True)
    listing_id: int = Field(foreign_key="listing.id", index=True)
    organisation_id: int | None = Field(default=None, foreign_key="organisation.id")
    person_id: int | None = Field(default=None, foreign_key="person.id", index=True)
    level: DisclosureLevel = Field(sa_type=stored(DisclosureLevel))
    at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ListingAttachment(SQLModel, table=True):
    """A file of a listing, in its open or in its sealed part."""

    __tablename__ = "listing_attachment"

    listing_id: int = Field(foreign_key="listing.id", primary_key=True, ondelete="CASCADE")
    file_id: int = Field(foreign_key="stored_file.id", primary_key=True)
    sealed: bool = False
    # Whether its text may be compared with other listings; the owner says so.
    feeds_matching: bool = False
    # The text that was read out of it, "" until then and where there is none.
    text: str = Field(default="", repr=False)


class SimilarSeen(SQLModel, table=True):
    """Listings that looked like a draft when its owner was shown them, and the owner went on."""

    __tablename__ = "similar_seen"

    listing_id: int = Field(foreign_key="listing.id", primary_key=True, ondelete="CASCADE")
    other_id: int = Field(foreign_key="listing.id", primary_key=True, ondelete="CASCADE")
    at: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class Likeness(StrEnum):
    """Why a listing belongs to a family."""

    # Much of the same text.
    TEXT = "text"
    # The same matter, in whatever language.
    MEANING = "meaning"
    # A broker or an administrator says so.
    WORD = "word"


class ListingFamily(SQLModel, table=True):
    """A listing among those that say the same; `family_id` is the one that every other member was found to be like.

    Listings without a row are alone. Who may see a family together is decided when it is shown (listings/families.py).
    """

    __tablename__ = "listing_family"

    listing_id: int = Field(foreign_key="listing.id", primary_key=True, ondelete="CASCADE")
    family_id: int = Field(foreign_key="listing.id", index=True, ondelete="CASCADE")
    kind: Likeness = Field(default=Likeness.TEXT, sa_type=stored(Likeness))
    likeness: float = 1.0
    # The revision that was compared: after an edit a listing is alone until it is compared again. 0 asks for that.
    revision: int = Field(default=0, index=True)


class FamilyWord(SQLModel, table=True):
    """A broker's word on two listings, the lower row id first: the same, or not; it outweighs what was computed."""

    __tablename__ = "family_word"

    one_id: int = Field(foreign_key="listing.id", primary_key=True, ondelete="CASCADE")
    other_id: int = Field(foreign_key="listing.id", primary_key=True, ondelete="CASCADE")
    same: bool
    person_id: int = Field(foreign_key="person.id")
    at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
