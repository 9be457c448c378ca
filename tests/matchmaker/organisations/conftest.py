"""Owners, members and viewers of one organisation, each with a browser."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from sqlmodel import Session, select

from matchmaker.accounts import service as accounts
from matchmaker.accounts.models import Membership, MembershipRole, Organisation, Person, Role
from matchmaker.accounts.schemas import Actor
from matchmaker.db.uow import unit_of_work


@dataclass(frozen=True)
class Someone:
    """A person with a browser of theirs."""

    client: FlaskClient
    actor: Actor

    @property
    def id(self) -> str:
        return self.actor.public_id


@dataclass(frozen=True)
class House:
    """An organisation, its owner, and a way to bring more people in."""

    public_id: str
    organisation_id: int
    owner: Someone
    join: Callable[[MembershipRole], Someone]

    @property
    def path(self) -> str:
        return f"/organisations/{self.public_id}"


@pytest.fixture
def someone(signed_in: Callable[..., tuple[FlaskClient, Actor]]) -> Callable[..., Someone]:
    return lambda role=Role.MEMBER, **kwargs: Someone(*signed_in(role, **kwargs))


@pytest.fixture
def house(app: Flask, engine: Engine, someone: Callable[..., Someone]) -> House:
    owner = someone()
    (own,) = owner.actor.affiliations

    def join(role: MembershipRole) -> Someone:
        joining = someone(Role.MEMBER)
        with unit_of_work(engine) as uow:
            # They come from an organisation of their own; here it would only be in the way.
            for row in uow.session.exec(select(Membership).where(Membership.person_id == joining.actor.person_id)):
                uow.session.delete(row)
            uow.session.flush()  # the old membership goes before the new one comes
            person = uow.session.get(Person, joining.actor.person_id)
            organisation = uow.session.get(Organisation, own.id)
            assert person is not None
            assert organisation is not None
            accounts.join(uow, person, organisation, role)
        return joining

    return House(own.public_id, own.id, owner, join)


@pytest.fixture
def roles(engine: Engine, house: House) -> Callable[[], dict[str, MembershipRole]]:
    """Person's public id → what they may do for the house at this moment."""

    def find() -> dict[str, MembershipRole]:
        wanted = (
            select(Person.public_id, Membership)
            .join(Membership)
            .where(Membership.organisation_id == house.organisation_id)
        )
        with Session(engine) as session:
            return {public_id: row.role for public_id, row in session.exec(wanted)}

    return find
