"""Currencies by ISO 4217 code, named by CLDR."""

from functools import cache

from babel.core import Locale, UnknownLocaleError
from babel.numbers import get_currency_name, is_currency, list_currencies

__all__ = ["COMMON", "currencies", "is_currency"]

# Offered first; every other current code is accepted as well.
COMMON = ("CNY", "EUR", "USD", "GBP", "CHF", "JPY", "RSD", "HUF", "BRL", "RUB", "AED", "HKD")


@cache
def currencies(lang: str) -> tuple[tuple[str, str], ...]:
    """Code and name of each currency, the common ones first."""
    try:
        locale = Locale.parse(lang)
    except (UnknownLocaleError, ValueError):
        locale = Locale("en")
    known = sorted(list_currencies(locale))
    ordered = [*COMMON, *(code for code in known if code not in COMMON)]
    return tuple((code, get_currency_name(code, locale=locale)) for code in ordered)
