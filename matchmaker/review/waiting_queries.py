"""Every SELECT about pairs that wait for the desk, and about what is used up of the limits."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from matchmaker.listings.models import Listing, Status
from matchmaker.review.models import KeptOut, Origin, State, Suggestion, WaitingPair
from matchmaker.review.quotas import OWNER, RESULT, Key, Taken, Waiting, owner, week_of
from matchmaker.review.states import OVER, TOGETHER

# Databases limit how many values a statement may carry.
CHUNK = 500
# What a listing does not come back from.
GONE = (Status.WITHDRAWN, Status.ARCHIVED)
# Where a result still stands on somebody's desk or between the sides.
OPEN = tuple(state for state in State if state not in OVER | TOGETHER)

_NEED, _RESULT = aliased(Listing), aliased(Listing)
_ON_MARKET = and_(col(_NEED.status) == Status.PUBLISHED, col(_RESULT.status) == Status.PUBLISHED)


def any_fresh(session: Session) -> bool:
    """Whether a pair waits for its first turn."""
    wanted = select(col(WaitingPair.id)).where(col(WaitingPair.kept_out).is_(None)).limit(1)
    return session.execute(_joined(wanted)).first() is not None


def waiting(session: Session, limit: int) -> list[Waiting]:
    """The best pairs that wait, as far as both listings are on the market."""
    wanted = select(
        WaitingPair,
        col(_NEED.organisation_id),
        col(_NEED.organisation_name),
        col(_RESULT.organisation_id),
        col(_RESULT.organisation_name),
    )
    best = _joined(wanted).order_by(col(WaitingPair.score).desc(), col(WaitingPair.id)).limit(limit)
    return [
        Waiting(
            id=row.id,
            need_id=row.need_id,
            result_id=row.result_id,
            owners=frozenset(_owners([owners[:2], owners[2:]])),
            score=row.score,
            found_at=row.found_at,
        )
        for row, *owners in session.execute(best)
    ]


def taken(session: Session, pairs: Sequence[Waiting], at: datetime) -> Taken:
    """What is used up of the limits that touch these pairs."""
    listings = sorted({id_ for pair in pairs for id_ in (pair.need_id, pair.result_id)})
    results = sorted({pair.result_id for pair in pairs})
    return Taken(used=_of_this_week(session, at) | _open(session, results), seen=_seen(session, listings))


def counts(session: Session, organisations: Sequence[int]) -> dict[KeptOut, int]:
    """How many pairs wait because of which limit, but for those of the organisations that the reader belongs to."""
    foreign = [
        or_(col(side.organisation_id).is_(None), col(side.organisation_id).not_in(organisations))
        for side in (_NEED, _RESULT)
    ]
    wanted = select(col(WaitingPair.kept_out), func.count()).where(col(WaitingPair.kept_out).is_not(None), *foreign)
    return {kept_out: count for kept_out, count in session.execute(_joined(wanted).group_by(col(WaitingPair.kept_out)))}


def of_needs(session: Session, need_ids: Iterable[int]) -> list[WaitingPair]:
    """Everything that waits of these needs."""
    wanted = select(WaitingPair).where(col(WaitingPair.need_id).in_(list(need_ids)))
    return list(session.execute(wanted).scalars())


def _joined(wanted: Any) -> Select[Any]:
    joined: Select[Any] = (
        wanted.join_from(WaitingPair, _NEED, col(_NEED.id) == WaitingPair.need_id)
        .join(_RESULT, col(_RESULT.id) == WaitingPair.result_id)
        .where(_ON_MARKET)
    )
    return joined


def _owners(sides: Iterable[Sequence[object]]) -> list[str]:
    found = (owner(id_, name) for id_, name in sides)  # type: ignore[arg-type]
    return [key for key in found if key is not None]


def _of_this_week(session: Session, at: datetime) -> dict[Key, int]:
    """How many suggestions of the ranking each organisation got since Monday."""
    wanted = (
        select(
            col(Suggestion.need_org_id),
            col(_NEED.organisation_name),
            col(Suggestion.result_org_id),
            col(_RESULT.organisation_name),
        )
        .join_from(Suggestion, _NEED, col(_NEED.id) == Suggestion.need_id)
        .join(_RESULT, col(_RESULT.id) == Suggestion.result_id)
        .where(col(Suggestion.origin) == Origin.RANKING, col(Suggestion.created_at) >= week_of(at))
    )
    used: Counter[Key] = Counter()
    for row in session.execute(wanted):
        used.update({(OWNER, key) for key in _owners([row[:2], row[2:]])})
    return dict(used)


def _open(session: Session, results: Sequence[int]) -> dict[Key, int]:
    found: dict[Key, int] = {}
    for ids in _chunks(results):
        wanted = (
            select(col(Suggestion.result_id), func.count())
            .where(col(Suggestion.result_id).in_(ids), col(Suggestion.state).in_(OPEN))
            .where(col(Suggestion.origin) == Origin.RANKING)
            .group_by(col(Suggestion.result_id))
        )
        found |= {(RESULT, id_): count for id_, count in session.execute(wanted) if id_ is not None}
    return found


def _seen(session: Session, listings: Sequence[int]) -> frozenset[int]:
    found: set[int] = set()
    for ids in _chunks(listings):
        for column in (col(Suggestion.need_id), col(Suggestion.result_id)):
            found.update(id_ for id_ in session.execute(select(column).where(column.in_(ids))).scalars() if id_)
    return frozenset(found)


def _chunks(ids: Sequence[int]) -> Iterable[Sequence[int]]:
    return (ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK))
