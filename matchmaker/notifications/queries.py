"""Every SELECT over news, letters and preferences."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from matchmaker.accounts.models import Person
from matchmaker.core.paging import Page
from matchmaker.notifications.models import Frequency, Letter, Notification, Preference

# The bell shows "99+" beyond that, and counts no further.
COUNTED = 100
PAGE_SIZE = 30


def unread(session: Session, person_id: int) -> int:
    """How many news the person has not read, COUNTED at most."""
    some = _of(person_id).where(col(Notification.read_at).is_(None)).limit(COUNTED)
    return session.exec(select(func.count()).select_from(some.with_only_columns(Notification.id).subquery())).one()


def page_of(session: Session, person_id: int, number: int) -> Page[Notification]:
    """A page of the person's news: what is unread first, then the newest."""
    total = session.exec(select(func.count()).select_from(_of(person_id).subquery())).one()
    order = (col(Notification.read_at).is_not(None), col(Notification.id).desc())
    rows = session.exec(_of(person_id).order_by(*order).offset((number - 1) * PAGE_SIZE).limit(PAGE_SIZE)).all()
    return Page(rows, number, PAGE_SIZE, total)


def newest(session: Session, person_id: int) -> str:
    """The public id of the person's newest news, "" when there are none."""
    last = _of(person_id).order_by(col(Notification.id).desc()).limit(1)
    return session.exec(last.with_only_columns(Notification.public_id)).first() or ""


def one(session: Session, person_id: int, public_id: str) -> Notification | None:
    """A piece of news of this person."""
    found: Notification | None = session.exec(_of(person_id).where(Notification.public_id == public_id)).one_or_none()
    return found


def preferences(session: Session, person_id: int) -> dict[str, Frequency]:
    """What the person chose, by kind; kinds that they left alone are not in it."""
    rows = session.exec(select(Preference).where(Preference.person_id == person_id)).all()
    return {row.kind: row.frequency for row in rows}


def person_by_public_id(session: Session, public_id: str) -> Person | None:
    """Whose letter it was."""
    return session.exec(select(Person).where(Person.public_id == public_id)).one_or_none()


def waiting(session: Session, frequency: Frequency) -> Sequence[tuple[int, str, datetime]]:
    """Person, kind and time of the oldest of what waits to be put into letters of this frequency."""
    rows = (
        select(Notification.person_id, Notification.kind, func.min(col(Notification.at)))
        .where(col(Notification.mailed_at).is_(None), Notification.frequency == frequency)
        .group_by(col(Notification.person_id), col(Notification.kind))
    )
    return session.exec(rows).all()


def waiting_of(
    session: Session, person_id: int, frequencies: Sequence[Frequency], kinds: Sequence[str] | None = None
) -> Sequence[Notification]:
    """A person's news that wait for letters of these frequencies, oldest first; of these kinds, or of all."""
    wanted = _of(person_id).where(col(Notification.mailed_at).is_(None), col(Notification.frequency).in_(frequencies))
    if kinds is not None:
        wanted = wanted.where(col(Notification.kind).in_(kinds))
    rows: Sequence[Notification] = session.exec(wanted.order_by(col(Notification.id)).with_for_update()).all()
    return rows


def due_letters(session: Session, at: datetime, limit: int) -> list[int]:
    """Row ids of letters that may be sent now: those that were never tried first, then the longest due."""
    wanted = (
        select(Letter.id)
        .where(col(Letter.sent_at).is_(None), col(Letter.failed_at).is_(None), col(Letter.due_at) <= at)
        .order_by(col(Letter.attempts), col(Letter.due_at), col(Letter.id))
        .limit(limit)
    )
    return [id_ for id_ in session.exec(wanted) if id_ is not None]


def old_letters(session: Session, before: datetime, limit: int) -> Sequence[Letter]:
    """Letters that still wait and were written before this moment."""
    waits = select(Letter).where(col(Letter.sent_at).is_(None), col(Letter.failed_at).is_(None))
    return session.exec(waits.where(col(Letter.created_at) < before).limit(limit)).all()


def _of(person_id: int):  # type: ignore[no-untyped-def]  # the type of a SELECT is a page long
    return select(Notification).where(Notification.person_id == person_id)
