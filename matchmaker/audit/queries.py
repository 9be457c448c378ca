"""Read the record of deeds: a page of it, or all of it as a stream."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, func, select

from matchmaker.audit.models import AuditEvent
from matchmaker.core.paging import Page

# Rows that a stream holds in memory at a time.
BATCH = 500


@dataclass(frozen=True)
class Wanted:
    """Which events; an empty field asks for nothing. `action` matches from its beginning, so "person." is all of it.

    Days count in UTC, and both are included.
    """

    actor: str = ""
    action: str = ""
    object_kind: str = ""
    object_id: str = ""
    since: date | None = None
    until: date | None = None

    def where(self) -> list[ColumnElement[bool]]:
        """The conditions for a SELECT."""
        rows = (
            (self.actor, col(AuditEvent.actor) == self.actor),
            (self.action, col(AuditEvent.action).startswith(self.action, autoescape=True)),
            (self.object_kind, col(AuditEvent.object_kind) == self.object_kind),
            (self.object_id, col(AuditEvent.object_id) == self.object_id),
        )
        found = [condition for asked, condition in rows if asked]
        if self.since:
            found.append(col(AuditEvent.at) >= _midnight(self.since))
        if self.until:
            found.append(col(AuditEvent.at) < _midnight(self.until) + timedelta(days=1))
        return found


def page(
    session: Session, wanted: Wanted, number: int, size: int = 50, *, besides: Sequence[ColumnElement[bool]] = ()
) -> Page[AuditEvent]:
    """One page of the events, the newest first; `besides` are further conditions."""
    where = [*wanted.where(), *besides]
    total = session.exec(select(func.count()).select_from(AuditEvent).where(*where)).one()
    rows = session.exec(
        select(AuditEvent).where(*where).order_by(col(AuditEvent.id).desc()).offset((number - 1) * size).limit(size)
    ).all()
    return Page(rows, number, size, total)


def stream(
    session: Session, wanted: Wanted | None = None, *, besides: Sequence[ColumnElement[bool]] = ()
) -> Iterator[AuditEvent]:
    """The events in the order in which they were noted, however many there are; `besides` are further conditions."""
    where = [*(wanted.where() if wanted else ()), *besides]
    asked = select(AuditEvent).where(*where).order_by(col(AuditEvent.id)).execution_options(yield_per=BATCH)
    yield from session.exec(asked)


def kinds(session: Session) -> list[str]:
    """The kinds of objects that there are events of."""
    return list(session.exec(select(AuditEvent.object_kind).distinct().order_by(AuditEvent.object_kind)).all())


def actions(session: Session) -> list[str]:
    """The actions that there are events of."""
    return list(session.exec(select(AuditEvent.action).distinct().order_by(AuditEvent.action)).all())


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
