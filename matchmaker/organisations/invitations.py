"""Invite by letter, and accept with the account that one has or with a new one; an invitation is good once."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from sqlmodel import Session

from matchmaker.accounts import queries as accounts_queries
from matchmaker.accounts import service as accounts
from matchmaker.accounts.models import Invitation, Membership, MembershipRole, Organisation, Person
from matchmaker.accounts.policy import Verb, require
from matchmaker.accounts.queries import Throttle
from matchmaker.accounts.schemas import Actor, Newcomer
from matchmaker.audit.service import record
from matchmaker.core.clock import now
from matchmaker.core.errors import Conflict, Invalid, NotFound
from matchmaker.core.ids import new_secret
from matchmaker.db.uow import UnitOfWork
from matchmaker.organisations import emails, queries
from matchmaker.organisations.news import JOINED
from matchmaker.organisations.schemas import InvitationForm
from matchmaker.organisations.telling import tell_of

LIFETIME = timedelta(days=14)
# A department may be invited at once; more than this an hour is no invitation any more.
MOST = Throttle(failures=40, window=timedelta(hours=1))


class State(StrEnum):
    """What an invitation that somebody brings is worth to them."""

    GOOD = "good"
    # They accepted it before, or were a member anyway.
    DONE = "done"
    USED = "used"
    EXPIRED = "expired"
    REVOKED = "revoked"
    # It was sent to another address than the one that they are signed in with.
    FOREIGN = "foreign"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Offer:
    """An invitation with what its page needs to know; `has_account` whether its address has one."""

    state: State
    invitation: Invitation | None = None
    organisation: Organisation | None = None
    inviter: str = ""
    has_account: bool = False


def invite(uow: UnitOfWork, public_id: str, wanted: InvitationForm, *, actor: Actor) -> Invitation:
    """Send a letter with an invitation; an earlier one to the same address ends."""
    organisation = queries.find(uow.session, public_id)
    require(actor, Verb.INVITE, organisation)
    assert organisation.id is not None
    accounts.allow(uow, "invite:" + public_id, MOST)
    _refuse_members(uow, organisation.id, wanted.email)
    for earlier in queries.open_invitations(uow.session, organisation.id):
        if earlier.email == wanted.email:
            earlier.revoked_at = now()
    token = new_secret()
    sent = Invitation(
        organisation_id=organisation.id,
        email=wanted.email,
        role=MembershipRole(wanted.role),
        token_hash=accounts.digest(token),
        invited_by=actor.person_id,
        expires_at=now() + LIFETIME,
    )
    uow.session.add(sent)
    emails.invitation(uow, sent, token, wanted.lang, (actor.name, organisation.name))
    record(uow, actor.public_id, "invitation.send", ("organisation", public_id), sent.public_id)
    return sent


def revoke(uow: UnitOfWork, public_id: str, invitation_id: str, *, actor: Actor) -> None:
    """Take an invitation back; twice is the same as once, and one that was accepted cannot be taken back."""
    organisation = queries.find(uow.session, public_id)
    require(actor, Verb.SET_ROLES, organisation)
    found = queries.invitation_by_public_id(uow.session, organisation.id or 0, invitation_id)
    if found.used_at is not None:
        raise Conflict("this invitation was accepted already")
    if found.revoked_at is None:
        found.revoked_at = now()
        record(uow, actor.public_id, "invitation.revoke", ("organisation", public_id), invitation_id)


def look_at(session: Session, token: str, *, actor: Actor | None) -> Offer:
    """What the invitation is worth to whoever brings it."""
    found = queries.invitation(session, accounts.digest(token))
    if found is None:
        return Offer(State.UNKNOWN)
    organisation = session.get(Organisation, found.organisation_id)
    inviter = session.get(Person, found.invited_by)
    has_account = accounts_queries.person_by_email(session, found.email) is not None
    name = inviter.name if inviter else ""
    return Offer(_state(found, actor), found, organisation, name, has_account)


def _state(found: Invitation, actor: Actor | None) -> State:
    """The first that holds, in the order in which a reader wants to know."""
    is_theirs = actor is not None and actor.email == found.email
    rows = (
        (is_theirs and actor is not None and found.organisation_id in actor.memberships, State.DONE),
        (found.used_at is not None, State.USED),
        (found.revoked_at is not None, State.REVOKED),
        (found.expires_at <= now(), State.EXPIRED),
        (actor is not None and not is_theirs, State.FOREIGN),
    )
    return next((state for holds, state in rows if holds), State.GOOD)


def accept(uow: UnitOfWork, token: str, *, actor: Actor) -> Offer:
    """Join with the account that the invitation was sent to; the letter proves its address as well.

    Anything but a good invitation changes nothing; the answer says what it is.
    """
    # The memberships of this moment count, not those that the request began with.
    person = uow.session.get(Person, actor.person_id)
    if person is None:
        raise NotFound("there is no such account any more")
    offer = look_at(uow.session, token, actor=accounts_queries.actor_of(uow.session, person))
    if offer.state is State.GOOD:
        _join(uow, offer, person)
    return offer


def accept_as_newcomer(uow: UnitOfWork, token: str, wanted: Newcomer, password_hash: str, *, lang: str) -> Offer:
    """Make an account for the invited address, which the letter has proved, and join; raises Invalid when there is one.

    Answers the offer as it was; the account is found by its address.
    """
    offer = look_at(uow.session, token, actor=None)
    if offer.state is not State.GOOD or offer.invitation is None:
        return offer
    if offer.has_account:
        raise Invalid({"email": "taken"})
    person = accounts.new_person(uow, offer.invitation.email, wanted.name, password_hash)
    person.lang = lang
    record(uow, person.public_id, "person.register", ("person", person.public_id))
    _join(uow, offer, person)
    return offer


def _join(uow: UnitOfWork, offer: Offer, person: Person) -> None:
    invitation, organisation = offer.invitation, offer.organisation
    assert invitation is not None
    assert organisation is not None
    invitation.used_at = now()
    person.email_confirmed_at = person.email_confirmed_at or now()
    accounts.join(uow, person, organisation, invitation.role)
    record(uow, person.public_id, "invitation.accept", ("organisation", organisation.public_id), invitation.public_id)
    tell_of(uow, [invitation.invited_by], JOINED, organisation)


def _refuse_members(uow: UnitOfWork, organisation_id: int, email: str) -> None:
    person = accounts_queries.person_by_email(uow.session, email)
    membership = uow.session.get(Membership, (person.id, organisation_id)) if person else None
    if membership is not None:
        raise Invalid({"email": "is_member"})
