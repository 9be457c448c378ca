"""What the clock does to listings: at the exact moment, once, and in batches."""

from datetime import timedelta

import pytest
from sqlmodel import Session, select

from matchmaker.accounts.models import MembershipRole
from matchmaker.db.uow import unit_of_work
from matchmaker.listings import service, tasks
from matchmaker.listings.models import ChangeKind, Listing, ListingChange, Status
from matchmaker.notifications.models import Notification
from tests.factories.market import NEED, RESULT, publish, submit, write
from tests.matchmaker.listings.test_service import colleague, withdraw

INSTANT = timedelta(microseconds=1)


@pytest.fixture
def row_of(engine):
    def find(listing):
        with Session(engine, expire_on_commit=False) as session:
            return session.get(Listing, listing.id)

    return find


def told(engine, kind):
    """Who was told, each time."""
    with Session(engine) as session:
        return sorted(session.exec(select(Notification.person_id).where(Notification.kind == kind)).all())


def test_a_listing_leaves_the_market_at_the_exact_moment_and_once(engine, person, row_of):
    actor = person()
    over, running = publish(engine, actor, NEED), publish(engine, actor, RESULT)
    with unit_of_work(engine) as uow:
        uow.session.get(Listing, running.id).expires_at = over.expires_at + INSTANT
    assert tasks.expire(engine, over.expires_at - INSTANT) == 0
    assert tasks.expire(engine, over.expires_at) == 1
    assert tasks.expire(engine, over.expires_at) == 0
    assert (row_of(over).status, row_of(running).status) == (Status.EXPIRED, Status.PUBLISHED)
    assert row_of(over).status_at == over.expires_at
    assert told(engine, "listing.expired") == [actor.person_id]
    with Session(engine) as session:
        kinds = session.exec(select(ListingChange.kind).where(ListingChange.listing_id == over.id)).all()
    assert kinds == [ChangeKind.PUBLISHED, ChangeKind.WITHDRAWN]


def test_a_listing_on_hold_ends_in_its_time_too(engine, person, row_of):
    actor = person()
    listing = publish(engine, actor, NEED)
    with unit_of_work(engine) as uow:
        service.hold(uow, listing.public_id, actor=actor)
    assert tasks.expire(engine, listing.expires_at) == 1
    assert row_of(listing).status is Status.EXPIRED


def test_an_owner_is_reminded_once_from_two_weeks_before_the_end(engine, person):
    actor = person()
    writer, viewer = (colleague(engine, actor, role) for role in (MembershipRole.MEMBER, MembershipRole.VIEWER))
    listing = publish(engine, actor, NEED)
    due = listing.expires_at - timedelta(days=14)
    assert tasks.remind(engine, due - INSTANT) == 0
    assert tasks.remind(engine, due) == 1
    assert tasks.remind(engine, due + timedelta(days=3)) == 0
    assert told(engine, "listing.ending") == [actor.person_id, writer.person_id]
    assert viewer.person_id not in told(engine, "listing.ending")


def test_a_reminder_that_comes_too_late_is_none(engine, person):
    listing = publish(engine, person(), NEED)
    assert tasks.remind(engine, listing.expires_at) == 0


def test_what_left_the_market_two_years_ago_is_put_away(engine, person, row_of):
    actor = person()
    gone, over, out = (publish(engine, actor, NEED) for _ in range(3))
    draft, waiting = write(engine, actor, NEED), submit(engine, actor, NEED)
    withdraw(engine, actor, gone)
    left = row_of(gone).status_at
    with unit_of_work(engine) as uow:
        for listing in (over, out):
            uow.session.get(Listing, listing.id).expires_at = left + timedelta(days=9999 if listing is out else 0)
    assert tasks.expire(engine, left) == 1
    two_years = left + timedelta(days=730)
    assert tasks.archive(engine, two_years - INSTANT) == 0
    assert tasks.archive(engine, two_years) == 2
    assert tasks.archive(engine, two_years) == 0
    statuses = [row_of(listing).status for listing in (gone, over, out, draft, waiting)]
    assert statuses == [Status.ARCHIVED, Status.ARCHIVED, Status.PUBLISHED, Status.DRAFT, Status.SUBMITTED]
    assert told(engine, "listing.archived") == [actor.person_id] * 2


def test_many_are_done_in_batches(engine, person, monkeypatch, row_of):
    monkeypatch.setattr(tasks, "BATCH", 2)
    actor = person()
    listings = [publish(engine, actor, NEED) for _ in range(5)]
    at = max(listing.expires_at for listing in listings)
    assert [tasks.expire(engine, at) for _ in range(4)] == [2, 2, 1, 0]
    assert {row_of(listing).status for listing in listings} == {Status.EXPIRED}


def test_an_imported_listing_without_an_end_stays(engine, person, row_of):
    listing = publish(engine, person(), NEED)
    with unit_of_work(engine) as uow:
        uow.session.get(Listing, listing.id).expires_at = None
    far = listing.expires_at + timedelta(days=9999)
    assert tasks.remind(engine, far) == tasks.expire(engine, far) == 0
    assert row_of(listing).status is Status.PUBLISHED


def test_every_tick_runs_by_itself(engine):
    assert [tick.run(engine) for tick in tasks.TICKS] == [0, 0, 0]
    assert {tick.name for tick in tasks.TICKS} == {"listings.remind", "listings.expire", "listings.archive"}
