"""Who is asking, and what a newcomer may say of themselves."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, field_validator
from pydantic_core import PydanticCustomError

from matchmaker.accounts.models import MembershipRole, Role
from matchmaker.core.countries import is_country
from matchmaker.core.text import clean_line
from matchmaker.taxonomy.vocabulary import OrganisationKind

# NIST SP 800-63B and ASVS 6.2: length matters, composition rules do not; 64 characters must fit.
PASSWORD_MIN = 12
PASSWORD_MAX = 128

# One @, no blanks, and a host of at least two labels; only a letter that arrives proves more.
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")


@dataclass(frozen=True)
class Actor:
    """A person in the act of doing something."""

    person_id: int
    public_id: str
    name: str
    email: str
    role: Role
    # Organisation id → what the person may do for it.
    memberships: Mapping[int, MembershipRole] = field(default_factory=dict)
    # Whether a letter to the address was answered; without, nothing of theirs reaches anybody else.
    confirmed: bool = True

    @property
    def organisation_id(self) -> int | None:
        """The organisation that new listings of this person belong to."""
        writing = [id_ for id_, role in self.memberships.items() if role is not MembershipRole.VIEWER]
        return writing[0] if writing else None


class Registration(BaseModel):
    """What a newcomer fills in: the person, and the organisation they act for."""

    model_config = ConfigDict(extra="ignore", str_max_length=1000)

    name: str
    email: str
    password: str
    organisation: str
    kind: str
    country: str

    @field_validator("name", "organisation")
    @classmethod
    def _line(cls, value: str) -> str:
        value = clean_line(value)
        if not value:
            raise PydanticCustomError("missing", "missing")
        if len(value) > 128:
            raise PydanticCustomError("too_long", "{length} > {limit}", {"length": len(value), "limit": 128})
        return value

    @field_validator("email")
    @classmethod
    def _email(cls, value: str) -> str:
        value = clean_line(value).casefold()
        if len(value) > 254 or not _EMAIL.fullmatch(value):
            raise PydanticCustomError("bad_email", "bad e-mail")
        return value

    @field_validator("password")
    @classmethod
    def _password(cls, value: str) -> str:
        if len(value) < PASSWORD_MIN:
            raise PydanticCustomError("too_short", "{limit}", {"limit": PASSWORD_MIN})
        if len(value) > PASSWORD_MAX:
            raise PydanticCustomError("too_long", "{length} > {limit}", {"length": len(value), "limit": PASSWORD_MAX})
        return value

    @field_validator("kind")
    @classmethod
    def _kind(cls, value: str) -> str:
        if value not in set(OrganisationKind):
            raise PydanticCustomError("missing", "missing")
        return value

    @field_validator("country")
    @classmethod
    def _country(cls, value: str) -> str:
        if not is_country(value):
            raise PydanticCustomError("missing", "missing")
        return value
