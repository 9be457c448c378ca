"""Every SELECT of the clock: which matches something is due for. Whoever acts on one looks at it again first."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from matchmaker.accounts.models import Organisation
from matchmaker.listings.models import Listing, ListingChange, Status
from matchmaker.review.models import MatchMove, MoveKind, Side, State, Suggestion
from matchmaker.review.states import BEFORE_OFFER, OFFERED, OVER

# What the clock writes into the timeline, so that it does not do it twice.
REMINDER, TOLD = "reminder", "told"
_NEED, _RESULT = aliased(Listing), aliased(Listing)
_NEED_ORG, _RESULT_ORG = aliased(Organisation), aliased(Organisation)
# The first side came by itself.
EXPRESSED = or_(
    and_(col(Suggestion.first_side) == Side.NEED, col(Suggestion.need_yes_at).is_not(None)),
    and_(col(Suggestion.first_side) == Side.RESULT, col(Suggestion.result_yes_at).is_not(None)),
)


Placed = tuple[Suggestion, str, str]
"""A match with the countries of its need and of its result."""


@dataclass(frozen=True)
class Waiting:
    """A match with the time that counts, and the country whose calendar does."""

    id: int
    at: datetime
    country: str


def offers(session: Session, at: datetime, limit: int) -> list[int]:
    """Endorsed matches whose time has come and whose listings take offers; the others wait until theirs do."""
    wanted = (
        select(col(Suggestion.id))
        .outerjoin(_NEED, col(_NEED.id) == Suggestion.need_id)
        .outerjoin(_RESULT, col(_RESULT.id) == Suggestion.result_id)
        .where(col(Suggestion.state) == State.ENDORSED, col(Suggestion.offer_at) <= at)
        .where(*(or_(col(side.id).is_(None), _takes_offers(side)) for side in (_NEED, _RESULT)))
    )
    return list(session.execute(wanted.order_by(col(Suggestion.offer_at)).limit(limit)).scalars())


def overdue(session: Session, at: datetime, limit: int) -> list[int]:
    """Matches whose deadline has passed in silence."""
    wanted = select(col(Suggestion.id)).where(
        col(Suggestion.state).in_([*OFFERED, State.MUTUAL]), col(Suggestion.deadline_at) <= at
    )
    return list(session.execute(wanted.order_by(col(Suggestion.deadline_at)).limit(limit)).scalars())


def parked(session: Session, today: date, limit: int) -> list[int]:
    """Matches that were put aside until today or earlier."""
    wanted = select(col(Suggestion.id)).where(
        col(Suggestion.state) == State.PARKED, col(Suggestion.parked_until) <= today
    )
    return list(session.execute(wanted.order_by(col(Suggestion.parked_until)).limit(limit)).scalars())


def unreminded(session: Session, before: datetime) -> list[Waiting]:
    """Matches with a deadline before this moment whose side was not reminded of it yet, with the side's country."""
    where = (
        col(Suggestion.state).in_([*OFFERED, State.MUTUAL]),
        col(Suggestion.deadline_at) <= before,
        ~_noted(REMINDER),
    )
    return [
        Waiting(row[0].id or 0, row[0].deadline_at or before, _asked_country(row))
        for row in _with_countries(session, *where)
    ]


def held(session: Session, before: datetime) -> list[Waiting]:
    """Expressions of interest that have waited for a broker since before this moment, with the other side's country."""
    where = (
        col(Suggestion.state).in_([State.SUGGESTED, State.IN_REVIEW]),
        col(Suggestion.state_at) <= before,
        EXPRESSED,
    )
    return [Waiting(row[0].id or 0, row[0].state_at, _asked_country(row)) for row in _with_countries(session, *where)]


def refused(session: Session, before: datetime, limit: int) -> list[int]:
    """Expressions of interest that a broker declined before this moment, and whose sender was not told yet."""
    wanted = select(col(Suggestion.id)).where(
        col(Suggestion.state) == State.DECLINED,
        col(Suggestion.declined_by).is_(None),
        col(Suggestion.state_at) <= before,
        EXPRESSED,
        ~_noted(TOLD),
    )
    return list(session.execute(wanted.order_by(col(Suggestion.state_at)).limit(limit)).scalars())


def gone(session: Session, cursor: int, limit: int) -> tuple[list[int], int, int]:
    """Of the next changes of listings: the listings that are off the market now, the last change, how many."""
    wanted = select(col(ListingChange.id), col(ListingChange.listing_id)).where(col(ListingChange.id) > cursor)
    rows = session.execute(wanted.order_by(col(ListingChange.id)).limit(limit)).all()
    off = select(col(Listing.id)).where(
        col(Listing.id).in_({row[1] for row in rows}), col(Listing.status) != Status.PUBLISHED
    )
    return list(session.execute(off).scalars()), rows[-1][0] if rows else cursor, len(rows)


def begun_with(session: Session, listing_ids: Iterable[int]) -> list[int]:
    """Matches of these listings that somebody waits in, and whose sides do not know each other yet."""
    ids = list(listing_ids)
    wanted = select(col(Suggestion.id)).where(
        or_(col(Suggestion.need_id).in_(ids), col(Suggestion.result_id).in_(ids)),
        or_(
            col(Suggestion.state).in_([*OFFERED, State.MUTUAL]),
            and_(col(Suggestion.state).in_(list(BEFORE_OFFER - OVER)), EXPRESSED),
        ),
    )
    return list(session.execute(wanted.order_by(col(Suggestion.id))).scalars())


def is_noted(session: Session, suggestion: Suggestion, what: str) -> bool:
    """Whether the clock has written this since the match last moved."""
    wanted = select(col(Suggestion.id)).where(col(Suggestion.id) == suggestion.id, _noted(what))
    return session.execute(wanted).first() is not None


def _noted(what: str) -> ColumnElement[bool]:
    return exists().where(
        col(MatchMove.suggestion_id) == Suggestion.id,
        col(MatchMove.kind) == MoveKind.NOTE,
        col(MatchMove.reason) == what,
        col(MatchMove.at) >= Suggestion.state_at,
    )


def _takes_offers(listing: type[Listing]) -> ColumnElement[bool]:
    return and_(col(listing.status) == Status.PUBLISHED, col(listing.open_for_interest).is_(True))


def _with_countries(session: Session, *where: ColumnElement[bool]) -> list[Placed]:
    """Matches with the countries of need and result: their organisations', or else their listings'."""
    wanted = (
        select(
            Suggestion,
            func.coalesce(col(_NEED_ORG.country), col(_NEED.country), ""),
            func.coalesce(col(_RESULT_ORG.country), col(_RESULT.country), ""),
        )
        .outerjoin(_NEED, col(_NEED.id) == Suggestion.need_id)
        .outerjoin(_RESULT, col(_RESULT.id) == Suggestion.result_id)
        .outerjoin(_NEED_ORG, col(_NEED_ORG.id) == Suggestion.need_org_id)
        .outerjoin(_RESULT_ORG, col(_RESULT_ORG.id) == Suggestion.result_org_id)
        .where(*where)
    )
    rows = session.execute(wanted.order_by(col(Suggestion.state_at)))
    return [(suggestion, need, result) for suggestion, need, result in rows]


def _asked_country(row: Placed) -> str:
    """The country of the side that is asked, or will be; of the result while the gates are looked at."""
    suggestion, need, result = row
    if suggestion.state is State.MUTUAL:
        return result
    first = suggestion.first_side or Side.NEED
    side = first if suggestion.state is State.OFFERED_FIRST else first.other
    return need if side is Side.NEED else result
