"""What the clock does to listings."""

import time

from sqlalchemy import Engine

from matchmaker.db.uow import unit_of_work
from matchmaker.listings import service

# A listing lives for a year; nobody minds minutes.
EVERY_SECONDS = 600.0


class Expiry:
    """Takes expired listings off the market, now and then; called by the matcher's worker between its batches."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._next = 0.0

    def __call__(self) -> int:
        """Answers how many were taken off; 0 as long as it is not due."""
        if time.monotonic() < self._next:
            return 0
        with unit_of_work(self._engine) as uow:
            done = service.expire(uow)
        if not done:
            self._next = time.monotonic() + EVERY_SECONDS
        return done
