"""The record of deeds is part of the deed."""

from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from matchmaker.audit.models import AuditEvent
from matchmaker.audit.service import first_break, record
from matchmaker.core.clock import now
from matchmaker.db.uow import unit_of_work
from matchmaker.listings import service as listings
from tests.factories import market


def events(engine) -> list[AuditEvent]:
    with Session(engine) as session:
        return list(session.exec(select(AuditEvent).order_by(AuditEvent.id)))


def test_a_deed_is_kept_with_who_what_and_when(engine):
    with unit_of_work(engine) as uow:
        record(uow, "bcdfg", "listing.publish", ("listing", "xyz"), "by hand")
    (event,) = events(engine)
    assert (event.actor, event.action, event.object_kind, event.object_id) == (
        "bcdfg",
        "listing.publish",
        "listing",
        "xyz",
    )
    assert event.detail == "by hand"
    assert timedelta(0) <= now() - event.at < timedelta(minutes=1)


def test_a_deed_that_failed_was_never_done(engine):
    with pytest.raises(RuntimeError), unit_of_work(engine) as uow:  # noqa: PT012  (all of it is one transaction)
        record(uow, "bcdfg", "listing.publish", ("listing", "xyz"))
        raise RuntimeError
    assert events(engine) == []


@pytest.mark.parametrize("statement", ["DELETE FROM audit_event", "UPDATE audit_event SET actor = 'nobody'"])
def test_the_database_itself_refuses_to_change_or_remove_an_event(engine, statement):
    with unit_of_work(engine) as uow:
        record(uow, "a", "b", ("c", "d"))
    with pytest.raises(IntegrityError, match="only ever added"), unit_of_work(engine) as uow:
        uow.session.connection().exec_driver_sql(statement)
    assert len(events(engine)) == 1


def test_every_event_follows_from_the_one_before(engine):
    for _ in range(3):
        with unit_of_work(engine) as uow:
            record(uow, "a", "b", ("c", "d"))
            record(uow, "é", "b", ("c", "d"), "x")
    assert first_break(events(engine)) is None
    for number in range(6):
        for name, value in (("actor", "z"), ("detail", "y"), ("action", "w"), ("object_id", "v")):
            forged = events(engine)
            setattr(forged[number], name, value)
            assert first_break(forged) is forged[number]
        removed = events(engine)
        del removed[number]
        assert (first_break(removed) is None) == (number == 5)


def test_the_life_of_a_listing_can_be_read_from_the_record(engine, person):
    actor = person()
    listing = market.publish(engine, actor, market.NEED)
    with unit_of_work(engine) as uow:
        listings.withdraw(uow, listing.public_id, actor=actor)
    told = [(e.action, e.actor == actor.public_id) for e in events(engine) if e.object_id == listing.public_id]
    mine, reviewed = ("draft", "submitted"), ("under_review", "published", "appraise")
    assert told == [
        *((f"listing.{deed}", True) for deed in mine),
        *((f"listing.{deed}", False) for deed in reviewed),
        ("listing.withdrawn", True),
    ]
