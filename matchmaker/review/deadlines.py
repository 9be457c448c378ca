"""How long whom is given, in working days by the calendar of whoever is waited for."""

from datetime import datetime, timedelta

from sqlmodel import Session

from matchmaker.core.workdays import after_workdays, zone_of
from matchmaker.review.models import Side, Suggestion
from matchmaker.review.sides import country_of

# For a side to answer; for a broker to look at an expression of interest; for the declaration that a gate asks for.
ANSWER_DAYS, BROKER_DAYS, DECLARATION_DAYS = 10, 5, 10
# A reminder comes when so many working days are left.
REMINDER_DAYS = 3
# Nobody is given longer than this, so counting may end.
_MOST_DAYS = 60


def answer_by(session: Session, suggestion: Suggestion, side: Side, at: datetime) -> datetime:
    """By when the side must have answered that is asked at this moment."""
    return after_workdays(at, ANSWER_DAYS, country_of(session, suggestion, side))


def review_by(session: Session, suggestion: Suggestion, side: Side, at: datetime) -> datetime:
    """By when a broker must have passed an interest on to the side, counted where the side is."""
    return after_workdays(at, BROKER_DAYS, country_of(session, suggestion, side))


def declare_by(session: Session, suggestion: Suggestion, at: datetime) -> datetime:
    """By when the gates must be passed: technology is transferred by the side of the result, so its days count."""
    return after_workdays(at, DECLARATION_DAYS, country_of(session, suggestion, Side.RESULT))


def due_day(session: Session, suggestion: Suggestion, side: Side) -> str:
    """The last day for the side to answer, as a calendar there says it; ISO, "" while there is no deadline.

    A deadline is the midnight after that day.
    """
    if suggestion.deadline_at is None:
        return ""
    there = suggestion.deadline_at.astimezone(zone_of(country_of(session, suggestion, side)))
    return (there - timedelta(minutes=1)).date().isoformat()


def days_left(deadline: datetime, country: str, at: datetime) -> int:
    """How many working days are left after today; 0 on the last day, and when it has passed."""
    left = 0
    while left < _MOST_DAYS and after_workdays(at, left, country) < deadline:
        left += 1
    return left


def is_near(deadline: datetime, country: str, at: datetime) -> bool:
    """Whether it is time for a reminder."""
    return after_workdays(at, REMINDER_DAYS, country) >= deadline
