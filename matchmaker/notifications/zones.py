"""When it is morning where somebody lives."""

from datetime import datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import pytz
from sqlmodel import Session, col, select

from matchmaker.accounts.models import Membership, Organisation, Person
from matchmaker.notifications.models import Frequency

# Digests come at this hour of the receiver's day, the weekly one on a Monday.
HOUR, MONDAY = 8, 0


def zone_of(session: Session, person: Person) -> str:
    """The person's IANA time zone: as they said, else one of their organisation's country, else UTC."""
    if person.timezone in _known():
        return person.timezone
    wanted = (
        select(Organisation.country)
        .join(Membership, col(Membership.organisation_id) == Organisation.id)
        .where(Membership.person_id == person.id)
        .order_by(col(Membership.joined_at))
        .limit(1)
    )
    return _of_country(session.exec(wanted).first() or "")


def next_morning(after: datetime, zone: str, frequency: Frequency) -> datetime:
    """The first digest of a daily or weekly kind that comes after this moment, in UTC."""
    here = ZoneInfo(zone)
    day = after.astimezone(here).date()
    while True:
        morning = datetime(day.year, day.month, day.day, HOUR, tzinfo=here).astimezone(pytz.UTC)
        if morning > after and (frequency is Frequency.DAILY or day.weekday() == MONDAY):
            return morning
        day += timedelta(days=1)


@cache
def _known() -> frozenset[str]:
    # Both libraries must know it: pages are formatted with one, mornings are reckoned with the other.
    return frozenset(available_timezones() & pytz.all_timezones_set)


@cache
def _of_country(code: str) -> str:
    """The zone that the tz database names first for a country: its capital's, or near enough for a morning."""
    zones = pytz.country_timezones.get(code, [])
    return next((zone for zone in zones if zone in _known()), "UTC")
