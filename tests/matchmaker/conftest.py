"""People with a password of their own, for tests that sign in at the door."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from matchmaker.accounts import service
from matchmaker.accounts.models import Person
from matchmaker.accounts.schemas import Actor
from matchmaker.db.uow import unit_of_work

PASSWORD = "correct horse battery staple"
# One hash for all: making one takes longer than most tests.
HASH = service.hash_password(PASSWORD)


@dataclass(frozen=True)
class Known:
    """Somebody who can sign in."""

    actor: Actor
    email: str
    password: str


@pytest.fixture
def known(engine: Engine, person: Callable[..., Actor]) -> Known:
    actor = person()
    with unit_of_work(engine) as uow:
        row = uow.session.get(Person, actor.person_id)
        assert row is not None
        row.password_hash = HASH
    return Known(actor, actor.email, PASSWORD)


@pytest.fixture
def row_of(engine: Engine) -> Callable[[Actor], Person]:
    def find(actor: Actor) -> Person:
        with Session(engine) as session:
            found = session.get(Person, actor.person_id)
            assert found is not None
            return found

    return find
