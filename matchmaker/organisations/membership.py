"""Who acts for an organisation: their roles, how they leave, and that somebody always owns it."""

from matchmaker.accounts import queries as accounts_queries
from matchmaker.accounts.models import Membership, MembershipRole, Organisation, Person
from matchmaker.accounts.policy import Verb, require
from matchmaker.accounts.schemas import Actor
from matchmaker.audit.service import record
from matchmaker.core.errors import Conflict
from matchmaker.db.uow import UnitOfWork
from matchmaker.organisations import queries
from matchmaker.organisations.news import REMOVED, ROLE
from matchmaker.organisations.telling import tell_of

OWNER = MembershipRole.OWNER


def set_role(uow: UnitOfWork, public_id: str, person_id: str, role: MembershipRole, *, actor: Actor) -> None:
    """Change what a person may do for the organisation; the same role again changes nothing."""
    organisation, row, person = _row(uow, public_id, person_id)
    require(actor, Verb.SET_ROLES, organisation)
    if row.role is role:
        return
    if row.role is OWNER:
        _keep_an_owner(uow, organisation, person)
    row.role = role
    record(uow, actor.public_id, f"membership.{role.value}", ("person", person_id), public_id)
    if person.id != actor.person_id:
        tell_of(uow, [person.id], ROLE, organisation)


def remove(uow: UnitOfWork, public_id: str, person_id: str, *, actor: Actor) -> None:
    """Take somebody out: from their next request on they see and do nothing for it any more."""
    organisation, row, person = _row(uow, public_id, person_id)
    require(actor, Verb.LEAVE if person.id == actor.person_id else Verb.SET_ROLES, organisation)
    if row.role is OWNER:
        _keep_an_owner(uow, organisation, person)
    uow.session.delete(row)
    record(uow, actor.public_id, "membership.end", ("person", person_id), public_id)
    if person.id != actor.person_id:
        tell_of(uow, [person.id], REMOVED, organisation)


def hand_over(uow: UnitOfWork, public_id: str, person_id: str, *, actor: Actor) -> None:
    """Make somebody else the owner; the actor stays as a member."""
    organisation, row, person = _row(uow, public_id, person_id)
    require(actor, Verb.HAND_OVER, organisation)
    if person.id == actor.person_id or person.closed_at is not None or person.email_confirmed_at is None:
        raise Conflict("only another person with a confirmed address can take an organisation over")
    own = uow.session.get(Membership, (actor.person_id, organisation.id))
    assert own is not None  # the policy asked for an owner
    row.role, own.role = OWNER, MembershipRole.MEMBER
    record(uow, actor.public_id, "membership.hand_over", ("person", person_id), public_id)
    tell_of(uow, [person.id], ROLE, organisation)


def _row(uow: UnitOfWork, public_id: str, person_id: str) -> tuple[Organisation, Membership, Person]:
    organisation = queries.find(uow.session, public_id)
    assert organisation.id is not None
    membership, person = queries.membership(uow.session, organisation.id, person_id)
    return organisation, membership, person


def _keep_an_owner(uow: UnitOfWork, organisation: Organisation, leaving: Person) -> None:
    """Raise Conflict if nobody who can sign in would own it; an owner whose account is closed counts for nobody."""
    staying = accounts_queries.owners(uow.session, organisation.id or 0) - (leaving.closed_at is None)
    if staying < 1:
        raise Conflict("an organisation needs an owner; make somebody else one first")
