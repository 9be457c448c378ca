"""What the clock does to listings: it reminds, ends and puts away; a batch at a time, and twice is once."""

from datetime import datetime, timedelta

from sqlalchemy import Engine

from matchmaker.core.clock import now
from matchmaker.db.ticks import Tick
from matchmaker.db.uow import unit_of_work
from matchmaker.listings import news, records
from matchmaker.listings.models import Status
from matchmaker.listings.moves import Step, advance
from matchmaker.listings.states import Party

BATCH = 100
# A listing lives for a year; nobody minds minutes.
EVERY_SECONDS = timedelta(minutes=10).total_seconds()


def remind(engine: Engine, at: datetime | None = None) -> int:
    """Tell owners, once, that a listing of theirs ends within two weeks; answers how many listings those were."""
    at = at or now()
    with unit_of_work(engine) as uow:
        ending = records.to_remind(uow.session, at, BATCH)
        for listing in ending:
            listing.reminded_at = at
            news.to_owner(uow, listing, "listing.ending")
    return len(ending)


def expire(engine: Engine, at: datetime | None = None) -> int:
    """Take listings off the market whose time is over; answers how many. Their owners may hand them in again."""
    step = Step(Status.EXPIRED, party=Party.CLOCK, at=at or now())
    with unit_of_work(engine) as uow:
        over = records.to_expire(uow.session, step.at, BATCH)
        for listing in over:
            advance(uow, listing, step)
            news.to_owner(uow, listing, "listing.expired")
    return len(over)


def archive(engine: Engine, at: datetime | None = None) -> int:
    """Put listings away that left the market two years ago; answers how many."""
    step = Step(Status.ARCHIVED, party=Party.CLOCK, at=at or now())
    with unit_of_work(engine) as uow:
        old = records.to_archive(uow.session, step.at, BATCH)
        for listing in old:
            advance(uow, listing, step)
            news.to_owner(uow, listing, "listing.archived")
    return len(old)


TICKS = (
    Tick("listings.remind", EVERY_SECONDS, remind),
    Tick("listings.expire", EVERY_SECONDS, expire),
    Tick("listings.archive", EVERY_SECONDS, archive),
)
