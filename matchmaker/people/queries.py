"""What stands in the way of closing an account, and what a broker takes on."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlmodel import Session, col, func, select

from matchmaker.accounts import queries as accounts
from matchmaker.accounts.models import Broker, BrokerScope, MembershipRole, Organisation, Person, Role, ScopeKind
from matchmaker.listings.models import Listing, Status

# A listing in one of these needs nobody to answer for it.
AT_REST = (Status.WITHDRAWN, Status.ARCHIVED)


@dataclass(frozen=True)
class Obstacle:
    """An organisation that would be left alone: with so many other people, and so many listings that still count."""

    organisation: Organisation
    people: int
    listings: int


def obstacles(session: Session, person: Person) -> list[Obstacle]:
    """The organisations that cannot do without this person, who is their only owner."""
    found = []
    for one in accounts.actor_of(session, person).affiliations:
        if one.role is not MembershipRole.OWNER or accounts.owners(session, one.id) > 1:
            continue
        organisation = accounts.organisation(session, one.id)
        people = len(accounts.members(session, one.id)) - 1
        listings = session.exec(
            select(func.count()).where(Listing.organisation_id == one.id, col(Listing.status).not_in(AT_REST))
        ).one()
        if organisation is not None and (people or listings):
            found.append(Obstacle(organisation, people, listings))
    return found


@dataclass(frozen=True)
class BrokerCard:
    """A broker with what they take on; an empty scope means all."""

    person: Person
    broker: Broker
    scopes: dict[ScopeKind, tuple[str, ...]] = field(default_factory=dict)

    def codes(self, kind: str) -> tuple[str, ...]:
        return self.scopes.get(ScopeKind(kind), ())


def broker(session: Session, person: Person) -> BrokerCard:
    """What one broker takes on; somebody who never said has the defaults."""
    found = session.get(Broker, person.id) or Broker(person_id=person.id or 0)
    return BrokerCard(person, found, _scopes(session, [person.id or 0]).get(person.id or 0, {}))


def brokers(session: Session, *, available: bool = False) -> list[BrokerCard]:
    """Every broker of the platform by name; only those that take new work if `available`."""
    people = session.exec(
        select(Person).where(Person.role == Role.BROKER, col(Person.closed_at).is_(None)).order_by(Person.name)
    ).all()
    ids = [person.id or 0 for person in people]
    known = {row.person_id: row for row in session.exec(select(Broker).where(col(Broker.person_id).in_(ids)))}
    scopes = _scopes(session, ids)
    cards = [
        BrokerCard(person, known.get(id_) or Broker(person_id=id_), scopes.get(id_, {}))
        for person, id_ in zip(people, ids, strict=True)
    ]
    return [card for card in cards if card.broker.available or not available]


def _scopes(session: Session, ids: Sequence[int]) -> dict[int, dict[ScopeKind, tuple[str, ...]]]:
    found: dict[int, dict[ScopeKind, tuple[str, ...]]] = {}
    rows = session.exec(
        select(BrokerScope).where(col(BrokerScope.person_id).in_(ids)).order_by(col(BrokerScope.code))
    ).all()
    for row in rows:
        of_person = found.setdefault(row.person_id, {})
        of_person[row.kind] = (*of_person.get(row.kind, ()), row.code)
    return found
