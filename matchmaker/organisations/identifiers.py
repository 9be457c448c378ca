"""The numbers that registers give organisations: brought into one form, their check characters checked."""

import re
from collections.abc import Callable

from stdnum import get_cc_module
from stdnum.cn import uscc
from stdnum.eu import vat as eu_vat
from stdnum.exceptions import ValidationError
from stdnum.iso7064 import mod_97_10

from matchmaker.accounts.models import IdentifierScheme
from matchmaker.core.errors import Invalid

# Crockford's base 32, as ROR identifiers use it (https://ror.readme.io/docs/identifier).
BASE32 = "0123456789abcdefghjkmnpqrstvwxyz"
_ROR = re.compile(rf"0[{BASE32}]{{6}}[0-9]{{2}}")
_ROR_ADDRESS = re.compile(r"(?:https?://)?(?:www\.)?(?:ror\.org/)?", re.I)


def clean_uscc(value: str, _country: str) -> str:
    """统一社会信用代码: 18 characters, the last one calculated from the others (GB 32100-2015)."""
    return str(uscc.validate(value))


def clean_vat(value: str, country: str) -> str:
    """A VAT number with the country before it; a number without one is read as the organisation's country's."""
    number = re.sub(r"[\s.\-/]", "", value).upper()
    if number[:2].isalpha():
        country, number = number[:2], number[2:]
    if country.lower() in eu_vat.MEMBER_STATES | {"el"}:
        # Greece writes EL, whatever ISO calls it.
        return str(eu_vat.validate(("EL" if country == "GR" else country) + number))
    module = get_cc_module(country.lower(), "vat")
    if module is None:
        raise ValidationError
    # Swiss numbers hold their prefix, CHE; others are digits after it.
    found = str(module.validate(country + number if country == "CH" else number))
    return country + found.removeprefix(country)


def clean_ror(value: str, _country: str) -> str:
    """A ROR identifier, of which the last two digits are calculated from the others (ISO 7064, mod 97-10)."""
    found = _ROR_ADDRESS.sub("", value.strip().rstrip("/"), count=1).casefold()
    if not _ROR.fullmatch(found):
        raise ValidationError
    number = 0
    for letter in found[:7]:
        number = number * len(BASE32) + BASE32.index(letter)
    mod_97_10.validate(f"{number}{found[7:]}")
    return found


def clean_pic(value: str, _country: str) -> str:
    """A Participant Identification Code of the European Commission: nine digits, without a check digit."""
    found = re.sub(r"[\s\-]", "", value)
    if not re.fullmatch(r"[0-9]{9}", found):
        raise ValidationError
    return found


CLEANERS: dict[IdentifierScheme, Callable[[str, str], str]] = {
    IdentifierScheme.USCC: clean_uscc,
    IdentifierScheme.VAT: clean_vat,
    IdentifierScheme.ROR: clean_ror,
    IdentifierScheme.PIC: clean_pic,
}


def clean(values: dict[IdentifierScheme, str], country: str) -> dict[IdentifierScheme, str]:
    """The given numbers in their one form, empty ones left out; raises Invalid with what is wrong with which."""
    problems: dict[str, str] = {}
    found: dict[IdentifierScheme, str] = {}
    for scheme, value in values.items():
        if not value.strip():
            continue
        try:
            found[scheme] = CLEANERS[scheme](value[:64], country)
        except ValidationError:
            problems[scheme.value] = f"bad_{scheme.value}"
    if problems:
        raise Invalid(problems)
    return found
