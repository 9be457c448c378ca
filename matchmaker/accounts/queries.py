"""Look people and organisations up."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import Session, col, func, select

from matchmaker.accounts.models import Membership, MembershipRole, Organisation, Person, Role, SignIn, SignInAttempt
from matchmaker.accounts.schemas import Actor, Affiliation
from matchmaker.core.clock import now

# A sign-in ends after this long without a visit, and after this long in any case (ASVS 7.3).
IDLE = timedelta(days=7)
LONGEST = timedelta(days=30)


@dataclass(frozen=True)
class Throttle:
    """So many failures in so long a time, then a pause."""

    failures: int = 10
    window: timedelta = timedelta(minutes=15)


def person_by_email(session: Session, email: str) -> Person | None:
    """The person with this address, whatever its capitals."""
    return session.exec(select(Person).where(Person.email == email.casefold())).one_or_none()


def person_by_public_id(session: Session, public_id: str) -> Person | None:
    """The person of this public id."""
    return session.exec(select(Person).where(Person.public_id == public_id)).one_or_none()


def organisation_by_public_id(session: Session, public_id: str) -> Organisation | None:
    """The organisation of this public id."""
    return session.exec(select(Organisation).where(Organisation.public_id == public_id)).one_or_none()


def organisation(session: Session, organisation_id: int) -> Organisation | None:
    """The organisation of this row id."""
    return session.get(Organisation, organisation_id)


def person_names(session: Session, ids: Iterable[int | None]) -> dict[int, str]:
    """Names of people by row id."""
    rows = session.exec(select(Person).where(col(Person.id).in_(set(ids) - {None}))).all()
    return {row.id: row.name for row in rows if row.id is not None}


def writers(session: Session, organisation_id: int | None) -> list[int]:
    """Row ids of the people who act for the organisation: its owners and members, without closed accounts."""
    acting = (
        select(Membership.person_id)
        .join(Person, col(Person.id) == Membership.person_id)
        .where(Membership.organisation_id == organisation_id, Membership.role != MembershipRole.VIEWER)
        .where(col(Person.closed_at).is_(None))
    )
    return list(session.exec(acting.order_by(col(Membership.person_id))).all())


def actor_of(session: Session, person: Person) -> Actor:
    """The person with what they may do for whom."""
    rows = session.exec(
        select(Membership, Organisation)
        .join(Organisation, col(Organisation.id) == Membership.organisation_id)
        .where(Membership.person_id == person.id)
    ).all()
    return _actor(person, rows)


def signed_in(session: Session, token_hash: str) -> tuple[SignIn, Actor] | None:
    """The running sign-in of a token; None when it ended, was idle too long, never was, or the account is closed.

    Every page asks, so it is one query.
    """
    rows = session.exec(
        select(SignIn, Person, Membership, Organisation)
        .join(Person, col(Person.id) == SignIn.person_id)
        .outerjoin(Membership, col(Membership.person_id) == col(Person.id))
        .outerjoin(Organisation, col(Organisation.id) == col(Membership.organisation_id))
        .where(SignIn.token_hash == token_hash)
    ).all()
    if not rows:
        return None
    row, person = rows[0][:2]
    if row.ended_at is not None or now() - row.seen_at > IDLE or now() - row.created_at > LONGEST:
        return None
    return (row, _actor(person, [(one, org) for *_, one, org in rows if one])) if person.closed_at is None else None


def _actor(person: Person, memberships: Iterable[tuple[Membership, Organisation]]) -> Actor:
    assert person.id is not None
    rows = sorted(memberships, key=lambda row: (row[0].joined_at, row[0].organisation_id))
    known = tuple(Affiliation(one.id or 0, one.public_id, one.name, row.role) for row, one in rows)
    return Actor(
        person_id=person.id,
        public_id=person.public_id,
        name=person.name,
        email=person.email,
        role=person.role,
        memberships={one.id: one.role for one in known},
        confirmed=person.email_confirmed_at is not None,
        affiliations=known,
        lang=person.lang,
        timezone=person.timezone,
    )


def running_sign_ins(session: Session, person_id: int) -> Sequence[SignIn]:
    """A person's signed-in browsers, the last used first."""
    return session.exec(
        select(SignIn)
        .where(
            SignIn.person_id == person_id,
            col(SignIn.ended_at).is_(None),
            col(SignIn.seen_at) > now() - IDLE,
            col(SignIn.created_at) > now() - LONGEST,
        )
        .order_by(col(SignIn.seen_at).desc(), col(SignIn.token_hash))
    ).all()


def open_administrators(session: Session) -> int:
    """How many administrators can sign in."""
    return session.exec(
        select(func.count()).where(Person.role == Role.ADMINISTRATOR, col(Person.closed_at).is_(None))
    ).one()


def memberships(session: Session, person_id: int) -> frozenset[int]:
    """Row ids of the organisations that a person acts for at this moment."""
    return frozenset(session.exec(select(Membership.organisation_id).where(Membership.person_id == person_id)).all())


def owners(session: Session, organisation_id: int) -> int:
    """How many people who can sign in own the organisation."""
    return session.exec(
        select(func.count())
        .select_from(Membership)
        .join(Person, col(Person.id) == Membership.person_id)
        .where(
            Membership.organisation_id == organisation_id,
            Membership.role == MembershipRole.OWNER,
            col(Person.closed_at).is_(None),
        )
    ).one()


def members(session: Session, organisation_id: int) -> Sequence[tuple[Membership, Person]]:
    """Who acts for an organisation, owners first, each group by name."""
    rows = session.exec(
        select(Membership, Person)
        .join(Person, col(Person.id) == Membership.person_id)
        .where(Membership.organisation_id == organisation_id)
        .order_by(Person.name, col(Person.id))
    ).all()
    rank = list(MembershipRole)
    return sorted(rows, key=lambda row: rank.index(row[0].role))


def failures(session: Session, subject: str, throttle: Throttle) -> int:
    """How often the subject failed to sign in within the window."""
    since = now() - throttle.window
    return session.exec(
        select(func.count()).where(SignInAttempt.subject == subject, col(SignInAttempt.at) > since)
    ).one()
