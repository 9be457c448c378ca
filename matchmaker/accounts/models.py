"""People, the organisations they act for, and their sign-ins."""

from datetime import datetime
from enum import StrEnum

from sqlmodel import Field, SQLModel

from matchmaker.core.clock import now
from matchmaker.core.ids import new_public_id
from matchmaker.db.types import UtcDateTime, stored


class Role(StrEnum):
    """What a person may do on the platform as a whole."""

    MEMBER = "member"
    BROKER = "broker"
    ADMINISTRATOR = "administrator"


class MembershipRole(StrEnum):
    """What a person may do for an organisation."""

    OWNER = "owner"
    MEMBER = "member"
    VIEWER = "viewer"


class Organisation(SQLModel, table=True):
    """A company, institute or agency that owns listings."""

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(default_factory=new_public_id, unique=True, max_length=16)
    name: str = Field(max_length=256)
    name_en: str = Field(default="", max_length=256)
    kind: str = Field(max_length=16)
    country: str = Field(max_length=2)
    city: str = Field(default="", max_length=128)
    size: str = Field(default="", max_length=8)
    # Key of the shipped demo, so that loading it again finds its own rows.
    demo_key: str | None = Field(default=None, unique=True, max_length=64)
    created_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class Person(SQLModel, table=True):
    """Somebody with an account."""

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(default_factory=new_public_id, unique=True, max_length=16)
    # Stored case-folded, since mail providers do not tell capitals apart and people forget them.
    email: str = Field(unique=True, max_length=254)
    name: str = Field(max_length=128)
    password_hash: str = Field(max_length=256)
    role: Role = Field(default=Role.MEMBER, sa_type=stored(Role))
    created_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class Membership(SQLModel, table=True):
    """A person acting for an organisation."""

    person_id: int = Field(foreign_key="person.id", primary_key=True)
    organisation_id: int = Field(foreign_key="organisation.id", primary_key=True, index=True)
    role: MembershipRole = Field(default=MembershipRole.MEMBER, sa_type=stored(MembershipRole))


class SignIn(SQLModel, table=True):
    """A signed-in browser; ending the row ends the session, whatever cookie was copied."""

    __tablename__ = "sign_in"

    # SHA-256 of the token in the cookie: a stolen database opens no account.
    token_hash: str = Field(primary_key=True, max_length=64)
    person_id: int = Field(foreign_key="person.id", index=True)
    created_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    seen_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class SignInAttempt(SQLModel, table=True):
    """A failed attempt, counted over all processes so that passwords cannot be guessed in bulk."""

    __tablename__ = "sign_in_attempt"

    id: int | None = Field(default=None, primary_key=True)
    # SHA-256 of the e-mail address, of the client's address, or of both.
    subject: str = Field(index=True, max_length=64)
    at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
