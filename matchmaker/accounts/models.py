"""People, the organisations they act for, and their sign-ins."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index
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


class Verification(StrEnum):
    """How far an administrator has checked that an organisation is who it says it is."""

    UNVERIFIED = "unverified"
    # The organisation has handed in evidence and waits.
    REQUESTED = "requested"
    VERIFIED = "verified"
    REJECTED = "rejected"


class IdentifierScheme(StrEnum):
    """Registers that give organisations a number."""

    # 统一社会信用代码, GB 32100-2015.
    USCC = "uscc"
    VAT = "vat"
    ROR = "ror"
    # Participant Identification Code of the European Commission.
    PIC = "pic"


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
    website: str = Field(default="", max_length=256)
    about: str = ""
    verification: Verification = Field(default=Verification.UNVERIFIED, sa_type=stored(Verification))
    # The broker who looks after this organisation; expressions of interest go to them first.
    broker_id: int | None = Field(default=None, foreign_key="person.id", index=True)
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
    # Language of pages and letters, and IANA time zone; empty means what the browser says.
    lang: str = Field(default="", max_length=8)
    timezone: str = Field(default="", max_length=64)
    # Until a letter to the address was answered, an account may draft, but not submit, contact or answer.
    email_confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # A closed account signs in no more; its deeds stay in the record.
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class Membership(SQLModel, table=True):
    """A person acting for an organisation."""

    person_id: int = Field(foreign_key="person.id", primary_key=True)
    organisation_id: int = Field(foreign_key="organisation.id", primary_key=True, index=True)
    role: MembershipRole = Field(default=MembershipRole.MEMBER, sa_type=stored(MembershipRole))
    joined_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class SignIn(SQLModel, table=True):
    """A signed-in browser; ending the row ends the session, whatever cookie was copied."""

    __tablename__ = "sign_in"

    # SHA-256 of the token in the cookie: a stolen database opens no account.
    token_hash: str = Field(primary_key=True, max_length=64)
    person_id: int = Field(foreign_key="person.id", index=True)
    user_agent: str = Field(default="", max_length=256)
    address: str = Field(default="", max_length=45)
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


class OrganisationIdentifier(SQLModel, table=True):
    """A number that a register gave an organisation; two organisations may claim one until an administrator looks."""

    __tablename__ = "organisation_identifier"
    __table_args__ = (Index("ix_organisation_identifier_value", "scheme", "value"),)

    organisation_id: int = Field(foreign_key="organisation.id", primary_key=True)
    scheme: IdentifierScheme = Field(primary_key=True, sa_type=stored(IdentifierScheme))
    value: str = Field(max_length=64)


class VerificationStep(SQLModel, table=True):
    """One step of an organisation's verification: what was handed in, or what an administrator decided and why."""

    __tablename__ = "verification_step"

    id: int | None = Field(default=None, primary_key=True)
    organisation_id: int = Field(foreign_key="organisation.id", index=True)
    state: Verification = Field(sa_type=stored(Verification))
    evidence: str = ""
    note: str = ""
    person_id: int = Field(foreign_key="person.id")
    at: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class Invitation(SQLModel, table=True):
    """A letter that lets its receiver join an organisation, once."""

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(default_factory=new_public_id, unique=True, max_length=16)
    organisation_id: int = Field(foreign_key="organisation.id", index=True)
    email: str = Field(max_length=254, index=True)
    role: MembershipRole = Field(sa_type=stored(MembershipRole))
    # SHA-256 of the token in the letter.
    token_hash: str = Field(unique=True, max_length=64)
    invited_by: int = Field(foreign_key="person.id")
    created_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class TokenPurpose(StrEnum):
    """What a token in a letter is for."""

    CONFIRM_EMAIL = "confirm_email"
    RESET_PASSWORD = "reset_password"  # noqa: S105 - a purpose, not a password


class LetterToken(SQLModel, table=True):
    """A token that was sent by letter: good for one use, for a while."""

    __tablename__ = "letter_token"

    # SHA-256 of the token.
    token_hash: str = Field(primary_key=True, max_length=64)
    person_id: int = Field(foreign_key="person.id", index=True)
    purpose: TokenPurpose = Field(sa_type=stored(TokenPurpose))
    # The address that it was sent to: a token for an old address proves nothing about a new one.
    email: str = Field(max_length=254)
    created_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class BrokerLevel(StrEnum):
    """A broker's qualification (技术经理人 初级, 中级, 高级)."""

    JUNIOR = "junior"
    INTERMEDIATE = "intermediate"
    SENIOR = "senior"


class Broker(SQLModel, table=True):
    """What a broker takes on: how many open matches at once, and whether new ones at present."""

    person_id: int = Field(foreign_key="person.id", primary_key=True)
    level: BrokerLevel = Field(default=BrokerLevel.JUNIOR, sa_type=stored(BrokerLevel))
    most_open: int = 30
    available: bool = True


class ScopeKind(StrEnum):
    """What a broker's scope speaks of."""

    LANGUAGE = "language"
    # IPC section, A to H.
    FIELD = "field"
    # Country or region code.
    REGION = "region"


class BrokerScope(SQLModel, table=True):
    """A language, field of technology or region that a broker works in; none of a kind means all."""

    __tablename__ = "broker_scope"

    person_id: int = Field(foreign_key="person.id", primary_key=True)
    kind: ScopeKind = Field(primary_key=True, sa_type=stored(ScopeKind))
    code: str = Field(primary_key=True, max_length=8)
