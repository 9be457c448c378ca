"""What owners and administrators say of organisations."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, ConfigDict
from pydantic_core import PydanticCustomError

from matchmaker.accounts.models import IdentifierScheme, MembershipRole
from matchmaker.accounts.schemas import Country, Email, Form, Kind, Name, NewOrganisation, at_most
from matchmaker.core.text import clean_line, clean_text
from matchmaker.i18n.locales import languages
from matchmaker.taxonomy.vocabulary import OrganisationSize

__all__ = ["Evidence", "InvitationForm", "NewOrganisation", "OrganisationChange", "RoleChange"]

ABOUT_MAX = 3000
EVIDENCE_MAX = 3000


def _line(value: str) -> str:
    return at_most(clean_line(value), 128)


def _about(value: str) -> str:
    return at_most(clean_text(value), ABOUT_MAX)


def _evidence(value: str) -> str:
    value = clean_text(value)
    if not value:
        raise PydanticCustomError("missing", "missing")
    return at_most(value, EVIDENCE_MAX)


def _size(value: str) -> str:
    if value and value not in set(OrganisationSize):
        raise PydanticCustomError("unknown_code", "{code}", {"code": value[:40]})
    return value


def _website(value: str) -> str:
    """An address of the web, with https before it where nothing is; nothing that a browser would run."""
    value = at_most(clean_line(value), 256)
    if not value:
        return ""
    address = value if "://" in value else f"https://{value}"
    try:
        parts = urlsplit(address)
        known = parts.scheme in {"http", "https"} and "." in (parts.hostname or "") and not parts.username
    except ValueError:
        known = False
    if not known or " " in address or len(address) > 256:
        raise PydanticCustomError("bad_website", "bad website")
    return address


def _role(value: str) -> str:
    if value not in set(MembershipRole):
        raise PydanticCustomError("missing", "missing")
    return value


def _letter_language(value: str) -> str:
    if value not in languages():
        raise PydanticCustomError("missing", "missing")
    return value


Role = Annotated[str, AfterValidator(_role)]
Evidenced = Annotated[str, AfterValidator(_evidence)]


class OrganisationChange(Form):
    """What an organisation says of itself; the four numbers may be empty."""

    model_config = ConfigDict(extra="ignore", str_max_length=20_000)

    name: Name
    name_en: Annotated[str, AfterValidator(_line)] = ""
    kind: Kind
    country: Country
    city: Annotated[str, AfterValidator(_line)] = ""
    size: Annotated[str, AfterValidator(_size)] = ""
    website: Annotated[str, AfterValidator(_website)] = ""
    about: Annotated[str, AfterValidator(_about)] = ""
    uscc: str = ""
    vat: str = ""
    ror: str = ""
    pic: str = ""

    @property
    def identifiers(self) -> dict[IdentifierScheme, str]:
        return {scheme: getattr(self, scheme.value) for scheme in IdentifierScheme}


class Evidence(Form):
    """What shows that an organisation is who it says it is; or why an administrator decides as they do."""

    model_config = ConfigDict(extra="ignore", str_max_length=20_000)

    evidence: Evidenced


class InvitationForm(Form):
    """Whom to invite as what, and in which language to write to them."""

    email: Email
    role: Role
    lang: Annotated[str, AfterValidator(_letter_language)]


class RoleChange(Form):
    """What a person may do for an organisation from now on."""

    role: Role
