"""Draw pools in the background: a few needs at a time, each stored by itself, so that a crash repeats one at most."""

from collections.abc import Callable

from matchmaker.db.engine import reading_session
from matchmaker.db.uow import unit_of_work
from matchmaker.gold import queries, service
from matchmaker.gold.pooling import Pooler
from matchmaker.matching.runtime import Matcher

# Whoever posts a listing meanwhile waits for one such batch at most.
BATCH = 4
# Needs that wait for the encoder are passed over; so many are looked at for a batch.
LOOKED_AT = 50


def follow(matcher: Matcher) -> int:
    """One batch in each round of the matcher's worker; answers 0, so that embedding has its turn before the next."""
    draw(matcher)
    return 0


def draw(matcher: Matcher, round_id: int | None = None) -> int:
    """Draw the pools of the next needs of open rounds, or of one; answers how many, 0 when nothing can be drawn."""
    done = 0
    with reading_session(matcher.engine) as session:
        waiting = queries.unpooled(session, LOOKED_AT, round_id)
        pooler = Pooler(matcher, session) if waiting else None
        for row, need_id in waiting:
            pool = pooler.pool(row, need_id) if pooler else None
            if pool is None:
                continue
            with unit_of_work(matcher.engine) as uow:
                done += service.fill(uow, row.id or 0, need_id, pool)
            if done >= BATCH:
                break
    return done


def draw_all(matcher: Matcher, round_id: int, progress: Callable[[int, int], object]) -> None:
    """Draw all pools of a round that can be drawn now; `progress` is told (drawn, needs)."""
    while True:
        with reading_session(matcher.engine) as session:
            found = queries.progress(session, [round_id])[round_id]
        progress(found.drawn, found.needs)
        if not draw(matcher, round_id):
            return
