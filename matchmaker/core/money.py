"""Currencies by ISO 4217 code, named by CLDR, and sums of money as people write them."""

import re
import unicodedata
from decimal import Decimal, InvalidOperation
from functools import cache

from babel.core import Locale, UnknownLocaleError, get_global
from babel.numbers import get_currency_name, is_currency

__all__ = ["COMMON", "bounded", "currencies", "currency_name", "is_currency", "parse_amount", "unit_of"]

# Offered first; every other current code is accepted as well.
COMMON = ("CNY", "EUR", "USD", "GBP", "CHF", "JPY", "RSD", "HUF", "BRL", "RUB", "AED", "HKD")

_LIMIT = Decimal(10) ** 15
_UNITS = {
    "": Decimal(1),
    "千": Decimal(1000),
    "万": Decimal(10_000),
    "百万": Decimal(10) ** 6,
    "亿": Decimal(10) ** 8,
}
_UNITS |= {"萬": _UNITS["万"], "百萬": _UNITS["百万"], "億": _UNITS["亿"]}
_UNIT = re.compile(r"\s*(百万|百萬|千|万|萬|亿|億)?$")
# Groups of three by one and the same mark, so that 5,000 is five thousand and 5,00 is nothing; a dot that parts
# groups needs a decimal comma or a second group, since 50.000 alone is fifty to some and fifty thousand to others.
_GROUPED = re.compile(
    r"([1-9]\d{0,2}(?:(?P<mark>[, '])\d{3})(?:(?P=mark)\d{3})*)(?:\.(\d{1,2}))?"
    r"|([1-9]\d{0,2}(?: \d{3})+),(\d{1,2})"
    r"|([1-9]\d{0,2}(?:\.\d{3})+),(\d{1,2})"
    r"|([1-9]\d{0,2}(?:\.\d{3}){2,})"
)
_PLAIN = re.compile(r"\d+(?:\.\d+)?")


@cache
def currencies(lang: str) -> tuple[tuple[str, str], ...]:
    """Code and name of each currency that is legal tender somewhere today, the common ones first."""
    ordered = [*COMMON, *sorted(_current() - set(COMMON))]
    return tuple((code, currency_name(code, lang)) for code in ordered)


def currency_name(code: str, lang: str) -> str:
    """Name a currency for a reader of `lang`, one that is history too; an unknown code is its own name."""
    try:
        locale = Locale.parse(lang)
    except (UnknownLocaleError, ValueError):
        locale = Locale("en")
    return str(get_currency_name(code, locale=locale))


@cache
def _current() -> frozenset[str]:
    used = (entry for entries in get_global("territory_currencies").values() for entry in entries)
    return frozenset(code for code, _start, end, tender in used if tender and end is None)


def parse_amount(text: str) -> Decimal | None:
    """A sum such as `1,500,000`, `5 000 000`, `1.250,50`, `200万` or full-width `２００`; None when it is none.

    What could be two sums is none: `50.000`, `1,50`.
    """
    # Full-width digits and commas become plain ones, and so do the narrow blanks between groups.
    text = unicodedata.normalize("NFKC", text).replace("\u2019", "'").strip()
    unit = unit_of(text)
    figures = text.removesuffix(unit).rstrip()
    plain = _plain(figures)
    if plain is None or (not unit and plain == figures and re.search(r"\.\d{3}$", plain)):
        return None
    return bounded(Decimal(plain) * _UNITS[unit])


def unit_of(text: str) -> str:
    """The Chinese unit at the end of a sum (`万`), or ""."""
    match = _UNIT.search(text)
    return (match[1] if match else "") or ""


def _plain(figures: str) -> str | None:
    """The figures as Python writes them, or None when the marks between them say nothing certain."""
    if _PLAIN.fullmatch(figures):
        return figures
    match = _GROUPED.fullmatch(figures)
    if match is None:
        return None
    parts = (match[1] or match[4] or match[6] or match[8], match[3] or match[5] or match[7] or "0")
    return re.sub(r"\D", "", parts[0]) + "." + parts[1]


def bounded(amount: Decimal) -> Decimal | None:
    """The sum with two decimals, or None when nobody can have it."""
    try:
        return amount.quantize(Decimal("0.01")) if 0 <= amount < _LIMIT else None
    except InvalidOperation:
        return None
