"""Look up what an organisation's pages show."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from matchmaker.accounts import queries as accounts
from matchmaker.accounts.models import (
    IdentifierScheme,
    Invitation,
    Membership,
    MembershipRole,
    Organisation,
    OrganisationIdentifier,
    Person,
    VerificationStep,
)
from matchmaker.core.clock import now
from matchmaker.core.errors import NotFound
from matchmaker.listings.models import Listing, Status

# A profile shows the newest; the search shows all.
LISTED = 20


def find(session: Session, public_id: str) -> Organisation:
    """The organisation of a public id; raises NotFound."""
    found = accounts.organisation_by_public_id(session, public_id)
    if found is None:
        raise NotFound(f"there is no organisation {public_id}")
    return found


def names(session: Session, public_ids: Sequence[str]) -> dict[str, str]:
    """Public id → name; whoever has the public id can open the profile that shows it."""
    rows = session.exec(
        select(Organisation.public_id, Organisation.name).where(col(Organisation.public_id).in_(public_ids))
    ).all()
    return dict(rows)


def identifiers(session: Session, organisation_id: int) -> dict[IdentifierScheme, str]:
    """The organisation's numbers by register."""
    rows = session.exec(
        select(OrganisationIdentifier).where(OrganisationIdentifier.organisation_id == organisation_id)
    ).all()
    return {row.scheme: row.value for row in rows}


@dataclass(frozen=True)
class Claim:
    """A number that another organisation has too."""

    scheme: IdentifierScheme
    value: str
    organisation: Organisation


def rival_claims(session: Session, organisation_id: int) -> list[Claim]:
    """Other organisations that claim one of this organisation's numbers."""
    own = identifiers(session, organisation_id)
    rows = session.exec(
        select(OrganisationIdentifier, Organisation)
        .join(Organisation, col(Organisation.id) == OrganisationIdentifier.organisation_id)
        .where(
            col(OrganisationIdentifier.value).in_(list(own.values())),
            OrganisationIdentifier.organisation_id != organisation_id,
        )
        .order_by(Organisation.name)
    ).all()
    return [Claim(row.scheme, row.value, other) for row, other in rows if own.get(row.scheme) == row.value]


def verification_steps(session: Session, organisation_id: int) -> list[tuple[VerificationStep, str]]:
    """Every step of the verification with the name of who took it, the newest first."""
    rows = session.exec(
        select(VerificationStep, Person.name)
        .join(Person, col(Person.id) == VerificationStep.person_id)
        .where(VerificationStep.organisation_id == organisation_id)
        .order_by(col(VerificationStep.id).desc())
    ).all()
    return [(step, name) for step, name in rows]


def membership(session: Session, organisation_id: int, person_public_id: str) -> tuple[Membership, Person]:
    """What a person may do for an organisation; raises NotFound for somebody who has no part in it."""
    row = session.exec(
        select(Membership, Person)
        .join(Person, col(Person.id) == Membership.person_id)
        .where(Membership.organisation_id == organisation_id, Person.public_id == person_public_id)
    ).one_or_none()
    if row is None:
        raise NotFound("nobody of this organisation")
    return row


def owner_ids(session: Session, organisation_id: int) -> list[int]:
    """Row ids of an organisation's owners."""
    wanted = select(Membership.person_id).where(
        Membership.organisation_id == organisation_id, Membership.role == MembershipRole.OWNER
    )
    return list(session.exec(wanted).all())


def invitation(session: Session, token_hash: str) -> Invitation | None:
    """The invitation of a token."""
    return session.exec(select(Invitation).where(Invitation.token_hash == token_hash)).one_or_none()


def invitation_by_public_id(session: Session, organisation_id: int, public_id: str) -> Invitation:
    """One of the organisation's invitations; raises NotFound."""
    found = session.exec(
        select(Invitation).where(Invitation.organisation_id == organisation_id, Invitation.public_id == public_id)
    ).one_or_none()
    if found is None:
        raise NotFound("there is no such invitation")
    return found


def open_invitations(session: Session, organisation_id: int) -> Sequence[Invitation]:
    """Invitations that nobody has answered yet, the newest first; those that expired a while ago are left out."""
    return session.exec(
        select(Invitation)
        .where(
            Invitation.organisation_id == organisation_id,
            col(Invitation.used_at).is_(None),
            col(Invitation.revoked_at).is_(None),
            col(Invitation.expires_at) > now(),
        )
        .order_by(col(Invitation.id).desc())
    ).all()


def public_listings(session: Session, organisation_id: int) -> list[int]:
    """Row ids of the listings that the public profile may name: published, and not anonymous."""
    wanted = (
        select(Listing.id)
        .where(
            Listing.organisation_id == organisation_id,
            Listing.status == Status.PUBLISHED,
            col(Listing.anonymous).is_(False),
        )
        .order_by(col(Listing.published_at).desc(), col(Listing.id).desc())
        .limit(LISTED)
    )
    return [id_ for id_ in session.exec(wanted).all() if id_ is not None]
