"""Every SELECT of the response funnel; timelines are read whole and laid beside each other as arrays.

A past day gives the figures of that day: rows that came later are not read, neither moves nor the undoing of moves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BigInteger, ColumnElement, Select, String, cast, extract, func, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from matchmaker.accounts.models import Organisation
from matchmaker.insights.steps import STEP_OF, Ending, Step
from matchmaker.listings.models import ChangeKind, Listing, ListingChange, ListingCode, Scheme
from matchmaker.review.models import MatchMove, MoveKind, State, Suggestion
from matchmaker.review.states import OVER

Integers = NDArray[np.int64]
Seconds = NDArray[np.float64]
# What is read of a timeline: the steps, the ends, and the state in which an ended match begins again.
_READ = (*STEP_OF, *sorted(OVER), State.SUGGESTED)


@dataclass(frozen=True)
class Period:
    """Matches that were suggested from `since` until before `until`, as they stood at `on`."""

    since: datetime
    until: datetime
    on: datetime


@dataclass(frozen=True)
class Sides:
    """Ids per match and side; 0 where there is none."""

    listings: tuple[Integers, Integers]
    organisations: tuple[Integers, Integers]


@dataclass(frozen=True)
class Paths:
    """The ways of many matches: `at` is (matches × steps) in seconds since 1970, infinite where never reached.

    `endings` are of those that are over, by row.
    """

    at: Seconds
    endings: Mapping[int, Ending]
    sides: Sides


@dataclass(frozen=True)
class Published:
    """Listings that came on the market in the period, how many of them have a match, and after how many seconds."""

    listings: int
    matched: int
    waits: Seconds


def paths(session: Session, period: Period) -> tuple[Paths, Published]:
    """The ways of the period's matches, and what became of the period's listings."""
    found = _matches(session, period)
    inside = found[:, 1] < period.until.timestamp()
    published = _published(session, period, found)
    at, endings = _walked(session, period, found[inside])
    needs, results, need_orgs, result_orgs = found[inside, 2:].T
    return Paths(at, endings, Sides((needs, results), (need_orgs, result_orgs))), published


def languages(session: Session) -> dict[int, str]:
    """The language of each listing."""
    return {id_: lang for id_, lang in session.execute(select(col(Listing.id), col(Listing.lang)))}


def countries(session: Session) -> tuple[dict[int, str], dict[int, str]]:
    """The country of each listing, and of each organisation."""
    listings = session.execute(select(col(Listing.id), col(Listing.country)))
    organisations = session.execute(select(col(Organisation.id), col(Organisation.country)))
    return {id_: code for id_, code in listings}, {id_: code for id_, code in organisations}


def fields(session: Session) -> dict[int, tuple[str, ...]]:
    """The IPC sections of each listing that has any."""
    wanted = select(col(ListingCode.listing_id), col(ListingCode.code)).where(
        col(ListingCode.scheme) == Scheme.IPC_SECTION
    )
    found: dict[int, tuple[str, ...]] = {}
    for listing_id, code in session.execute(wanted):
        found[listing_id] = (*found.get(listing_id, ()), code)
    return found


def _seconds(column: Any) -> ColumnElement[int]:
    """The moment as whole seconds."""
    return cast(extract("epoch", column), BigInteger)


def _packed(*columns: Any) -> ColumnElement[str]:
    """Whole numbers of many rows as one text: to make objects of half a million cells would take a second."""
    said: ColumnElement[str] = cast(columns[0], String)
    for column in columns[1:]:
        said = said + " " + cast(column, String)
    return func.aggregate_strings(said, " ")


def _unpacked(text: str | None, width: int) -> Integers:
    """The rows again."""
    return np.fromstring(text or "", dtype=np.int64, sep=" ").reshape(-1, width)


def _matches(session: Session, period: Period) -> Integers:
    """Id, second of its making, listings and organisations of the matches from the period's beginning to the day.

    Those after the period tell which of its listings have a match.
    """
    ends = (Suggestion.need_id, Suggestion.result_id, Suggestion.need_org_id, Suggestion.result_org_id)
    created = col(Suggestion.created_at)
    packed = _packed(col(Suggestion.id), _seconds(created), *(func.coalesce(col(end), 0) for end in ends))
    wanted = select(packed).where(created >= period.since, created <= period.on)
    found = _unpacked(session.execute(wanted).scalar(), 6)
    return found[found[:, 0].argsort()]


def _walked(session: Session, period: Period, matches: Integers) -> tuple[Seconds, dict[int, Ending]]:
    """When each match reached each step, and how it ended."""
    at = np.full((len(matches), len(Step)), np.inf)
    at[:, Step.SUGGESTED] = matches[:, 1]
    hows: list[Ending] = []
    found = [np.empty((0, 4), dtype=np.int64)]
    for state, party, reason, text in session.execute(_moves(period)):
        found.append(np.insert(_unpacked(text, 3), 3, len(hows), axis=1))
        hows.append(Ending(state, party, reason))
    moves = _of(matches[:, 0], _undone(session, period), np.concatenate(found))
    steps = np.array([STEP_OF.get(how.state, -1) for how in hows], dtype=np.int64)[moves[:, 3]]
    made = moves[steps >= 0]
    np.minimum.at(at, (made[:, 0], steps[steps >= 0]), made[:, 2])
    return at, _endings(moves[steps < 0], hows)


def _of(ids: Integers, undone: Integers, moves: Integers) -> Integers:
    """The moves of these matches that still stand, with the match's row instead of its id."""
    rows = np.searchsorted(ids, moves[:, 0])
    known = rows < len(ids)
    known[known] = ids[rows[known]] == moves[known, 0]
    stands = known & ~np.isin(moves[:, 1], undone)
    return np.column_stack([rows[stands], moves[stands, 1:]])


def _endings(turns: Integers, hows: Sequence[Ending]) -> dict[int, Ending]:
    """Which match is over and how: its last end or new beginning decides."""
    turns = turns[np.lexsort((turns[:, 1], turns[:, 0]))]
    is_last = np.append(np.diff(turns[:, 0]) > 0, True)[: len(turns)]
    last = turns[is_last][:, [0, 3]].tolist()
    return {row: hows[how] for row, how in last if hows[how].state in OVER}


def _moves(period: Period) -> Select[State, str, str, str]:
    """Every move that matters, by state, party and reason; no match moves before it is made."""
    kind = (col(MatchMove.now), col(MatchMove.party), col(MatchMove.reason))
    moved = col(MatchMove.at)
    return (
        select(*kind, _packed(col(MatchMove.suggestion_id), col(MatchMove.id), _seconds(moved)))
        .where(col(MatchMove.kind) == MoveKind.MOVE, col(MatchMove.now).in_(_READ))
        .where(moved >= period.since, moved <= period.on)
        .group_by(*kind)
    )


def _undone(session: Session, period: Period) -> Integers:
    """The numbers of moves that were taken back: what came last before each undoing."""
    undo, earlier = aliased(MatchMove), aliased(MatchMove)
    taken_back = (
        select(col(earlier.id))
        .where(col(earlier.suggestion_id) == undo.suggestion_id, col(earlier.id) < col(undo.id))
        .where(col(earlier.kind) != MoveKind.NOTE)
        .order_by(col(earlier.id).desc())
        .limit(1)
        .scalar_subquery()
    )
    wanted = select(taken_back).where(
        col(undo.kind) == MoveKind.UNDO, col(undo.at) >= period.since, col(undo.at) <= period.on
    )
    return np.array([number for (number,) in session.execute(wanted) if number is not None], dtype=np.int64)


def _published(session: Session, period: Period, matches: Integers) -> Published:
    first = func.min(col(ListingChange.at))
    begun = (
        select(col(ListingChange.listing_id).label("id"), _seconds(first).label("at"))
        .where(col(ListingChange.kind) == ChangeKind.PUBLISHED, col(ListingChange.at) <= period.on)
        .group_by(col(ListingChange.listing_id))
        .having(first >= period.since, first < period.until)
        .subquery()
    )
    found = _unpacked(session.execute(select(_packed(begun.c.id, begun.c.at))).scalar(), 2)
    listings, out = found[found[:, 0].argsort()].T
    matched = np.full(len(listings), np.inf)
    nothing = np.empty(0, dtype=np.int64)
    for side in (2, 3):
        rows = _of(listings, nothing, matches[:, [side, 0, 1]])
        np.minimum.at(matched, rows[:, 0], rows[:, 2])
    has = np.isfinite(matched)
    return Published(len(listings), int(has.sum()), np.maximum(0.0, matched[has] - out[has]))
