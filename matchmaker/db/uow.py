"""One transaction per use case; side effects run only once it is durable."""

import logging
from collections.abc import Callable
from types import TracebackType
from typing import Self

from sqlalchemy import Engine
from sqlmodel import Session

from matchmaker.core.traces import places
from matchmaker.db.engine import writing_session

log = logging.getLogger(__name__)


class UnitOfWork:
    """Own the commit, and what must wait for it; after `with` the session is closed."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._after_commit: list[Callable[[], None]] = []

    def after_commit(self, effect: Callable[[], None]) -> None:
        self._after_commit.append(effect)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        effects, self._after_commit = self._after_commit, []
        try:
            if exc_type is not None:
                self.session.rollback()
                return
            try:
                self.session.commit()
            except BaseException:
                self.session.rollback()
                raise
        finally:
            self.session.close()
        for effect in effects:
            try:
                effect()
            except Exception as error:
                # The data is already safe; a failed effect must not look like a failed request.
                log.error("after-commit effect failed: %r\n%s", effect, places(error))


def unit_of_work(engine: Engine) -> UnitOfWork:
    """A fresh transaction on `engine`."""
    return UnitOfWork(writing_session(engine))
