"""Which of the pairs that wait go on the desk now: a fair share for everybody, chosen for the best total.

In a week (Monday 00:00 UTC to the next) no organisation gets more than so many new suggestions, on both sides together,
and no result stands in more than so many open ones at a time. Only suggestions of the ranking count: whoever expresses
interest is never limited, and takes nobody's place. What does not fit waits, and gains while it waits.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta

from matchmaker.matching.assignment import Candidate, assign
from matchmaker.review.limits import Limits
from matchmaker.review.models import KeptOut

# A quota: "owner" and the key of an organisation, or "result" and the row id of a listing.
Key = tuple[str, str | int]
OWNER, RESULT = "owner", "result"
# A pair that waits gains for so many weeks: it shall not push away what is far better.
WEEK, PATIENCE = timedelta(days=7), 5.0


@dataclass(frozen=True)
class Waiting:
    """A pair that could go on the desk; `owners` are the keys of the organisations behind it (see `owner`)."""

    id: int
    need_id: int
    result_id: int
    owners: frozenset[str]
    score: float
    found_at: datetime


@dataclass(frozen=True)
class Taken:
    """What is used up of the quotas: an organisation's new ones of this week, a result's open ones.

    `seen` are the listings that have ever been in a suggestion.
    """

    used: Mapping[Key, int] = field(default_factory=dict)
    seen: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Choice:
    """The pairs to put on the desk, best first, with the bonus of each, and what keeps out each of the others."""

    chosen: Sequence[tuple[Waiting, float]] = ()
    kept_out: Mapping[int, KeptOut] = field(default_factory=dict)


def week_of(at: datetime) -> datetime:
    """When the week of a moment began: Monday, midnight in UTC."""
    day = at.astimezone(UTC).date()
    return datetime.combine(day - timedelta(days=day.weekday()), time(), UTC)


def owner(organisation_id: int | None, name: str) -> str | None:
    """What tells organisations apart: the account, else the name that an import gave; None where nobody is known."""
    if organisation_id is not None:
        return f"#{organisation_id}"
    return " ".join(name.casefold().split()) or None


def choose(waiting: Sequence[Waiting], taken: Taken, limits: Limits, at: datetime) -> Choice:
    """The choice of this moment; the only place that decides which pairs a broker gets to see."""
    bonuses = _bonuses(waiting, taken, limits)
    candidates = [
        Candidate(one.id, one.score + bonuses.get(one.id, 0.0) + _aged(one, limits, at), _uses(one)) for one in waiting
    ]
    quotas: dict[Hashable, int] = {key: _left(key, taken, limits) for one in waiting for key in _uses(one)}
    found = assign(candidates, quotas)
    chosen = set(found.chosen)
    best = sorted((one for one in waiting if one.id in chosen), key=lambda one: (-one.score, one.id))
    return Choice(
        chosen=[(one, bonuses.get(one.id, 0.0)) for one in best],
        kept_out={id_: _why(full) for id_, full in found.kept_out.items()},
    )


def still_fitting(choice: Choice, taken: Taken, limits: Limits) -> list[tuple[Waiting, float]]:
    """Those of a choice that fit although somebody else may have filled places since it was made, best first."""
    used: Counter[Key] = Counter()
    kept = []
    for one, bonus in choice.chosen:
        uses = _uses(one)
        if all(used[key] < _left(key, taken, limits) for key in uses):
            used.update(uses)
            kept.append((one, bonus))
    return kept


def _uses(one: Waiting) -> tuple[Key, ...]:
    return (*((OWNER, key) for key in sorted(one.owners)), (RESULT, one.result_id))


def _left(key: Key, taken: Taken, limits: Limits) -> int:
    quota = limits.per_organisation if key[0] == OWNER else limits.per_result
    return max(0, quota - taken.used.get(key, 0))


def _bonuses(waiting: Sequence[Waiting], taken: Taken, limits: Limits) -> dict[int, float]:
    """A head start for the best pair of every listing that was never suggested; one pair gets one."""
    best: dict[int, Waiting] = {}
    for one in sorted(waiting, key=lambda one: (-one.score, one.id)):
        for listing_id in (one.need_id, one.result_id):
            if listing_id not in taken.seen:
                best.setdefault(listing_id, one)
    return {one.id: limits.first_bonus / 100 for one in best.values()}


def _aged(one: Waiting, limits: Limits, at: datetime) -> float:
    weeks = max(0.0, min(PATIENCE, (at - one.found_at) / WEEK))
    return limits.waiting_bonus / 100 * weeks


def _why(full: Iterable[Hashable]) -> KeptOut:
    """The limit that a reader is told; a week ends by itself, so it is told first."""
    return KeptOut.WEEK if any(isinstance(key, tuple) and key[0] == OWNER for key in full) else KeptOut.RESULT
