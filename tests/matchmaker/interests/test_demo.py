"""The demo begins with a match that waits for the company."""

from sqlmodel import select

from matchmaker.accounts import demo as accounts
from matchmaker.accounts.models import Membership, Organisation, Person
from matchmaker.accounts.queries import actor_of
from matchmaker.db.uow import unit_of_work
from matchmaker.interests import demo
from matchmaker.notifications.models import Notification
from matchmaker.review.models import Side, State, Suggestion
from matchmaker.review.service import Found, suggest
from tests.factories.market import NEED, RESULT, publish


def people(engine) -> dict[str, Person]:
    """The demo's accounts, whose organisations are there."""
    with unit_of_work(engine) as uow:
        for key, country in (("zhenwu-mine", "CN"), ("duborez", "RS"), ("bohrwerk-lenne", "DE")):
            uow.session.add(Organisation(name=key, kind="enterprise", country=country, demo_key=key))
    with unit_of_work(engine) as uow:
        accounts.create(uow)
        return {person.email: person for person in uow.session.exec(select(Person))}


def pair(engine) -> None:
    found = people(engine)
    with unit_of_work(engine) as uow:
        actors = [actor_of(uow.session, found[f"{who}@demo.example"]) for who in ("company", "partner")]
    need, result = publish(engine, actors[0], NEED), publish(engine, actors[1], RESULT)
    with unit_of_work(engine) as uow:
        suggest(uow, [Found(need.id, result.id, 0.8)])


def begin(engine) -> Suggestion | None:
    with unit_of_work(engine) as uow:
        return demo.begin(uow)


def test_the_company_is_asked_and_told(app, engine):
    pair(engine)
    match = begin(engine)
    assert (match.state, match.first_side) == (State.OFFERED_FIRST, Side.NEED)
    with unit_of_work(engine) as uow:
        told = uow.session.exec(select(Notification).where(Notification.kind == "match.offered")).all()
        asked = uow.session.exec(select(Membership).where(Membership.organisation_id == match.need_org_id)).all()
        assert {one.person_id for one in told} == {one.person_id for one in asked}


def test_a_second_start_asks_nobody_again(app, engine):
    pair(engine)
    begin(engine)
    assert begin(engine) is None


def test_without_a_pair_there_is_no_scene(app, engine):
    assert begin(engine) is None
    people(engine)
    assert begin(engine) is None
