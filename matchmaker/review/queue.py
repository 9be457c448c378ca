"""In which order a broker meets what is to be decided: by what a match is worth, how long it waits, what presses.

priority = score × worth + age + urgency, where

* worth is 1 for a pair of the ranking; an expression of interest counts half again as much, and stands before every
  pair, since somebody waits for a word (`WAITED_FOR`);
* age grows evenly to `AGED` over `PATIENCE`, so that a middling pair is looked at before it is forgotten;
* urgency grows evenly to `PRESSING` over the last `NEAR` before the day that counts: that of the match, or of its need.
  A need whose day has passed loses as much.

It is stored, so that a page is cut from an index; `tasks.py` writes it anew as days pass.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from matchmaker.review.models import State

# What is on somebody's desk to be decided.
TO_DECIDE = (State.SUGGESTED, State.IN_REVIEW)
WAITED_FOR, INTEREST_WORTH = 10.0, 1.5
AGED, PATIENCE = 0.2, timedelta(days=14)
PRESSING, NEAR = 0.15, timedelta(days=30)
# The deadline of an interest is five working days away at most.
NEAR_INTEREST = timedelta(days=10)
# A smaller difference changes no order that anybody would notice, and need not be written.
NOTICEABLE = 0.0005


@dataclass(frozen=True)
class Case:
    """What the order asks of a match: `deadline_at` is the match's own, `need_by` the day that its need names."""

    score: float
    created_at: datetime
    is_interest: bool = False
    deadline_at: datetime | None = None
    need_by: date | None = None


def priority(case: Case, at: datetime) -> float:
    """The place in the queue at this moment; the highest comes first."""
    worth = case.score * (INTEREST_WORTH if case.is_interest else 1.0)
    age = AGED * _share((at - case.created_at) / PATIENCE)
    return (WAITED_FOR if case.is_interest else 0.0) + worth + age + _urgency(case, at)


def _urgency(case: Case, at: datetime) -> float:
    if case.is_interest and case.deadline_at is not None:
        return _share(1 - (case.deadline_at - at) / NEAR_INTEREST)
    if case.need_by is None:
        return 0.0
    left = datetime.combine(case.need_by, datetime.max.time(), UTC) - at
    return -PRESSING if left < timedelta(0) else PRESSING * _share(1 - left / NEAR)


def _share(value: float) -> float:
    return max(0.0, min(1.0, value))
