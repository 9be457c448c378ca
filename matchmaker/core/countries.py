"""Countries by ISO 3166-1 alpha-2 code, with Babel's CLDR names; the European Union counts as a region."""

from functools import cache

import pycountry

from matchmaker.core.languages import FALLBACK, collation_key, reader_locale

COUNTRIES: frozenset[str] = frozenset(country.alpha_2 for country in pycountry.countries)

_EU_MEMBERS = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"

REGION_MEMBERS: dict[str, frozenset[str]] = {
    "EU": frozenset(_EU_MEMBERS.split()),
}
"""Region codes that stand where a country does (the publisher of a European call), with their members."""

# The two codes that the institutions of the European Union write differently from ISO 3166.
_ALIASES = {"UK": "GB", "EL": "GR"}

_BY_ALPHA3 = {country.alpha_3: country.alpha_2 for country in pycountry.countries}


def is_country(code: str, *, regions: bool = True) -> bool:
    """Tell whether `code` is an upper-case alpha-2 code, or a region's unless `regions` is false."""
    return code in COUNTRIES or (regions and code in REGION_MEMBERS)


def parse_country(text: str) -> str | None:
    """Read a code as sources write it (`it`, `ITA`, `UK`, `EL`) into ours, or None if it is no country's."""
    code = text.strip().upper()
    code = _ALIASES.get(code, code)
    code = _BY_ALPHA3.get(code, code)
    return code if is_country(code) else None


def covers(place: str, country: str) -> bool:
    """Tell whether `place`, a country or a region, is or contains `country`."""
    return place == country or country in REGION_MEMBERS.get(place, ())


def country_name(alpha2: str, lang: str) -> str:
    """Name a country or region for a reader of `lang`; an unknown code is its own name."""
    name = reader_locale(lang).territories.get(alpha2) or reader_locale(FALLBACK).territories.get(alpha2)
    return str(name or alpha2)


@cache
def _countries(locale: str) -> tuple[tuple[str, str], ...]:
    named = ((code, country_name(code, locale)) for code in COUNTRIES)
    return tuple(sorted(named, key=lambda pair: collation_key(pair[1], locale)))


def countries(lang: str, *, regions: bool = True) -> tuple[tuple[str, str], ...]:
    """All countries as (code, name) for a reader of `lang`, sorted by name, with the regions first."""
    first = tuple((code, country_name(code, lang)) for code in REGION_MEMBERS) if regions else ()
    return first + _countries(str(reader_locale(lang)))
