"""Working days by a country's calendar: weekends, public holidays and the days worked instead (`holidays`)."""

from datetime import UTC, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays
from babel.core import get_global

# Where nobody's calendar is known: Monday to Friday.
_MONDAY_TO_FRIDAY = range(5)


@cache
def _calendar(country: str) -> holidays.HolidayBase | None:
    try:
        return holidays.country_holidays(country)
    except NotImplementedError:
        return None


def is_working_day(day: datetime, country: str) -> bool:
    """Whether offices in `country` (ISO 3166-1 alpha-2) are open on the day of this moment there."""
    local = day.astimezone(zone_of(country)).date()
    calendar = _calendar(country)
    if calendar is None:
        return local.weekday() in _MONDAY_TO_FRIDAY
    return bool(calendar.is_working_day(local))


def after_workdays(start: datetime, days: int, country: str) -> datetime:
    """The end of the `days`-th working day after the day of `start`, midnight in the country, in UTC.

    The country's first time zone by CLDR counts; where it or its calendar is unknown, UTC and Monday to Friday.
    """
    zone = zone_of(country)
    day = start.astimezone(zone)
    left = days
    while left:
        day += timedelta(days=1)
        left -= is_working_day(day, country)
    end = datetime.combine(day.date() + timedelta(days=1), time(), zone)
    return end.astimezone(UTC)


@cache
def zone_of(country: str) -> ZoneInfo:
    """The time zone that most of a country goes by, UTC where nobody says."""
    zones = sorted(zone for zone, where in get_global("zone_territories").items() if where == country)
    usual = _CAPITALS.get(country) or next(iter(zones), "UTC")
    try:
        return ZoneInfo(usual)
    except (ValueError, OSError):
        return ZoneInfo("UTC")


# Countries with several zones: that of the capital or of most people.
_CAPITALS = {
    "CN": "Asia/Shanghai", "RU": "Europe/Moscow", "US": "America/New_York", "BR": "America/Sao_Paulo",
    "CA": "America/Toronto", "AU": "Australia/Sydney", "MX": "America/Mexico_City", "ID": "Asia/Jakarta",
    "KZ": "Asia/Almaty", "ES": "Europe/Madrid", "PT": "Europe/Lisbon", "DE": "Europe/Berlin", "GB": "Europe/London",
    "FR": "Europe/Paris", "IT": "Europe/Rome", "AR": "America/Argentina/Buenos_Aires", "CL": "America/Santiago",
    "UA": "Europe/Kyiv", "MY": "Asia/Kuala_Lumpur", "MN": "Asia/Ulaanbaatar", "EU": "Europe/Brussels",
    "NZ": "Pacific/Auckland", "UZ": "Asia/Tashkent", "CD": "Africa/Kinshasa", "EC": "America/Guayaquil",
}  # fmt: skip
