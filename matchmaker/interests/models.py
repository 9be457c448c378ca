"""From a yes of both sides to people who talk: expressions of interest, gates, introductions, agreements, messages."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from matchmaker.core.clock import now
from matchmaker.core.ids import new_public_id
from matchmaker.db.types import UtcDateTime, stored
from matchmaker.review.models import Side


class Interest(SQLModel, table=True):
    """An expression of interest (EoI) in a listing: what, why and who, in the sender's language.

    Its match (`suggestion_id`) carries the state: the sender has said yes, the listing's owner is asked.
    """

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(default_factory=new_public_id, unique=True, max_length=16)
    suggestion_id: int = Field(foreign_key="suggestion.id", unique=True)
    listing_id: int = Field(foreign_key="listing.id", index=True)
    organisation_id: int = Field(foreign_key="organisation.id", index=True)
    person_id: int = Field(foreign_key="person.id")
    lang: str = Field(max_length=8)
    what: str
    why: str
    who: str
    at: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class Verdict(StrEnum):
    """What export control says of a transfer; the strictest rule that applies decides."""

    FREE = "free"
    # Allowed with a declaration of the side that transfers.
    RESTRICTED = "restricted"
    PROHIBITED = "prohibited"


class ExportRule(SQLModel, table=True):
    """One line of the export-control table, as an administrator keeps it; the shipped ones are examples."""

    __tablename__ = "export_rule"

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(default_factory=new_public_id, unique=True, max_length=16)
    # IPC code or the beginning of one; "" for every field.
    ipc: str = Field(default="", max_length=16)
    # Country or region that the technology leaves, and where it goes; "" for any.
    origin: str = Field(default="", max_length=2)
    destination: str = Field(default="", max_length=2)
    verdict: Verdict = Field(sa_type=stored(Verdict))
    title: str = Field(max_length=256)
    source: str = Field(max_length=256)
    source_url: str = Field(default="", max_length=2048)
    valid_from: date
    valid_until: date | None = None
    is_example: bool = False
    # A rule is never removed, so that a decision of the past can be understood.
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    updated_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class GateCheck(SQLModel, table=True):
    """What the gate said of a match, and by which rules; rows are only ever added."""

    __tablename__ = "gate_check"

    id: int | None = Field(default=None, primary_key=True)
    suggestion_id: int = Field(foreign_key="suggestion.id", index=True)
    verdict: Verdict = Field(sa_type=stored(Verdict))
    # JSON: the rules that applied, as they were.
    rules: str = "[]"
    at: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class Declaration(SQLModel, table=True):
    """What the transferring side declares where a rule restricts the transfer."""

    id: int | None = Field(default=None, primary_key=True)
    suggestion_id: int = Field(foreign_key="suggestion.id", index=True)
    organisation_id: int = Field(foreign_key="organisation.id")
    person_id: int = Field(foreign_key="person.id")
    text: str
    licence_number: str = Field(default="", max_length=128)
    at: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class Introduction(SQLModel, table=True):
    """Two sides that know each other; the match carries the state, the thread what they say."""

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(default_factory=new_public_id, unique=True, max_length=16)
    suggestion_id: int = Field(foreign_key="suggestion.id", unique=True)
    need_org_id: int = Field(foreign_key="organisation.id", index=True)
    result_org_id: int = Field(foreign_key="organisation.id", index=True)
    # The broker reads along until both sides release them.
    broker_id: int | None = Field(default=None, foreign_key="person.id", index=True)
    need_releases_broker_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    result_releases_broker_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    opened_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class Nda(SQLModel, table=True):
    """A non-disclosure agreement: a text or a file, in force when both sides have confirmed this very one."""

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(default_factory=new_public_id, unique=True, max_length=16)
    introduction_id: int = Field(foreign_key="introduction.id", index=True)
    # The text as it was generated, or the file; one of the two.
    text: str = ""
    file_id: int | None = Field(default=None, foreign_key="stored_file.id")
    proposed_by: int = Field(foreign_key="person.id")
    proposed_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    need_confirmed_by: int | None = Field(default=None, foreign_key="person.id")
    need_confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    result_confirmed_by: int | None = Field(default=None, foreign_key="person.id")
    result_confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # Replaced by another proposal before both had confirmed.
    replaced_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Message(SQLModel, table=True):
    """One message of an introduction's thread."""

    __table_args__ = (Index("ix_message_thread", "introduction_id", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(default_factory=new_public_id, unique=True, max_length=16)
    introduction_id: int = Field(foreign_key="introduction.id")
    author_id: int = Field(foreign_key="person.id")
    # None when the broker writes.
    side: Side | None = Field(default=None, sa_type=stored(Side))
    text: str
    lang: str = Field(max_length=8)
    # Sent by the form once, however often it is clicked.
    once: str = Field(unique=True, max_length=64)
    at: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class MessageAttachment(SQLModel, table=True):
    """A file of a message."""

    __tablename__ = "message_attachment"

    message_id: int = Field(foreign_key="message.id", primary_key=True)
    file_id: int = Field(foreign_key="stored_file.id", primary_key=True)


class ThreadRead(SQLModel, table=True):
    """How far somebody has read a thread."""

    __tablename__ = "thread_read"

    introduction_id: int = Field(foreign_key="introduction.id", primary_key=True)
    person_id: int = Field(foreign_key="person.id", primary_key=True)
    last_message_id: int = 0
    at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
