"""Every SELECT of the broker's desk: whose matches stand under which tab, in which order, narrowed down as asked."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Select, and_, case, exists, func, or_, select, union_all
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from matchmaker.accounts.models import Person
from matchmaker.accounts.schemas import Actor
from matchmaker.core.clock import now
from matchmaker.core.countries import REGION_MEMBERS
from matchmaker.core.errors import NotFound
from matchmaker.core.paging import Page
from matchmaker.listings import queries as listings
from matchmaker.listings.confidence import Reader
from matchmaker.listings.models import Listing, ListingCode, Scheme, Status
from matchmaker.listings.schemas import ListingCard
from matchmaker.review import taste_queries, twins
from matchmaker.review.broker_queries import Scopes
from matchmaker.review.models import Addressee, MatchMove, Origin, Question, State, Suggestion, WaitingPair
from matchmaker.review.policy import STAFF
from matchmaker.review.queue import TO_DECIDE
from matchmaker.review.states import OFFERED, OVER, TOGETHER
from matchmaker.review.taste import Aversion, Trait


class Tab(StrEnum):
    """What a broker's matches are sorted by: what is to be done with them."""

    MINE = "mine"
    UNASSIGNED = "unassigned"
    # A colleague asks for a second opinion.
    OPINION = "opinion"
    WAITING = "waiting"
    INTRODUCED = "introduced"
    PARKED = "parked"
    DECIDED = "decided"


STATES: dict[Tab, tuple[State, ...]] = {
    Tab.MINE: TO_DECIDE,
    Tab.UNASSIGNED: TO_DECIDE,
    Tab.OPINION: tuple(state for state in State if state not in OVER),
    Tab.WAITING: (State.ENDORSED, *OFFERED, State.MUTUAL),
    Tab.INTRODUCED: tuple(TOGETHER),
    Tab.PARKED: (State.PARKED,),
    Tab.DECIDED: tuple(OVER),
}


@dataclass(frozen=True)
class Viewer:
    """Whose desk it is: a broker's own and what nobody has in their scopes; everything for administrators."""

    person_id: int
    everything: bool = False
    # The organisations that they belong to: those matches are none of their business.
    organisations: tuple[int, ...] = ()
    scopes: Scopes = field(default_factory=Scopes)
    # Whose eyes decide what may stand together.
    actor: Actor | None = None
    # Kinds of matches that they have had enough of.
    averse: tuple[Aversion, ...] = ()


@dataclass(frozen=True)
class DeskFilters:
    """What a broker narrows the desk down to; empty means any."""

    tab: Tab = Tab.UNASSIGNED
    need_country: str = ""
    result_country: str = ""
    need_lang: str = ""
    result_lang: str = ""
    # IPC section of either side.
    field: str = ""
    least: float = 0.0
    # Something is due within so many days: an answer, or the day that the need names.
    due: int = 0
    origin: Origin | None = None
    # Whose desk an administrator looks at.
    broker_id: int | None = None


@dataclass(frozen=True)
class DeskItem:
    """A match with the listings that it is about; a side that came by itself may have none."""

    suggestion: Suggestion
    need: ListingCard | None
    result: ListingCard | None
    # The kinds that it is of, where the viewer has had enough of any.
    traits: frozenset[Trait] = frozenset()


@dataclass(frozen=True)
class Asked:
    """How many questions about a match wait for an answer, and how many have one."""

    open: int = 0
    answered: int = 0


_NEED, _RESULT = aliased(Listing), aliased(Listing)
_COLUMNS: dict[str, Any] = {
    "need_country": _NEED.country,
    "result_country": _RESULT.country,
    "need_lang": _NEED.lang,
    "result_lang": _RESULT.lang,
}
_LAST = col(Suggestion.id)
_BY_VALUE = (col(Suggestion.priority).desc(), _LAST)
_BY_TIME = (col(Suggestion.state_at).desc(), _LAST.desc())
_SOONEST = func.coalesce(col(Suggestion.deadline_at), col(Suggestion.offer_at))
_ORDERS: dict[Tab, tuple[Any, ...]] = {
    Tab.MINE: _BY_VALUE,
    Tab.UNASSIGNED: _BY_VALUE,
    Tab.OPINION: _BY_VALUE,
    Tab.WAITING: (_SOONEST.is_(None), _SOONEST, _LAST),
    Tab.INTRODUCED: _BY_TIME,
    Tab.PARKED: (col(Suggestion.parked_until), _LAST),
    Tab.DECIDED: _BY_TIME,
}


def desk(
    session: Session, viewer: Viewer, filters: DeskFilters, page: tuple[int, int], reader: Reader
) -> Page[DeskItem]:
    """The matches of a tab in its order; beyond the end the last page. `page` is (number from 1, size)."""
    number, size = page
    kinds = taste_queries.columns(_NEED, _RESULT) if viewer.averse else []
    wanted = _joined(select(Suggestion, func.count().over(), *kinds)).where(*_where(viewer, filters))
    ordered = wanted.order_by(*_order(viewer, filters.tab))
    rows = session.execute(ordered.offset((number - 1) * size).limit(size)).all()
    if not rows and number > 1:
        total = session.execute(_joined(select(func.count(_LAST))).where(*_where(viewer, filters))).scalar_one()
        return desk(session, viewer, filters, (max(1, -(-total // size)), size), reader)
    traits = {row[0].id: taste_queries.traits_of(row[2:]) for row in rows} if kinds else {}
    found = items(session, [row[0] for row in rows], reader)
    return Page(
        [replace(one, traits=traits.get(one.suggestion.id, frozenset())) for one in found],
        number,
        size,
        rows[0][1] if rows else 0,
    )


def item(session: Session, public_id: str, reader: Reader) -> DeskItem:
    """One match, wherever it stands; raises NotFound, also for one that is not begun and has lost a listing."""
    wanted = _joined(select(Suggestion)).where(col(Suggestion.public_id) == public_id, _on_market())
    row = session.execute(wanted).scalar_one_or_none()
    if row is None:
        raise NotFound("no such match")
    return items(session, [row], reader)[0]


def known(session: Session, public_ids: Sequence[str], reader: Reader) -> list[DeskItem]:
    """Those of these matches that are there, whatever became of them."""
    rows = session.execute(select(Suggestion).where(col(Suggestion.public_id).in_(public_ids))).scalars().all()
    return items(session, rows, reader)


def items(session: Session, rows: Sequence[Suggestion], reader: Reader) -> list[DeskItem]:
    """Matches with the cards of their listings."""
    ids = {id_ for row in rows for id_ in (row.need_id, row.result_id) if id_ is not None}
    cards = listings.cards(session, ids, reader) if ids else {}
    return [DeskItem(row, cards.get(row.need_id or 0), cards.get(row.result_id or 0)) for row in rows]


def counts(session: Session, viewer: Viewer) -> dict[Tab, int]:
    """How many matches stand under each tab, in one query."""
    columns = [func.count(case((and_(*_of_tab(viewer, tab)), 1))) for tab in Tab]
    row = session.execute(_joined(select(*columns)).where(_concerns(viewer), _on_market())).one()
    return dict(zip(Tab, row, strict=True))


def choices(session: Session, viewer: Viewer, tab: Tab) -> dict[str, list[str]]:
    """For each filter of countries and languages, the values that occur under a tab, in one query."""
    wanted = _joined(select(*_COLUMNS.values())).where(*_where(viewer, DeskFilters(tab))).distinct()
    rows = session.execute(wanted).all()
    return {name: sorted({row[i] for row in rows if row[i]}) for i, name in enumerate(_COLUMNS)}


def questions_about(session: Session, rows: Sequence[Suggestion]) -> dict[int, Asked]:
    """Suggestion id → how many questions were asked about it."""
    open_, answered = col(Question.answered_at).is_(None), col(Question.answered_at).is_not(None)
    wanted = (
        select(col(Question.suggestion_id), func.count().filter(open_), func.count().filter(answered))
        .where(col(Question.suggestion_id).in_([row.id for row in rows]))
        .group_by(col(Question.suggestion_id))
    )
    return {id_: Asked(waiting, said) for id_, waiting, said in session.execute(wanted)}


def questions_of(session: Session, suggestion: Suggestion) -> list[Question]:
    """Everything that was asked about a match, oldest first."""
    wanted = select(Question).where(col(Question.suggestion_id) == suggestion.id).order_by(col(Question.id))
    return list(session.execute(wanted).scalars())


def took_part(session: Session, suggestion: Suggestion, person_id: int) -> bool:
    """Whether somebody has moved the match, or was asked about it as a colleague."""
    moved = exists().where(col(MatchMove.suggestion_id) == suggestion.id, col(MatchMove.person_id) == person_id)
    asked = exists().where(col(Question.suggestion_id) == suggestion.id, col(Question.colleague_id) == person_id)
    return bool(session.execute(select(or_(moved, asked))).scalar())


def stale_needs(session: Session, before: int, limit: int) -> dict[int, list[int]]:
    """Needs with open suggestions, or pairs that wait for their turn, that were scored before this place in the log,
    oldest first, and the results of all their pairs."""
    on_desk = select(col(Suggestion.need_id), col(Suggestion.log_position)).where(
        col(Suggestion.state).in_(TO_DECIDE), col(Suggestion.result_id).is_not(None)
    )
    waiting = select(col(WaitingPair.need_id), col(WaitingPair.log_position))
    scored = union_all(
        on_desk.where(col(Suggestion.log_position) < before), waiting.where(col(WaitingPair.log_position) < before)
    ).subquery()
    oldest = (
        select(scored.c.need_id)
        .join(_NEED, col(_NEED.id) == scored.c.need_id)
        .where(col(_NEED.status) == Status.PUBLISHED)
        .group_by(scored.c.need_id)
        .order_by(func.min(scored.c.log_position))
        .limit(limit)
    )
    needs = list(session.execute(oldest).scalars())
    pairs: CompoundSelect[Any] = union_all(
        select(col(Suggestion.need_id), col(Suggestion.result_id)).where(
            col(Suggestion.need_id).in_(needs), col(Suggestion.result_id).is_not(None)
        ),
        select(col(WaitingPair.need_id), col(WaitingPair.result_id)).where(col(WaitingPair.need_id).in_(needs)),
    )
    found: dict[int, list[int]] = {need: [] for need in needs}
    for need, result in session.execute(pairs):
        found[need].append(result)
    return found


def queued(session: Session, after: int, limit: int) -> list[tuple[Suggestion, Any]]:
    """The next matches that are to be decided, by row id, with the day that their need names."""
    wanted = (
        select(Suggestion, col(_NEED.deadline))
        .outerjoin(_NEED, col(_NEED.id) == Suggestion.need_id)
        .where(col(Suggestion.state).in_(TO_DECIDE), after < _LAST)
    )
    return [(row[0], row[1]) for row in session.execute(wanted.order_by(_LAST).limit(limit))]


def untaken(session: Session, limit: int) -> list[Suggestion]:
    """The most valuable matches on the market that nobody has."""
    wanted = _joined(select(Suggestion)).where(
        col(Suggestion.state) == State.SUGGESTED, col(Suggestion.broker_id).is_(None), _on_market()
    )
    return list(session.execute(wanted.order_by(*_BY_VALUE).limit(limit)).scalars())


def left_behind(session: Session, limit: int) -> list[Suggestion]:
    """Matches in review with somebody who is no broker or administrator any more, or whose account is closed."""
    gone = or_(col(Person.role).not_in(list(STAFF)), col(Person.closed_at).is_not(None))
    wanted = (
        select(Suggestion)
        .join(Person, col(Person.id) == Suggestion.broker_id)
        .where(col(Suggestion.state) == State.IN_REVIEW, gone)
    )
    return list(session.execute(wanted.order_by(*_BY_VALUE).limit(limit)).scalars())


def _order(viewer: Viewer, tab: Tab) -> tuple[Any, ...]:
    """The order of a tab; what the viewer mostly declines stands lower where value decides."""
    order = _ORDERS[tab]
    if order is not _BY_VALUE or not viewer.averse:
        return order
    return taste_queries.place(viewer.averse, _NEED, _RESULT).desc(), _LAST


def _joined(wanted: Any) -> Select[Any]:
    joined: Select[Any] = (
        wanted.select_from(Suggestion)
        .outerjoin(_NEED, col(_NEED.id) == Suggestion.need_id)
        .outerjoin(_RESULT, col(_RESULT.id) == Suggestion.result_id)
    )
    return joined


def _where(viewer: Viewer, filters: DeskFilters) -> list[ColumnElement[bool]]:
    where = [*_of_tab(viewer, filters.tab), _concerns(viewer), _on_market()]
    where += [col(column) == getattr(filters, name) for name, column in _COLUMNS.items() if getattr(filters, name)]
    if filters.least:
        where.append(col(Suggestion.score) >= filters.least)
    if filters.field:
        where.append(or_(*(_in_fields(listing, [filters.field]) for listing in (_NEED, _RESULT))))
    if filters.due:
        until = now() + timedelta(days=filters.due)
        where.append(or_(col(Suggestion.deadline_at) <= until, col(_NEED.deadline).between(now().date(), until.date())))
    if filters.origin:
        where.append(col(Suggestion.origin) == filters.origin)
    if filters.broker_id is not None and viewer.everything:
        where.append(col(Suggestion.broker_id) == filters.broker_id)
    return where


def _of_tab(viewer: Viewer, tab: Tab) -> list[ColumnElement[bool]]:
    """What makes a match stand under a tab of this viewer's."""
    where: list[ColumnElement[bool]] = [col(Suggestion.state).in_(STATES[tab])]
    if tab in {Tab.MINE, Tab.UNASSIGNED}:
        where.append(~twins.repeated(viewer.actor))
    if tab is Tab.OPINION:
        return [*where, _asked(viewer)]
    if tab is Tab.UNASSIGNED:
        return [*where, col(Suggestion.broker_id).is_(None), *([] if viewer.everything else _in_scopes(viewer.scopes))]
    if not viewer.everything:
        return [*where, col(Suggestion.broker_id) == viewer.person_id]
    return [*where, col(Suggestion.broker_id).is_not(None)] if tab is Tab.MINE else where


def _concerns(viewer: Viewer) -> ColumnElement[bool]:
    """Matches that the viewer may know of at all."""
    sides = (col(Suggestion.need_org_id), col(Suggestion.result_org_id))
    foreign = and_(*(or_(side.is_(None), side.not_in(viewer.organisations)) for side in sides))
    if viewer.everything:
        return foreign
    unassigned = and_(col(Suggestion.broker_id).is_(None), col(Suggestion.state).in_(TO_DECIDE))
    return and_(foreign, or_(col(Suggestion.broker_id) == viewer.person_id, unassigned, _asked(viewer)))


def _asked(viewer: Viewer) -> ColumnElement[bool]:
    """A colleague waits for the viewer's opinion."""
    return exists().where(
        col(Question.suggestion_id) == Suggestion.id,
        col(Question.addressee) == Addressee.BROKER,
        col(Question.colleague_id) == viewer.person_id,
        col(Question.answered_at).is_(None),
    )


def _on_market() -> ColumnElement[bool]:
    """Both listings are published, as far as there are two; what had begun before one was withdrawn goes on."""
    begun = (*OFFERED, State.MUTUAL, *TOGETHER, State.CLOSED)
    published = [or_(col(x.id).is_(None), col(x.status) == Status.PUBLISHED) for x in (_NEED, _RESULT)]
    return or_(col(Suggestion.state).in_(begun), and_(*published))


def _in_scopes(scopes: Scopes) -> list[ColumnElement[bool]]:
    """The same as assignment.fits: the scope touches what is said, and what is not said keeps nobody away."""
    where = []
    if scopes.languages:
        silent = and_(*(func.coalesce(col(x.lang), "und") == "und" for x in (_NEED, _RESULT)))
        where.append(or_(silent, *(col(x.lang).in_(scopes.languages) for x in (_NEED, _RESULT))))
    if scopes.regions:
        places = scopes.regions.union(*(REGION_MEMBERS.get(region, frozenset()) for region in scopes.regions))
        silent = and_(*(func.coalesce(col(x.country), "") == "" for x in (_NEED, _RESULT)))
        where.append(or_(silent, *(col(x.country).in_(places) for x in (_NEED, _RESULT))))
    if scopes.fields:
        silent = and_(*(~_in_fields(x, None) for x in (_NEED, _RESULT)))
        where.append(or_(silent, *(_in_fields(x, sorted(scopes.fields)) for x in (_NEED, _RESULT))))
    return where


def _in_fields(listing: Any, sections: Sequence[str] | None) -> ColumnElement[bool]:
    """The listing carries one of the IPC sections, or any at all."""
    where = [col(ListingCode.listing_id) == listing.id, col(ListingCode.scheme) == Scheme.IPC_SECTION]
    if sections is not None:
        where.append(col(ListingCode.code).in_(sections))
    return exists().where(*where)
