"""Time zones by their IANA names, each with the name of its city in the reader's language."""

from functools import cache
from zoneinfo import available_timezones

from babel.core import get_global
from babel.dates import get_timezone_location

from matchmaker.core.countries import COUNTRIES, country_name
from matchmaker.core.languages import collation_key, reader_locale


@cache
def zones(lang: str) -> tuple[tuple[str, str], ...]:
    """Every zone that lies in a country as (IANA name, "country · city") for a reader of `lang`, sorted by name."""
    known = available_timezones()
    found = [
        (zone, f"{country_name(country, lang)} · {_city(zone, lang)}")
        for zone, country in get_global("zone_territories").items()
        if country in COUNTRIES and zone in known
    ]
    return tuple(sorted(found, key=lambda pair: collation_key(pair[1], lang)))


def is_zone(name: str) -> bool:
    """Whether it is one of the zones that can be chosen."""
    return name in {zone for zone, _ in zones("en")}


def _city(zone: str, lang: str) -> str:
    return get_timezone_location(zone, locale=reader_locale(lang), return_city=True)
