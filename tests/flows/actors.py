"""Somebody who may post, also in a process that pytest knows nothing of."""

from sqlalchemy import Engine

from matchmaker.accounts import queries, service
from matchmaker.accounts.models import MembershipRole, Organisation, Person
from matchmaker.accounts.schemas import Actor
from matchmaker.core.clock import now
from matchmaker.db.uow import unit_of_work


def member(engine: Engine) -> Actor:
    """A member of a new Chinese enterprise."""
    with unit_of_work(engine) as uow:
        person = Person(email="poster@example.org", name="Poster", password_hash="-", email_confirmed_at=now())
        owner = Organisation(name="Poster's", kind="enterprise", country="CN")
        uow.session.add_all([person, owner])
        uow.session.flush()
        service.join(uow, person, owner, MembershipRole.OWNER)
        uow.session.flush()
        return queries.actor_of(uow.session, person)
