"""People who are told something, and the letters that follow."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import Engine, select
from sqlmodel import Session, col

from matchmaker.accounts.models import Person
from matchmaker.accounts.schemas import Actor
from matchmaker.db.uow import unit_of_work
from matchmaker.i18n import lazy
from matchmaker.notifications.kinds import KINDS, Kind, declare
from matchmaker.notifications.models import Frequency, Letter, Notification
from matchmaker.notifications.service import News, tell
from matchmaker.notifications.tasks import write_digests, write_immediate_letters


@pytest.fixture(autouse=True)
def kinds(app: Flask):
    """Four kinds, one for each frequency, whose sentences are in the catalogue."""
    before = dict(KINDS)
    KINDS.clear()
    sentence = lazy("Your listing “%(listing)s” has new matches: %(count)s.")
    declare(*(Kind(f"test.{frequency}", lazy("Saved searches"), sentence, frequency) for frequency in Frequency))
    yield KINDS
    KINDS.clear()
    KINDS.update(before)


@dataclass
class Mail:
    """The whole way from what happens to the outbox."""

    app: Flask
    engine: Engine
    person: Callable[..., Actor]

    def change(self, actor: Actor, **values: object) -> None:
        """Change a person's row: `mail.change(actor, lang="zh")`."""
        with unit_of_work(self.engine) as uow:
            row = uow.session.get_one(Person, actor.person_id)
            for name, value in values.items():
                setattr(row, name, value)

    def tell(
        self, actor: Actor, kind: str = "test.immediate", at: datetime | None = None, **params: str
    ) -> Notification:
        """Tell somebody something: `mail.tell(actor, "test.daily", at=…, listing="…")`."""
        with unit_of_work(self.engine) as uow:
            tell(uow, [actor.person_id], News(kind, "/search", {"listing": "-", "count": "1", **params}))
            uow.session.flush()
            row = uow.session.execute(select(Notification).order_by(col(Notification.id).desc())).scalars().first()
            assert row is not None
            row.at = at or row.at
            return row

    def write(self, at: datetime) -> None:
        """Let the clock write what is due then."""
        with self.app.app_context():
            while write_immediate_letters(self.engine, at) + write_digests(self.engine, at):
                pass

    def letters(self) -> list[Letter]:
        """All letters of the outbox, in the order in which they were written."""
        with Session(self.engine) as session:
            return list(session.execute(select(Letter).order_by(col(Letter.id))).scalars())


@pytest.fixture
def mail(app: Flask, engine: Engine, person: Callable[..., Actor]) -> Mail:
    return Mail(app, engine, person)
