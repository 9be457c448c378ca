"""A match that both sides want, with people on both sides and a broker; each of them with a browser."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine
from sqlmodel import Session, select

from matchmaker.accounts.models import Membership, MembershipRole, Person, Role
from matchmaker.accounts.schemas import Actor
from matchmaker.core.clock import now
from matchmaker.db.engine import reading_session
from matchmaker.db.uow import unit_of_work
from matchmaker.interests.introductions import open_if_free
from matchmaker.interests.models import ExportRule, Introduction, Verdict
from matchmaker.listings.models import Listing
from matchmaker.notifications.models import Notification
from matchmaker.review.models import State, Suggestion
from matchmaker.review.moves import find
from matchmaker.review.service import Found, suggest
from tests.factories.market import NEED, RESULT, publish


@dataclass(frozen=True)
class Someone:
    """A person and their browser."""

    client: FlaskClient
    actor: Actor


@dataclass(frozen=True)
class Pair:
    """A match at "both said yes": the company from China needs what the institute from Germany has."""

    need: Someone
    result: Someone
    broker: Someone
    need_listing: Listing
    result_listing: Listing
    public_id: str
    engine: Engine

    def examine(self) -> Introduction | None:
        """Send it through the gates."""
        with unit_of_work(self.engine) as uow:
            return open_if_free(uow, find(uow, self.public_id))

    def introduce(self) -> Introduction:
        found = self.examine()
        assert found is not None
        return found

    def match(self) -> Suggestion:
        with reading_session(self.engine) as session:
            return session.exec(select(Suggestion).where(Suggestion.public_id == self.public_id)).one()


@pytest.fixture
def someone(signed_in) -> Callable[..., Someone]:
    def enter(role: Role = Role.MEMBER, lang: str = "en", **kwargs: str) -> Someone:
        client, actor = signed_in(role, **kwargs)
        client.environ_base["HTTP_ACCEPT_LANGUAGE"] = lang
        return Someone(client, actor)

    return enter


@pytest.fixture
def pair(engine: Engine, someone) -> Pair:
    need, result, broker = someone(country="CN"), someone(country="DE", kind="institute"), someone(Role.BROKER)
    need_listing = publish(engine, need.actor, NEED)
    result_listing = publish(engine, result.actor, RESULT)
    with unit_of_work(engine) as uow:
        suggest(uow, [Found(need_listing.id or 0, result_listing.id or 0, 0.8)])
        uow.session.flush()
        match = uow.session.exec(select(Suggestion)).one()
        match.state, match.broker_id = State.MUTUAL, broker.actor.person_id
        match.need_yes_at = match.result_yes_at = now()
        public_id = match.public_id
    return Pair(need, result, broker, need_listing, result_listing, public_id, engine)


@pytest.fixture
def add_rule(engine: Engine) -> Callable[..., str]:
    """Put a rule into the table: `add_rule(Verdict.PROHIBITED, ipc="E21B", origin="DE")`; answers its public id."""

    def add(verdict: Verdict, **columns) -> str:
        filled = {"title": "A rule", "source": "A law, 2020-01-01", "valid_from": date(2020, 1, 1), **columns}
        with unit_of_work(engine) as uow:
            rule = ExportRule(verdict=verdict, **filled)
            uow.session.add(rule)
            return rule.public_id

    return add


@pytest.fixture
def join(engine: Engine) -> Callable[..., None]:
    """Let somebody act for the organisation of another; `role=None` takes them out again."""

    def change(who: Actor, like: Actor, role: MembershipRole | None = MembershipRole.MEMBER) -> None:
        with unit_of_work(engine) as uow:
            for org in like.memberships:
                row = uow.session.get(Membership, (who.person_id, org))
                if row is not None:
                    uow.session.delete(row)
                    uow.session.flush()
                if role is not None:
                    uow.session.add(Membership(person_id=who.person_id, organisation_id=org, role=role))

    return change


@pytest.fixture
def told(engine: Engine) -> Callable[..., list[str]]:
    """The kinds of news on somebody's list, oldest first."""

    def read(actor: Actor) -> list[str]:
        with Session(engine) as session:
            mine = select(Notification.kind).where(Notification.person_id == actor.person_id)
            kinds = session.exec(mine.order_by(Notification.id))
            # What became of their listings is another story.
            return [kind for kind in kinds if not kind.startswith("listing.")]

    return read


@pytest.fixture
def unconfirm(engine: Engine) -> Callable[[Actor], None]:
    def take_back(actor: Actor) -> None:
        with unit_of_work(engine) as uow:
            row = uow.session.get(Person, actor.person_id)
            assert row is not None
            row.email_confirmed_at = None

    return take_back
