"""Every SELECT over the rules of export control and what the gate said by them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import ColumnElement, or_, select
from sqlmodel import Session, col, func

from matchmaker.accounts.models import Organisation
from matchmaker.core.errors import NotFound
from matchmaker.core.paging import Page
from matchmaker.interests.models import Declaration, ExportRule, GateCheck, Verdict
from matchmaker.listings.models import Listing, ListingCode, Scheme
from matchmaker.review.models import Suggestion

SIZE = 50


class Time(StrEnum):
    """Which rules a list shows."""

    NOW = "now"
    FUTURE = "future"
    PAST = "past"


@dataclass(frozen=True)
class RuleFilters:
    """What an administrator narrows the table down to; empty means any."""

    time: Time = Time.NOW
    verdict: Verdict | None = None
    place: str = ""


def rules_on(session: Session, day: date) -> Sequence[ExportRule]:
    """The rules that are in force on a day."""
    return session.execute(select(ExportRule).where(*_in_force(day))).scalars().all()


def rules(session: Session, filters: RuleFilters, number: int, day: date) -> Page[ExportRule]:
    """A page of the table, by field, then by way; of the past, what ended last comes first."""
    where = _in_time(filters.time, day)
    if filters.verdict:
        where.append(col(ExportRule.verdict) == filters.verdict)
    if filters.place:
        where.append(or_(col(ExportRule.origin) == filters.place, col(ExportRule.destination) == filters.place))
    total = session.execute(select(func.count()).select_from(ExportRule).where(*where)).scalar_one()
    by_field = (col(ExportRule.ipc), col(ExportRule.origin), col(ExportRule.destination), col(ExportRule.id))
    order = (col(ExportRule.updated_at).desc(), *by_field) if filters.time is Time.PAST else by_field
    wanted = select(ExportRule).where(*where).order_by(*order).offset((number - 1) * SIZE).limit(SIZE)
    return Page(session.execute(wanted).scalars().all(), number, SIZE, total)


def every_rule(session: Session) -> Sequence[ExportRule]:
    """The whole table with its past, oldest first."""
    return session.execute(select(ExportRule).order_by(col(ExportRule.id))).scalars().all()


def rule(session: Session, public_id: str) -> ExportRule:
    """The rule of an address; raises NotFound."""
    found: ExportRule | None = session.execute(
        select(ExportRule).where(col(ExportRule.public_id) == public_id)
    ).scalar_one_or_none()
    if found is None:
        raise NotFound("no such rule")
    return found


def fields_of(session: Session, listing_ids: Iterable[int | None]) -> frozenset[str]:
    """The fields of technology (IPC) that any of the listings names."""
    ids = [id_ for id_ in listing_ids if id_ is not None]
    wanted = select(col(ListingCode.code)).where(
        col(ListingCode.listing_id).in_(ids), col(ListingCode.scheme) == Scheme.IPC
    )
    return frozenset(session.execute(wanted).scalars())


def places_of(session: Session, listing_id: int | None, organisation_id: int | None) -> frozenset[str]:
    """Where a side stands: its listing's country and its organisation's."""
    listed = select(col(Listing.country)).where(col(Listing.id) == listing_id)
    seated = select(col(Organisation.country)).where(col(Organisation.id) == organisation_id)
    return frozenset(session.execute(listed.union(seated)).scalars()) - {""}


def last_check(session: Session, suggestion: Suggestion) -> GateCheck | None:
    """What the gate said of a match last."""
    wanted = select(GateCheck).where(col(GateCheck.suggestion_id) == suggestion.id)
    return session.execute(wanted.order_by(col(GateCheck.id).desc()).limit(1)).scalar_one_or_none()


def last_declaration(session: Session, suggestion: Suggestion) -> Declaration | None:
    """What the transferring side declared last."""
    wanted = select(Declaration).where(
        col(Declaration.suggestion_id) == suggestion.id,
        col(Declaration.organisation_id) == suggestion.result_org_id,
    )
    return session.execute(wanted.order_by(col(Declaration.id).desc()).limit(1)).scalar_one_or_none()


def checks(session: Session, number: int) -> Page[tuple[GateCheck, str]]:
    """What the gate said, newest first, each with the public id of its match."""
    total = session.execute(select(func.count()).select_from(GateCheck)).scalar_one()
    wanted = (
        select(GateCheck, col(Suggestion.public_id))
        .join(Suggestion, col(Suggestion.id) == GateCheck.suggestion_id)
        .order_by(col(GateCheck.id).desc())
        .offset((number - 1) * SIZE)
        .limit(SIZE)
    )
    return Page([(row[0], row[1]) for row in session.execute(wanted)], number, SIZE, total)


def _in_force(day: date) -> list[ColumnElement[bool]]:
    until = col(ExportRule.valid_until)
    return [col(ExportRule.ended_at).is_(None), col(ExportRule.valid_from) <= day, or_(until.is_(None), until >= day)]


def _in_time(time: Time, day: date) -> list[ColumnElement[bool]]:
    if time is Time.NOW:
        return _in_force(day)
    if time is Time.FUTURE:
        return [col(ExportRule.ended_at).is_(None), col(ExportRule.valid_from) > day]
    return [or_(col(ExportRule.ended_at).is_not(None), col(ExportRule.valid_until) < day)]
