"""Who is asking, and what a newcomer may say of themselves."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

from matchmaker.accounts.models import MembershipRole, Role
from matchmaker.core.countries import is_country
from matchmaker.core.text import clean_line
from matchmaker.taxonomy.vocabulary import OrganisationKind

# NIST SP 800-63B and ASVS 6.2: length matters, composition rules do not; 64 characters must fit.
PASSWORD_MIN = 12
PASSWORD_MAX = 128
NAME_MAX = 128

# One @, no blanks, and a host of at least two labels; only a letter that arrives proves more.
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")


@dataclass(frozen=True)
class Affiliation:
    """An organisation that a person acts for."""

    id: int
    public_id: str
    name: str
    role: MembershipRole

    @property
    def writes(self) -> bool:
        """A viewer sees and does not write."""
        return self.role is not MembershipRole.VIEWER


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
    # The same memberships with names, for menus, in the order of joining.
    affiliations: tuple[Affiliation, ...] = ()
    # The organisation that they chose to act for in this browser, if they chose.
    acting_for: int | None = None
    # Language of pages and time zone that the account asks for; empty means what the browser says.
    lang: str = ""
    timezone: str = ""

    @property
    def organisation_id(self) -> int | None:
        """The organisation that they post for: the chosen one, else the first that they write for."""
        writing = [id_ for id_, role in self.memberships.items() if role is not MembershipRole.VIEWER]
        if self.acting_for in writing:
            return self.acting_for
        return writing[0] if writing else None


def name(value: str) -> str:
    """A name of a person or organisation: one line, not empty."""
    value = clean_line(value)
    if not value:
        raise PydanticCustomError("missing", "missing")
    return at_most(value, NAME_MAX)


def at_most(value: str, limit: int) -> str:
    """The value, or a complaint that says how long it is and how long it may be."""
    if len(value) > limit:
        raise PydanticCustomError("too_long", "{length} > {limit}", {"length": len(value), "limit": limit})
    return value


def email(value: str) -> str:
    """An address as it is stored."""
    value = clean_line(value).casefold()
    if len(value) > 254 or not _EMAIL.fullmatch(value):
        raise PydanticCustomError("bad_email", "bad e-mail")
    return value


def password(value: str) -> str:
    """A new password of a good length."""
    if len(value) < PASSWORD_MIN:
        raise PydanticCustomError("too_short", "{limit}", {"limit": PASSWORD_MIN})
    return at_most(value, PASSWORD_MAX)


def kind(value: str) -> str:
    """A kind of organisation."""
    if value not in set(OrganisationKind):
        raise PydanticCustomError("missing", "missing")
    return value


def country(value: str) -> str:
    """A country or region."""
    if not is_country(value):
        raise PydanticCustomError("missing", "missing")
    return value


Name = Annotated[str, AfterValidator(name)]
Email = Annotated[str, AfterValidator(email)]
NewPassword = Annotated[str, AfterValidator(password)]
Kind = Annotated[str, AfterValidator(kind)]
Country = Annotated[str, AfterValidator(country)]


class Form(BaseModel):
    """What a form of an account sends: fields it does not know are left alone."""

    model_config = ConfigDict(extra="ignore", str_max_length=1000)


class Newcomer(Form):
    """Somebody who makes an account: `email` is not theirs until a letter to it was answered."""

    name: Name
    password: NewPassword


class NewOrganisation(Form):
    """An organisation in the few words that it starts with."""

    organisation: Name
    kind: Kind
    country: Country


class Registration(Newcomer, NewOrganisation):
    """What a newcomer fills in: the person, and the organisation they act for."""

    email: Email
