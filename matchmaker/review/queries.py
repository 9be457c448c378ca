"""Every SELECT of the broker's desk."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from matchmaker.core.errors import NotFound
from matchmaker.core.paging import Page
from matchmaker.listings import queries as listings
from matchmaker.listings.confidence import Reader
from matchmaker.listings.models import Listing, Status
from matchmaker.listings.schemas import ListingCard
from matchmaker.review.models import State, Suggestion


@dataclass(frozen=True)
class DeskFilters:
    """What a broker narrows the desk down to; empty means any."""

    state: State = State.SUGGESTED
    need_country: str = ""
    result_country: str = ""
    need_lang: str = ""
    result_lang: str = ""
    least: float = 0.0


@dataclass(frozen=True)
class DeskItem:
    """A suggestion with the two listings that it is about."""

    suggestion: Suggestion
    need: ListingCard
    result: ListingCard


_NEED, _RESULT = aliased(Listing), aliased(Listing)


def desk(session: Session, filters: DeskFilters, page: tuple[int, int], lang: str) -> Page[DeskItem]:
    """Suggestions between published listings, best first; `page` is (number from 1, size)."""
    number, size = page
    wanted = (
        select(Suggestion)
        .join(_NEED, col(_NEED.id) == Suggestion.need_id)
        .join(_RESULT, col(_RESULT.id) == Suggestion.result_id)
        .where(*_where(filters))
    )
    total = session.execute(select(func.count()).select_from(wanted.subquery())).scalar_one()
    ordered = wanted.order_by(col(Suggestion.score).desc(), col(Suggestion.id)).offset((number - 1) * size).limit(size)
    rows = session.execute(ordered).scalars().all()
    return Page(_items(session, rows, lang), number, size, total)


def item(session: Session, public_id: str, lang: str) -> DeskItem:
    """One suggestion between published listings; raises NotFound."""
    wanted = (
        select(Suggestion)
        .join(_NEED, col(_NEED.id) == Suggestion.need_id)
        .join(_RESULT, col(_RESULT.id) == Suggestion.result_id)
        .where(col(Suggestion.public_id) == public_id)
        .where(col(_NEED.status) == Status.PUBLISHED, col(_RESULT.status) == Status.PUBLISHED)
    )
    row = session.execute(wanted).scalar_one_or_none()
    if row is None:
        raise NotFound("no such suggestion")
    return _items(session, [row], lang)[0]


def state_counts(session: Session) -> dict[State, int]:
    """How many suggestions between published listings are in each state."""
    # Subqueries, not joins: SQLite would join every listing with every other one first.
    published = (
        exists().where(col(_NEED.id) == Suggestion.need_id, col(_NEED.status) == Status.PUBLISHED),
        exists().where(col(_RESULT.id) == Suggestion.result_id, col(_RESULT.status) == Status.PUBLISHED),
    )
    rows = session.execute(
        select(col(Suggestion.state), func.count()).where(*published).group_by(col(Suggestion.state))
    )
    return {**dict.fromkeys(State, 0), **dict(rows.all())}


def choices(session: Session, state: State) -> dict[str, list[str]]:
    """For each filter of the desk, the values that occur."""
    columns = {
        "need_country": _NEED.country,
        "result_country": _RESULT.country,
        "need_lang": _NEED.lang,
        "result_lang": _RESULT.lang,
    }
    base = (
        select(Suggestion)
        .join(_NEED, col(_NEED.id) == Suggestion.need_id)
        .join(_RESULT, col(_RESULT.id) == Suggestion.result_id)
        .where(*_where(DeskFilters(state=state)))
    )
    return {
        name: sorted(filter(None, session.execute(base.with_only_columns(col(column)).distinct()).scalars()))
        for name, column in columns.items()
    }


def stale_needs(session: Session, before: int, limit: int) -> dict[int, list[int]]:
    """Needs with open suggestions that were scored before this place in the log, oldest first, and their results."""
    open_pairs = (col(Suggestion.state) == State.SUGGESTED, col(Suggestion.log_position) < before)
    oldest = (
        select(col(Suggestion.need_id))
        .join(_NEED, col(_NEED.id) == Suggestion.need_id)
        .where(*open_pairs, col(_NEED.status) == Status.PUBLISHED)
        .group_by(col(Suggestion.need_id))
        .order_by(func.min(col(Suggestion.log_position)))
        .limit(limit)
    )
    needs = list(session.execute(oldest).scalars())
    pairs = select(col(Suggestion.need_id), col(Suggestion.result_id)).where(col(Suggestion.need_id).in_(needs))
    found: dict[int, list[int]] = {need: [] for need in needs}
    for need, result in session.execute(pairs):
        found[need].append(result)
    return found


def _where(filters: DeskFilters) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = [
        col(Suggestion.state) == filters.state,
        col(_NEED.status) == Status.PUBLISHED,
        col(_RESULT.status) == Status.PUBLISHED,
        col(Suggestion.score) >= filters.least,
    ]
    sides = (
        (_NEED.country, filters.need_country),
        (_RESULT.country, filters.result_country),
        (_NEED.lang, filters.need_lang),
        (_RESULT.lang, filters.result_lang),
    )
    return where + [col(column) == value for column, value in sides if value]


def _items(session: Session, rows: Sequence[Suggestion], lang: str) -> list[DeskItem]:
    pairs = [(row, row.need_id or 0, row.result_id or 0) for row in rows]
    cards = listings.cards(session, {id_ for _, need, result in pairs for id_ in (need, result)}, Reader(lang))
    return [DeskItem(row, cards[need], cards[result]) for row, need, result in pairs]
