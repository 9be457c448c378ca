"""What administrators do to accounts; what they do to organisations is verification's."""

from matchmaker.accounts import queries as accounts
from matchmaker.accounts.models import Person, Role
from matchmaker.accounts.schemas import Actor
from matchmaker.audit.service import record
from matchmaker.core.errors import Conflict, NotAllowed, NotFound
from matchmaker.db.uow import UnitOfWork
from matchmaker.people import service as people


def set_role(uow: UnitOfWork, public_id: str, role: Role, *, actor: Actor) -> Person:
    """Make somebody a broker, an administrator or a plain user; never takes the last administrator away."""
    person = _person(uow, public_id, actor)
    if person.role is role:
        return person
    people.refuse_last_administrator(uow, person)
    if person.role is Role.BROKER:
        people.retire_broker(uow, person)
    person.role = role
    record(uow, actor.public_id, f"person.role.{role.value}", ("person", public_id))
    return person


def close(uow: UnitOfWork, public_id: str, *, actor: Actor) -> Person:
    """Close somebody's account, at once in every browser; memberships stay for the day it is opened again."""
    person = _person(uow, public_id, actor)
    if person.closed_at is None:
        people.refuse_last_administrator(uow, person)
        people.shut(uow, person)
        record(uow, actor.public_id, "person.close", ("person", public_id))
    return person


def reopen(uow: UnitOfWork, public_id: str, *, actor: Actor) -> Person:
    """Let somebody sign in again; the browsers that were signed out stay so."""
    person = _person(uow, public_id, actor)
    if person.closed_at is not None:
        person.closed_at = None
        record(uow, actor.public_id, "person.reopen", ("person", public_id))
    return person


def send_confirmation(uow: UnitOfWork, public_id: str, *, actor: Actor) -> Person:
    """Send the letter that asks for the address once more."""
    person = _open(uow, public_id, actor)
    if person.email_confirmed_at is not None:
        raise Conflict("this address is confirmed already")
    people.send_confirmation(uow, person)
    record(uow, actor.public_id, "person.send_confirmation", ("person", public_id))
    return person


def send_reset(uow: UnitOfWork, public_id: str, *, actor: Actor) -> Person:
    """Send the letter that lets somebody choose a new password; the administrator learns nothing of it."""
    person = _open(uow, public_id, actor)
    people.send_reset(uow, person)
    record(uow, actor.public_id, "person.send_reset", ("person", public_id))
    return person


def _open(uow: UnitOfWork, public_id: str, actor: Actor) -> Person:
    person = _person(uow, public_id, actor)
    if person.closed_at is not None:
        raise Conflict("this account is closed")
    return person


def _person(uow: UnitOfWork, public_id: str, actor: Actor) -> Person:
    if actor.role is not Role.ADMINISTRATOR:
        raise NotAllowed("only administrators change other people's accounts")
    person = accounts.person_by_public_id(uow.session, public_id)
    if person is None:
        raise NotFound(f"there is no account {public_id}")
    return person
