"""Who says who they are hands in evidence; an administrator looks at it and decides. Every step is kept."""

from dataclasses import dataclass

from sqlmodel import col, select

from matchmaker.accounts.models import Organisation, Person, Role, Verification, VerificationStep
from matchmaker.accounts.policy import require
from matchmaker.accounts.schemas import Actor
from matchmaker.audit.service import record
from matchmaker.db.uow import UnitOfWork
from matchmaker.notifications.kinds import Kind
from matchmaker.organisations import emails, queries, states
from matchmaker.organisations.news import REJECTED, REQUESTED, VERIFIED
from matchmaker.organisations.telling import tell_of


@dataclass(frozen=True)
class Words:
    """What an owner hands in, or what an administrator says."""

    evidence: str = ""
    note: str = ""


def ask(uow: UnitOfWork, public_id: str, evidence: str, *, actor: Actor) -> Organisation:
    """Hand in evidence; administrators are told the first time."""
    organisation = queries.find(uow.session, public_id)
    waited = organisation.verification is Verification.REQUESTED
    _move(uow, organisation, Verification.REQUESTED, Words(evidence=evidence), actor=actor)
    if not waited:
        tell_of(uow, _administrators(uow), REQUESTED, organisation)
    return organisation


def verify(uow: UnitOfWork, public_id: str, note: str, *, actor: Actor) -> Organisation:
    """Say that the organisation is who it says it is; `note` says how that is known."""
    organisation = queries.find(uow.session, public_id)
    _move(uow, organisation, Verification.VERIFIED, Words(note=note), actor=actor)
    for owner in _tell_owners(uow, organisation, VERIFIED):
        emails.organisation_verified(uow, owner, organisation)
    return organisation


def reject(uow: UnitOfWork, public_id: str, note: str, *, actor: Actor) -> Organisation:
    """Say that it cannot be verified as things stand; `note` says why, and its owners read it."""
    organisation = queries.find(uow.session, public_id)
    _move(uow, organisation, Verification.REJECTED, Words(note=note), actor=actor)
    for owner in _tell_owners(uow, organisation, REJECTED):
        emails.organisation_rejected(uow, owner, organisation, note)
    return organisation


def lapse(uow: UnitOfWork, organisation: Organisation, *, actor: Actor) -> None:
    """The organisation says of itself what nobody has checked."""
    _move(uow, organisation, Verification.UNVERIFIED, Words(), actor=actor)


def _move(uow: UnitOfWork, organisation: Organisation, after: Verification, words: Words, *, actor: Actor) -> None:
    require(actor, states.verb_of(organisation.verification, after), organisation)
    organisation.verification = after
    uow.session.add(
        VerificationStep(
            organisation_id=organisation.id or 0,
            state=after,
            evidence=words.evidence,
            note=words.note,
            person_id=actor.person_id,
        )
    )
    record(uow, actor.public_id, f"organisation.{after.value}", ("organisation", organisation.public_id))


def _tell_owners(uow: UnitOfWork, organisation: Organisation, kind: Kind) -> list[Person]:
    ids = queries.owner_ids(uow.session, organisation.id or 0)
    tell_of(uow, ids, kind, organisation)
    wanted = select(Person).where(col(Person.id).in_(ids), col(Person.closed_at).is_(None))
    return list(uow.session.exec(wanted).all())


def _administrators(uow: UnitOfWork) -> list[int | None]:
    wanted = select(Person.id).where(Person.role == Role.ADMINISTRATOR, col(Person.closed_at).is_(None))
    return list(uow.session.exec(wanted).all())
