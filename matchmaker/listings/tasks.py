"""What the clock does to listings."""

from sqlalchemy import Engine

from matchmaker.db.ticks import Tick
from matchmaker.db.uow import unit_of_work
from matchmaker.listings import service

# A listing lives for a year; nobody minds minutes.
EVERY_SECONDS = 600.0


def expire(engine: Engine) -> int:
    """Take expired listings off the market, a batch at a time; answers how many."""
    with unit_of_work(engine) as uow:
        return service.expire(uow)


TICKS = (Tick("listings.expire", EVERY_SECONDS, expire),)
