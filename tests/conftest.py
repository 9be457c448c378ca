"""Real objects for every test: a migrated database, the application, people who are signed in."""

import ipaddress
import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, Engine, event, select
from sqlmodel import Session

from matchmaker.accounts import queries as accounts_queries
from matchmaker.accounts import service as accounts
from matchmaker.accounts.models import MembershipRole, Organisation, Person, Role
from matchmaker.accounts.schemas import Actor
from matchmaker.app import create_app
from matchmaker.config import Settings, load
from matchmaker.core.clock import now
from matchmaker.db.engine import open_engine, reading_session
from matchmaker.db.migrate import upgrade
from matchmaker.db.uow import UnitOfWork, unit_of_work
from matchmaker.notifications.kinds import KINDS
from matchmaker.notifications.models import Notification

LOOPBACK = {"127.0.0.1", "::1", "localhost"}
# Libraries read these on import: whatever their files refer to, no hub is asked.
os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1")


@pytest.fixture(autouse=True)
def _no_outside_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Law 12: a test that reaches for the outside fails, and says where to."""
    look_up = socket.getaddrinfo

    def stay_inside(method: Callable[..., Any]) -> Callable[..., Any]:
        def guarded(self: socket.socket, *args: Any) -> Any:
            # The address is the last argument of connect, connect_ex and sendto alike.
            address = args[-1]
            host = address[0] if isinstance(address, tuple) else None
            if self.family in {socket.AF_INET, socket.AF_INET6} and host not in LOOPBACK:
                raise AssertionError(f"a test tried to reach {address!r}")
            return method(self, *args)

        return guarded

    def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        if host not in LOOPBACK | {None, ""} and not _is_address(host):
            raise AssertionError(f"a test tried to look up {host!r}")
        return look_up(host, *args, **kwargs)

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, stay_inside(getattr(socket.socket, name)))
    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


def _is_address(host: str | bytes) -> bool:
    """Whether it is a number already, for which nobody is asked."""
    try:
        ipaddress.ip_address(host.decode() if isinstance(host, bytes) else host)
    except ValueError:
        return False
    return True


@event.listens_for(Notification, "before_insert")
def _staff_alone_is_told(_mapper: object, connection: Connection, news: Notification) -> None:
    """Whatever a test does, members are told nothing of the kinds that they are not asked about."""
    kind = KINDS.get(news.kind)
    if kind is not None and kind.staff:
        role = connection.scalar(select(Person.role).where(Person.id == news.person_id))
        assert role is not Role.MEMBER, f"a member was told {news.kind}, a kind for brokers and administrators"


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An empty database at the newest migration, as a file's bytes: copying it is faster than migrating."""
    path = tmp_path_factory.mktemp("database") / "empty.db"
    engine = open_engine(f"sqlite:///{path}")
    upgrade(engine)
    with engine.connect() as connection:
        connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path.read_bytes()


@pytest.fixture
def settings(tmp_path: Path, migrated: bytes) -> Settings:
    """Settings of an installation of its own, with the hashing encoder and an empty database."""
    (tmp_path / "matchmaker.db").write_bytes(migrated)
    environ = {
        "MATCHMAKER_VAR": str(tmp_path),
        "MATCHMAKER_ENCODER": "hashing",
        "MATCHMAKER_MODELS": os.environ.get("MATCHMAKER_MODELS", str(tmp_path / "models")),
        "MATCHMAKER_DEMO": "0",
        "SECRET_KEY": "only for tests",
    }
    return replace(load(environ), encoder_threads=1)


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    app = create_app(settings, testing=True)
    app.config["WTF_CSRF_ENABLED"] = False
    yield app
    app.extensions["matchmaker.matcher"].close()
    app.extensions["matchmaker.engine"].dispose()


@pytest.fixture
def engine(app: Flask) -> Engine:
    found: Engine = app.extensions["matchmaker.engine"]
    return found


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A session that reads what was committed."""
    with reading_session(engine) as session:
        yield session


@pytest.fixture
def uow(engine: Engine) -> UnitOfWork:
    return unit_of_work(engine)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def person(engine: Engine) -> Callable[..., Actor]:
    """Make a person: `person()` a member of a Chinese enterprise, `person(Role.BROKER)`, `person(country="IT")`."""
    made = 0

    def make(role: Role = Role.MEMBER, *, country: str = "CN", kind: str = "enterprise") -> Actor:
        nonlocal made
        made += 1
        with unit_of_work(engine) as uow:
            someone = Person(
                email=f"p{made}@example.org",
                name=f"Person {made}",
                password_hash="-",
                role=role,
                email_confirmed_at=now(),
            )
            uow.session.add(someone)
            if role is Role.MEMBER:
                owner = Organisation(name=f"Organisation {made}", kind=kind, country=country)
                uow.session.add(owner)
                uow.session.flush()
                accounts.join(uow, someone, owner, MembershipRole.OWNER)
            uow.session.flush()
            return accounts_queries.actor_of(uow.session, someone)

    return make


@pytest.fixture
def signed_in(app: Flask, engine: Engine, person: Callable[..., Actor]) -> Callable[..., tuple[FlaskClient, Actor]]:
    """A browser that is signed in, and as whom: `client, actor = signed_in(Role.BROKER)`."""

    def enter(role: Role = Role.MEMBER, **kwargs: str) -> tuple[FlaskClient, Actor]:
        actor = person(role, **kwargs)
        with unit_of_work(engine) as uow:
            someone = uow.session.get(Person, actor.person_id)
            assert someone is not None
            token = accounts.sign_in(uow, someone)
        client = app.test_client()
        with client.session_transaction() as cookie:
            cookie["_user_id"], cookie["_fresh"] = token, True
        return client, actor

    return enter
