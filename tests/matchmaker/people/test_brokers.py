"""What a broker takes on is theirs to say, but their qualification."""

import pytest
from sqlmodel import Session

from matchmaker.accounts.models import BrokerLevel, Person, Role
from matchmaker.people import queries

WANTED = {
    "level": "senior",
    "most_open": "12",
    "available": "1",
    "languages": ["zh", "it"],
    "fields": ["E", "B"],
    "regions": ["CN", "EU"],
}


def card(engine, actor):
    with Session(engine) as session:
        return queries.broker(session, session.get(Person, actor.person_id))


def test_a_broker_says_what_they_take_on(engine, enter):
    client, actor = enter(role=Role.BROKER)
    assert client.post("/account/broker", data=WANTED).status_code == 303
    found = card(engine, actor)
    assert (found.broker.most_open, found.broker.available) == (12, True)
    assert found.codes("language") == ("it", "zh")
    assert found.codes("field") == ("B", "E")
    assert found.codes("region") == ("CN", "EU")
    assert client.get("/account/broker").status_code == 200


def test_a_brokers_qualification_is_for_administrators_to_set(engine, enter):
    client, actor = enter(role=Role.BROKER)
    client.post("/account/broker", data=WANTED)
    assert card(engine, actor).broker.level is BrokerLevel.JUNIOR
    office, _ = enter(role=Role.ADMINISTRATOR)
    assert office.post(f"/admin/brokers/{actor.public_id}", data=WANTED).status_code == 303
    assert card(engine, actor).broker.level is BrokerLevel.SENIOR


def test_what_is_unticked_is_gone(engine, enter):
    client, actor = enter(role=Role.BROKER)
    client.post("/account/broker", data=WANTED)
    client.post("/account/broker", data={"most_open": "5"})
    found = card(engine, actor)
    assert (found.broker.most_open, found.broker.available, found.scopes) == (5, False, {})


@pytest.mark.parametrize(
    "change",
    [
        {"most_open": "0"},
        {"most_open": "9999999999"},
        {"most_open": "-1"},
        {"most_open": "٣"},
        {"most_open": ""},
        {"languages": ["xx"]},
        {"fields": ["Z"]},
        {"regions": ["XX"]},
        {"level": "wizard"},
    ],
)
def test_what_cannot_be_is_told_and_changes_nothing(engine, enter, change):
    client, actor = enter(role=Role.BROKER)
    assert client.post("/account/broker", data={**WANTED, **change}).status_code == 422
    assert card(engine, actor).scopes == {}


def test_somebody_who_is_no_broker_has_no_such_page(enter):
    client, _ = enter()
    assert client.get("/account/broker").status_code == 403
    assert client.post("/account/broker", data=WANTED).status_code == 403


def test_only_brokers_who_take_on_new_work_are_offered(engine, enter, session):
    busy, _ = enter(role=Role.BROKER)
    _, free = enter(role=Role.BROKER)
    busy.post("/account/broker", data={"most_open": "5"})
    assert [found.person.public_id for found in queries.brokers(session, available=True)] == [free.public_id]
    assert len(queries.brokers(session)) == 2
