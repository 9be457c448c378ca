"""What waits for administrators, and the lists that they search."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, func, or_, select

from matchmaker.accounts.models import (
    Membership,
    Organisation,
    OrganisationIdentifier,
    Person,
    Role,
    Verification,
)
from matchmaker.core.paging import Page
from matchmaker.db.jobs import Job
from matchmaker.listings.models import Listing, Status
from matchmaker.notifications.models import Letter

SIZE = 50


@dataclass(frozen=True)
class Waiting:
    """How much of what waits for an administrator, or went wrong."""

    verifications: int
    listings: int
    unconfirmed: int
    letters: int
    jobs: int


def waiting(session: Session) -> Waiting:
    """The counts of the start page."""
    return Waiting(
        verifications=_count(session, Organisation, Organisation.verification == Verification.REQUESTED),
        listings=_count(session, Listing, col(Listing.status).in_([Status.SUBMITTED, Status.UNDER_REVIEW])),
        unconfirmed=_count(session, Person, col(Person.email_confirmed_at).is_(None), col(Person.closed_at).is_(None)),
        letters=_count(session, Letter, col(Letter.failed_at).is_not(None)),
        jobs=_count(session, Job, col(Job.failed_at).is_not(None)),
    )


def organisations(session: Session, text: str, state: str, number: int) -> Page[Organisation]:
    """Organisations by name or number and state of verification; whoever waits longest comes first."""
    where: list[ColumnElement[bool]] = []
    if state in set(Verification):
        where.append(col(Organisation.verification) == state)
    if text:
        numbered = select(OrganisationIdentifier.organisation_id).where(
            col(OrganisationIdentifier.value).contains(text.upper(), autoescape=True)
        )
        where.append(
            or_(
                _contains(Organisation.name, text),
                _contains(Organisation.name_en, text),
                col(Organisation.id).in_(numbered),
            )
        )
    total = _count(session, Organisation, *where)
    waits_first = col(Organisation.verification) != Verification.REQUESTED
    rows = session.exec(
        select(Organisation)
        .where(*where)
        .order_by(waits_first, Organisation.name, col(Organisation.id))
        .offset((number - 1) * SIZE)
        .limit(SIZE)
    ).all()
    return Page(rows, number, SIZE, total)


def people(session: Session, text: str, role: str, number: int, *, unconfirmed: bool = False) -> Page[Person]:
    """People by name or address and role, the newest first."""
    where: list[ColumnElement[bool]] = []
    if role in set(Role):
        where.append(col(Person.role) == role)
    if unconfirmed:
        where += [col(Person.email_confirmed_at).is_(None), col(Person.closed_at).is_(None)]
    if text:
        where.append(or_(_contains(Person.name, text), _contains(Person.email, text), Person.public_id == text))
    total = _count(session, Person, *where)
    rows = session.exec(
        select(Person).where(*where).order_by(col(Person.id).desc()).offset((number - 1) * SIZE).limit(SIZE)
    ).all()
    return Page(rows, number, SIZE, total)


def affiliations(session: Session, person_id: int) -> list[tuple[Membership, Organisation]]:
    """The organisations of a person with their part in each."""
    rows = session.exec(
        select(Membership, Organisation)
        .join(Organisation, col(Organisation.id) == Membership.organisation_id)
        .where(Membership.person_id == person_id)
        .order_by(Organisation.name)
    ).all()
    return [(membership, organisation) for membership, organisation in rows]


def names_of_actors(session: Session, public_ids: set[str]) -> dict[str, str]:
    """Public id → name of those actors of the record that are people."""
    rows = session.exec(select(Person.public_id, Person.name).where(col(Person.public_id).in_(public_ids))).all()
    return dict(rows)


def _contains(column: str, text: str) -> ColumnElement[bool]:
    return col(column).icontains(text, autoescape=True)


def _count(session: Session, table: type, *where: ColumnElement[bool] | bool) -> int:
    return session.exec(select(func.count()).select_from(table).where(*where)).one()
