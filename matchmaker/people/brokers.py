"""What a broker takes on: level, load, languages, fields and regions."""

from sqlmodel import select

from matchmaker.accounts.models import Broker, BrokerLevel, BrokerScope, Person, Role, ScopeKind
from matchmaker.accounts.schemas import Actor
from matchmaker.audit.service import record
from matchmaker.core.errors import NotAllowed, NotFound
from matchmaker.db.uow import UnitOfWork
from matchmaker.people.schemas import BrokerChange


def change(uow: UnitOfWork, person_id: str, wanted: BrokerChange, *, actor: Actor) -> None:
    """Set what a broker takes on; brokers set their own, administrators anybody's who is one."""
    person = uow.session.exec(select(Person).where(Person.public_id == person_id)).one_or_none()
    if person is None or person.role is Role.MEMBER:
        raise NotFound("there is no such broker")
    if actor.public_id != person_id and actor.role is not Role.ADMINISTRATOR:
        raise NotAllowed("this is another broker's profile")
    assert person.id is not None
    broker = uow.session.get(Broker, person.id) or Broker(person_id=person.id)
    if actor.role is Role.ADMINISTRATOR:
        # A qualification is what others say of a broker.
        broker.level = BrokerLevel(wanted.level)
    broker.most_open, broker.available = int(wanted.most_open), wanted.available
    uow.session.add(broker)
    _replace_scopes(uow, person.id, wanted)
    record(uow, actor.public_id, "broker.edit", ("person", person.public_id))


def _replace_scopes(uow: UnitOfWork, person_id: int, wanted: BrokerChange) -> None:
    for row in uow.session.exec(select(BrokerScope).where(BrokerScope.person_id == person_id)):
        uow.session.delete(row)
    uow.session.flush()  # the same codes may come back
    kinds = {ScopeKind.LANGUAGE: wanted.languages, ScopeKind.FIELD: wanted.fields, ScopeKind.REGION: wanted.regions}
    for kind, codes in kinds.items():
        uow.session.add_all(BrokerScope(person_id=person_id, kind=kind, code=code) for code in codes)
