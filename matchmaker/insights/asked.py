"""What an address asks the pages for; what makes no sense is not asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from matchmaker.insights.funnel_queries import Period

# As long ago as a year, and the month that runs.
MONTHS = 12
FIRST = date(2000, 1, 1)


class By(StrEnum):
    """What the matches of a period are told apart by."""

    MONTH = "month"
    LANGUAGES = "languages"
    COUNTRIES = "countries"
    FIELD = "field"


@dataclass(frozen=True)
class Asked:
    """Months from `since` to `until`, both included, as things stood at the end of `on`; in the reader's zone."""

    since: date
    until: date
    on: date
    by: By
    zone: ZoneInfo

    def period(self, now: datetime) -> Period:
        """The moments that are meant; nothing is known of what is still to come."""
        end = min(self._moment(self.on + timedelta(days=1)), now)
        return Period(self._moment(self.since), self._moment(following(self.until)), end)

    def months(self) -> list[date]:
        """The first day of every month of the period."""
        found, month = [], self.since
        while month <= self.until:
            found.append(month)
            month = following(month)
        return found

    def starts(self) -> list[float]:
        """When each of the months begins, in seconds."""
        return [self._moment(month).timestamp() for month in self.months()]

    def query(self) -> dict[str, str]:
        """The same as an address says it."""
        return {
            "since": f"{self.since:%Y-%m}",
            "until": f"{self.until:%Y-%m}",
            "on": self.on.isoformat(),
            "by": self.by.value,
        }

    def _moment(self, day: date) -> datetime:
        return datetime.combine(day, time(), self.zone)


def asked(args: Mapping[str, str], *, today: date, zone: ZoneInfo) -> Asked:
    """What the query of an address asks for; a period that ends before it begins is turned around."""
    on = min(_day(args.get("on", "")) or today, today)
    until = min(_month(args.get("until", "")) or on, today).replace(day=1)
    since = _month(args.get("since", "")) or _earlier(until, MONTHS)
    since, until = sorted((since, until))
    by = args.get("by", "")
    return Asked(since, until, on, By(by) if by in set(By) else By.MONTH, zone)


def following(month: date) -> date:
    """The first day of the next month."""
    return (month.replace(day=1) + timedelta(days=32)).replace(day=1)


def _earlier(month: date, count: int) -> date:
    months = month.year * 12 + month.month - 1 - count
    return max(FIRST, date(months // 12, months % 12 + 1, 1))


def _month(text: str) -> date | None:
    return _day(f"{text}-01") if len(text) == len("2026-01") else None


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    # Years that no calendar of ours reaches would make a page of ten thousand rows.
    return found if FIRST <= found < date(2100, 1, 1) else None
