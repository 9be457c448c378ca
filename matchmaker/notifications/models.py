"""What people are told: one row for each person and event, letters that wait to be sent, and what each person wants."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from matchmaker.core.clock import now
from matchmaker.core.ids import new_public_id
from matchmaker.db.types import UtcDateTime, stored


class Frequency(StrEnum):
    """How often a kind of news comes by letter; the list in the portal has it at once in any case."""

    IMMEDIATE = "immediate"
    DAILY = "daily"
    WEEKLY = "weekly"
    OFF = "off"


class Notification(SQLModel, table=True):
    """Something that a person should know. `params` is JSON of public ids, codes and dates: no text of a listing."""

    __table_args__ = (
        Index("ix_notification_list", "person_id", "read_at", "id"),
        Index("ix_notification_mail", "mailed_at", "frequency", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(default_factory=new_public_id, unique=True, max_length=16)
    person_id: int = Field(foreign_key="person.id")
    kind: str = Field(max_length=48)
    params: str = "{}"
    # The page that it leads to: a path of ours.
    path: str = Field(default="", max_length=256)
    # As the person wanted it when it was made; OFF is never mailed.
    frequency: Frequency = Field(sa_type=stored(Frequency))
    at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    read_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # When it was put into a letter.
    mailed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Letter(SQLModel, table=True):
    """An e-mail in the outbox, written in the transaction of what it tells; sent by the worker, once."""

    __table_args__ = (Index("ix_letter_due", "sent_at", "failed_at", "due_at"),)

    id: int | None = Field(default=None, primary_key=True)
    # Its Message-ID, so that a letter that is sent again is known to be the same.
    public_id: str = Field(default_factory=new_public_id, unique=True, max_length=16)
    person_id: int | None = Field(default=None, foreign_key="person.id", index=True)
    address: str = Field(max_length=254)
    lang: str = Field(max_length=8)
    kind: str = Field(max_length=48)
    subject: str = Field(max_length=256)
    text: str
    html: str
    # Where "unsubscribe" leads, "" for letters that are not news.
    unsubscribe: str = ""
    created_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    due_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    attempts: int = 0
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    failed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    problem: str = ""


class Preference(SQLModel, table=True):
    """How often a person wants letters of one kind; without a row the kind's own default holds."""

    person_id: int = Field(foreign_key="person.id", primary_key=True)
    kind: str = Field(primary_key=True, max_length=48)
    frequency: Frequency = Field(sa_type=stored(Frequency))
