"""Every SELECT about taste: what kinds a match is of, and what brokers lately said of each."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, literal, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from matchmaker.accounts.models import Organisation
from matchmaker.listings.models import Listing, ListingCode, Scheme
from matchmaker.review.models import DeclineReason, Origin, State, Suggestion, TasteReset
from matchmaker.review.taste import LOOKED_AT, REMEMBERED, Aversion, Judged, Trait, aversions

Kind = Callable[[Any, Any], ColumnElement[Any]]
# What is no verdict yet, or none any more.
_UNDECIDED = (State.SUGGESTED, State.IN_REVIEW, State.PARKED)
BELOW = "below"
_CLASS_LENGTH = 3


def maturity(need: Any, result: Any) -> ColumnElement[Any]:
    """Whether the result is earlier than the need wants it, else its very level: never wider than what was declined."""
    return case((col(result.trl) < col(need.trl), BELOW), else_=col(result.trl))


def fields(need: Any, result: Any) -> ColumnElement[Any]:
    """The IPC sections of both sides, such as "A>G", where they differ, else their classes where those differ."""
    sections = [_first(x, Scheme.IPC_SECTION, 1) for x in (need, result)]
    classes = [_first(x, Scheme.IPC, _CLASS_LENGTH) for x in (need, result)]
    return case(
        (sections[0] != sections[1], _joined(*sections)), (classes[0] != classes[1], _joined(*classes)), else_=None
    )


def countries(need: Any, result: Any) -> ColumnElement[Any]:
    """From which country to which, such as "CN>DE"."""
    known = and_(col(need.country) != "", col(result.country) != "")
    return case((known, _joined(col(need.country), col(result.country))), else_=None)


def partners(need: Any, result: Any) -> ColumnElement[Any]:
    """The kind of the result's owner, where the need asks for others; most pairs are of the same few kinds."""
    kind = select(col(Organisation.kind)).where(col(Organisation.id) == result.organisation_id).scalar_subquery()
    asked = [col(ListingCode.listing_id) == need.id, col(ListingCode.scheme) == Scheme.PARTNER_TYPE]
    wanted = exists().where(*asked).correlate(need)
    met = (
        exists()
        .where(*asked, or_(col(ListingCode.code) == "any", col(ListingCode.code) == kind))
        .correlate(need, result)
    )
    return case((and_(wanted, ~met), kind), else_=None)


def rights(_need: Any, result: Any) -> ColumnElement[Any]:
    """How the result is protected."""
    return case((col(result.ipr_status) != "", col(result.ipr_status)), else_=None)


# What the other reasons are about (price, capacity, …) no listing says in a column.
TRAITS: dict[DeclineReason, Kind] = {
    DeclineReason.TOO_EARLY: maturity,
    DeclineReason.WRONG_FIELD: fields,
    DeclineReason.NOT_OUR_MARKET: countries,
    DeclineReason.PARTNER_TYPE: partners,
    DeclineReason.IP: rights,
}


def of_people(session: Session, people: Sequence[int], at: datetime) -> dict[int, list[Aversion]]:
    """Person → what they have had enough of, from their last verdicts before this moment; one query."""
    newest = func.row_number().over(partition_by=col(Suggestion.decided_by), order_by=col(Suggestion.decided_at).desc())
    lately = (
        select(col(Suggestion.id).label("id"), newest.label("place"))
        .where(
            col(Suggestion.decided_by).in_(people),
            col(Suggestion.decided_at) > at - REMEMBERED,
            col(Suggestion.state).not_in(_UNDECIDED),
        )
        .subquery()
    )
    need, result = aliased(Listing), aliased(Listing)
    forgotten = and_(
        col(TasteReset.person_id) == col(Suggestion.decided_by),
        col(TasteReset.reason) == col(Suggestion.decline_reason),
    )
    # A side's own no, after the broker's yes, is none of the broker's.
    refused = and_(col(Suggestion.state) == State.DECLINED, col(Suggestion.declined_by).is_(None))
    reason = case((refused, col(Suggestion.decline_reason)), else_=None)
    wanted = (
        select(col(Suggestion.decided_by), reason, *columns(need, result))
        .join(lately, lately.c.id == col(Suggestion.id))
        .join(need, col(need.id) == col(Suggestion.need_id))
        .join(result, col(result.id) == col(Suggestion.result_id))
        .outerjoin(TasteReset, forgotten)
        .where(
            lately.c.place <= LOOKED_AT,
            or_(~refused, col(TasteReset.at).is_(None), col(TasteReset.at) < col(Suggestion.decided_at)),
        )
    )
    rows = session.execute(wanted)
    return aversions(
        Judged(person, DeclineReason(why) if why else None, traits_of(kinds)) for person, why, *kinds in rows
    )


def traits(session: Session, suggestions: Iterable[Suggestion]) -> dict[int, frozenset[Trait]]:
    """Suggestion id → the kinds that it is of; one query."""
    need, result = aliased(Listing), aliased(Listing)
    wanted = (
        select(col(Suggestion.id), *columns(need, result))
        .join(need, col(need.id) == col(Suggestion.need_id))
        .join(result, col(result.id) == col(Suggestion.result_id))
        .where(col(Suggestion.id).in_([one.id for one in suggestions]))
    )
    return {id_: traits_of(kinds) for id_, *kinds in session.execute(wanted)}


def columns(need: Any, result: Any) -> list[ColumnElement[Any]]:
    """The kinds of a pair, in the order of `TRAITS`; `traits_of` reads them."""
    return [kind(need, result) for kind in TRAITS.values()]


def traits_of(kinds: Iterable[str | None]) -> frozenset[Trait]:
    """What those columns say."""
    return frozenset((reason, kind) for reason, kind in zip(TRAITS, kinds, strict=True) if kind)


def place(theirs: Sequence[Aversion], need: Any, result: Any) -> ColumnElement[Any]:
    """A match's place in the queue of somebody with these aversions."""
    priority: Any = col(Suggestion.priority)
    share: ColumnElement[Any] = literal(1.0)
    for reason, shares in _by_reason(theirs).items():
        share = share * case(shares, value=TRAITS[reason](need, result), else_=1.0)
    return case((col(Suggestion.origin) == Origin.INTEREST, priority), else_=priority * share)


def _judged(person_id: int, reason: str | None, *kinds: str | None) -> Judged:
    return Judged(person_id, DeclineReason(reason) if reason else None, traits_of(kinds))


def _by_reason(theirs: Iterable[Aversion]) -> Mapping[DeclineReason, dict[str, float]]:
    found: dict[DeclineReason, dict[str, float]] = {}
    for one in theirs:
        found.setdefault(one.reason, {})[one.kind] = one.share
    return found


def _first(listing: Any, scheme: Scheme, length: int) -> ColumnElement[Any]:
    """The first of a listing's codes, cut to a length; None where it has none."""
    code = func.min(func.substr(col(ListingCode.code), 1, length))
    return (
        select(code)
        .where(col(ListingCode.listing_id) == listing.id, col(ListingCode.scheme) == scheme)
        .scalar_subquery()
    )


def _joined(one: Any, other: Any) -> ColumnElement[Any]:
    joined: ColumnElement[Any] = one + literal(">") + other
    return joined
