"""A deadline of ten working days is ten days on which somebody is at work there."""

from datetime import UTC, datetime

import pytest

from matchmaker.core.workdays import after_workdays, is_working_day, zone_of


def at(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "days", "country", "end"),
    [
        # A Friday: ten working days on is the Friday after next, and its end is midnight in Rome.
        ("2026-11-06T10:00", 10, "IT", "2026-11-20T23:00"),
        # The first week of October is a holiday in China, and Saturday the 10th is worked instead.
        ("2026-09-30T02:00", 1, "CN", "2026-10-08T16:00"),
        # Christmas by the Julian calendar.
        ("2027-01-06T10:00", 1, "RS", "2027-01-08T23:00"),
        # Sunday to Thursday.
        ("2026-11-05T10:00", 1, "KW", "2026-11-08T21:00"),
        # Nobody's calendar: Monday to Friday, UTC.
        ("2026-11-06T10:00", 1, "", "2026-11-10T00:00"),
        # Late on Thursday in UTC is Friday in Shanghai already.
        ("2026-11-05T23:00", 1, "CN", "2026-11-09T16:00"),
    ],
)
def test_working_days_are_counted_by_the_calendar_of_the_country(start, days, country, end):
    assert after_workdays(at(start), days, country) == at(end)


def test_a_day_that_is_worked_instead_of_a_holiday_counts():
    assert is_working_day(at("2026-10-10T04:00"), "CN")
    assert not is_working_day(at("2026-10-11T04:00"), "CN")


@pytest.mark.parametrize(("country", "zone"), [("CN", "Asia/Shanghai"), ("EU", "Europe/Brussels"), ("XX", "UTC")])
def test_a_country_goes_by_the_zone_of_most_of_its_people(country, zone):
    assert zone_of(country).key == zone
