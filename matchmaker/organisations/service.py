"""Found an organisation, say what it is, and let a broker look after it."""

from sqlmodel import select

from matchmaker.accounts import service as accounts
from matchmaker.accounts.models import (
    IdentifierScheme,
    Organisation,
    OrganisationIdentifier,
    Person,
    Role,
    Verification,
)
from matchmaker.accounts.policy import Verb, require
from matchmaker.accounts.schemas import Actor
from matchmaker.audit.service import record
from matchmaker.core.errors import Invalid, NotFound
from matchmaker.db.uow import UnitOfWork
from matchmaker.organisations import identifiers, queries, verification
from matchmaker.organisations.news import BROKER
from matchmaker.organisations.schemas import NewOrganisation, OrganisationChange
from matchmaker.organisations.telling import tell_of

# Whoever was verified under these was verified as somebody.
IDENTITY = frozenset({"name", "country", "kind"})


def found(uow: UnitOfWork, wanted: NewOrganisation, *, actor: Actor) -> Organisation:
    """A further organisation of somebody who has an account; they are its owner."""
    person = uow.session.get(Person, actor.person_id)
    if person is None:
        raise NotFound("there is no such account any more")
    made = accounts.found(uow, wanted, person)
    record(uow, actor.public_id, "organisation.found", ("organisation", made.public_id))
    return made


def change(uow: UnitOfWork, public_id: str, wanted: OrganisationChange, *, actor: Actor) -> Organisation:
    """Say what an organisation is; raises Invalid for a number that cannot be right.

    A verified organisation that takes another name, country, kind or number has to be verified anew.
    """
    organisation = queries.find(uow.session, public_id)
    require(actor, Verb.EDIT, organisation)
    numbers = identifiers.clean(wanted.identifiers, wanted.country)
    assert organisation.id is not None
    known = queries.identifiers(uow.session, organisation.id)
    values = wanted.model_dump(exclude={scheme.value for scheme in IdentifierScheme})
    changed = {name for name, value in values.items() if getattr(organisation, name) != value}
    for name in changed:
        setattr(organisation, name, values[name])
    _replace_numbers(uow, organisation.id, known, numbers)
    if organisation.verification is Verification.VERIFIED and (changed & IDENTITY or _contradict(known, numbers)):
        verification.lapse(uow, organisation, actor=actor)
    fields = sorted(
        changed | {scheme.value for scheme in known.keys() | numbers if known.get(scheme) != numbers.get(scheme)}
    )
    record(uow, actor.public_id, "organisation.edit", ("organisation", public_id), ",".join(fields))
    return organisation


def choose_broker(uow: UnitOfWork, public_id: str, broker_id: str, *, actor: Actor) -> Organisation:
    """Let a broker look after the organisation, or nobody where `broker_id` is empty."""
    organisation = queries.find(uow.session, public_id)
    require(actor, Verb.CHOOSE_BROKER, organisation)
    broker = _broker(uow, broker_id) if broker_id else None
    chosen = broker.id if broker else None
    if chosen != organisation.broker_id:
        organisation.broker_id = chosen
        record(uow, actor.public_id, "organisation.broker", ("organisation", public_id), broker_id)
        tell_of(uow, [chosen], BROKER, organisation)
    return organisation


def _broker(uow: UnitOfWork, public_id: str) -> Person:
    wanted = select(Person).where(Person.public_id == public_id, Person.role == Role.BROKER)
    person = uow.session.exec(wanted).one_or_none()
    if person is None or person.closed_at is not None:
        raise Invalid({"broker": "missing"})
    return person


def _contradict(known: dict[IdentifierScheme, str], numbers: dict[IdentifierScheme, str]) -> bool:
    """Whether a number that was there is another now, or gone; one more contradicts nothing."""
    return any(numbers.get(scheme) != value for scheme, value in known.items())


def _replace_numbers(
    uow: UnitOfWork,
    organisation_id: int,
    known: dict[IdentifierScheme, str],
    numbers: dict[IdentifierScheme, str],
) -> None:
    for scheme in known.keys() - numbers.keys():
        uow.session.delete(uow.session.get(OrganisationIdentifier, (organisation_id, scheme)))
    for scheme, value in numbers.items():
        row = OrganisationIdentifier(organisation_id=organisation_id, scheme=scheme, value=value)
        uow.session.merge(row)
