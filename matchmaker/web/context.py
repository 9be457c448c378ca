"""What a view may ask of its surroundings; app.py and the tests supply it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import current_app, g
from sqlalchemy import Engine
from sqlmodel import Session

from matchmaker.db.engine import reading_session
from matchmaker.db.uow import UnitOfWork
from matchmaker.db.uow import unit_of_work as _unit_of_work


def engine() -> Engine:
    """The application's engine."""
    found: Engine = current_app.extensions["matchmaker.engine"]
    return found


def unit_of_work() -> UnitOfWork:
    """One transaction for one use case."""
    return _unit_of_work(engine())


def reader() -> Session:
    """The request's session for SELECTs; closed when the request ends."""
    if "reader" not in g:
        g.reader = reading_session(engine())
    session: Session = g.reader
    return session


@contextmanager
def fresh_reader() -> Iterator[Session]:
    """A reading session of its own, for work outside a request."""
    with reading_session(engine()) as session:
        yield session


def current_actor() -> Any:
    """Who is signed in, or None."""
    return current_app.extensions["matchmaker.actor"]()


def close_reader(_error: BaseException | None = None) -> None:
    session = g.pop("reader", None)
    if session is not None:
        session.close()
