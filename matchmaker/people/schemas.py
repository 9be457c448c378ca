"""What people say of themselves and of what they take on."""

from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from matchmaker.accounts.models import BrokerLevel
from matchmaker.accounts.schemas import Email, Form, Name, NewPassword
from matchmaker.core.countries import is_country
from matchmaker.core.languages import is_language
from matchmaker.core.zones import is_zone
from matchmaker.i18n.locales import languages
from matchmaker.taxonomy.service import options

# A to H: the fields of technology that a broker's scope speaks of.
IPC_SECTIONS = tuple(concept.code for concept in options("ipc", "en", level=1))
# More open matches than this nobody can look after.
MOST_OPEN = 500


def _unknown(code: str) -> PydanticCustomError:
    return PydanticCustomError("unknown_code", "{code}", {"code": code[:40]})


def _page_language(code: str) -> str:
    if code and code not in languages():
        raise _unknown(code)
    return code


def _zone(name: str) -> str:
    if name and not is_zone(name):
        raise _unknown(name)
    return name


def _languages(codes: tuple[str, ...]) -> tuple[str, ...]:
    return _all_known(codes, [code for code in codes if not is_language(code)])


def _fields(codes: tuple[str, ...]) -> tuple[str, ...]:
    return _all_known(codes, [code for code in codes if code not in IPC_SECTIONS])


def _regions(codes: tuple[str, ...]) -> tuple[str, ...]:
    return _all_known(codes, [code for code in codes if not is_country(code)])


def _all_known(codes: tuple[str, ...], strange: list[str]) -> tuple[str, ...]:
    if strange:
        raise _unknown(strange[0])
    return tuple(dict.fromkeys(codes))


def _level(value: str) -> str:
    if value not in set(BrokerLevel):
        raise _unknown(value)
    return value


def _most_open(value: str) -> str:
    if not value.strip().isascii() or not value.strip().isdecimal() or not 1 <= int(value[:6]) <= MOST_OPEN:
        raise PydanticCustomError("bad_count", "{limit}", {"limit": MOST_OPEN})
    return str(int(value))


class ProfileChange(Form):
    """A person's name, language of pages and letters, and time zone; empty means as the browser says."""

    name: Name
    lang: Annotated[str, AfterValidator(_page_language)] = ""
    timezone: Annotated[str, AfterValidator(_zone)] = ""


class PasswordChange(Form):
    """A new password for an account; the current one shows that its owner asks."""

    current: str
    password: NewPassword


class PasswordReset(Form):
    """A new password from whoever holds the token of a letter."""

    password: NewPassword


class AddressChange(Form):
    """Another e-mail address, which counts once a letter to it was answered."""

    current: str
    email: Email


class BrokerChange(Form):
    """What a broker takes on; no language, field or region means all."""

    level: Annotated[str, AfterValidator(_level)] = BrokerLevel.JUNIOR
    most_open: Annotated[str, AfterValidator(_most_open)]
    available: bool = False
    languages: Annotated[tuple[str, ...], AfterValidator(_languages)] = ()
    fields: Annotated[tuple[str, ...], AfterValidator(_fields)] = ()
    regions: Annotated[tuple[str, ...], AfterValidator(_regions)] = ()
