"""Newcomers, and people with a password."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from sqlmodel import Session, select

from matchmaker.accounts import service
from matchmaker.accounts.models import Person
from matchmaker.accounts.schemas import Actor
from matchmaker.db.uow import unit_of_work

PASSWORD = "a long and quiet sentence"
HASH = service.hash_password(PASSWORD)
NEWCOMER = {
    "name": "Anna Rossi",
    "email": "anna@example.org",
    "password": PASSWORD,
    "organisation": "Università di prova",
    "kind": "university",
    "country": "IT",
}


@pytest.fixture
def newcomer(app: Flask) -> FlaskClient:
    """The browser of somebody who has just registered."""
    client = app.test_client()
    assert client.post("/register", data=NEWCOMER).status_code == 303
    return client


@pytest.fixture
def enter(app: Flask, engine: Engine, person: Callable[..., Actor]) -> Callable[..., tuple[FlaskClient, Actor]]:
    """Somebody with the password PASSWORD, and their browser, signed in at the door."""

    def make(actor: Actor | None = None, **kwargs: object) -> tuple[FlaskClient, Actor]:
        actor = actor or person(**kwargs)
        with unit_of_work(engine) as uow:
            row = uow.session.get(Person, actor.person_id)
            assert row is not None
            row.password_hash = HASH
        client = app.test_client()
        data = {"email": actor.email, "password": PASSWORD}
        assert client.post("/sign-in", data=data, headers={"User-Agent": "Firefox/140.0 Linux"}).status_code == 303
        return client, actor

    return make


@pytest.fixture
def row(engine: Engine) -> Callable[[str], Person]:
    """The account of an address as it is stored now."""

    def find(email: str) -> Person:
        with Session(engine) as session:
            return session.exec(select(Person).where(Person.email == email)).one()

    return find
