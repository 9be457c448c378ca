"""What the clock does to passages."""

from sqlalchemy import Engine

from matchmaker.core.clock import now
from matchmaker.db.ticks import Tick
from matchmaker.db.uow import unit_of_work
from matchmaker.matching import queries, service

# Few at a time: whoever posts meanwhile waits for one such batch at most.
BATCH = 50


def open_embargoes(engine: Engine) -> int:
    """Let the texts whose embargo has ended be found and quoted by everybody; answers how many listings those were."""
    with unit_of_work(engine) as uow:
        return service.reveal(uow, queries.over_embargoes(uow.session, now().date(), BATCH))


def keep_words(engine: Engine) -> int:
    """Keep the words of published listings that lack them, such as those of an older version of this program.

    What was done is told by the rows themselves, so a crash repeats nothing.
    """
    with unit_of_work(engine) as uow:
        return service.keep_words(uow, queries.without_words(uow.session, BATCH))


# The page of a listing opens with the day itself; the search may follow some minutes later.
TICKS: tuple[Tick, ...] = (Tick("embargoes", 300.0, open_embargoes), Tick("words", 60.0, keep_words))
