"""Pairs on their way to the desk: kept when they are found, put there when the limits let them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Engine, delete, or_, update
from sqlmodel import Session, col, select

from matchmaker.core.clock import now
from matchmaker.db.engine import reading_session
from matchmaker.db.uow import UnitOfWork, unit_of_work
from matchmaker.listings.models import Listing
from matchmaker.matching.weights import active
from matchmaker.review import limits, quotas
from matchmaker.review import waiting_queries as queries
from matchmaker.review.models import KeptOut, Suggestion, WaitingPair
from matchmaker.review.quotas import Choice
from matchmaker.review.service import NEVER, Found, suggest
from matchmaker.review.showings import dumped, joined, loaded

# A broker's time is the scarcest thing here: a pair that is worth less to the two sides does not wait for them.
LEAST_SCORE = 0.35
# So many of the best are looked at together; the others come when these are gone.
LOOKED_AT = 20_000


def keep(uow: UnitOfWork, found: Sequence[Found], position: int) -> None:
    """Remember what the ranking found: known suggestions get their new scores, everything else waits for its turn.

    `position` is where the change log stood when the pairs were scored.
    """
    pairs = _once(found)
    if _weighed_otherwise(uow.session, pairs.values()):
        position = NEVER
    needs = {need for need, _ in pairs}
    columns = select(Suggestion.need_id, Suggestion.result_id).where(col(Suggestion.need_id).in_(needs))
    on_desk = {(need, result) for need, result in uow.session.exec(columns)}
    suggest(uow, [pair for key, pair in pairs.items() if key in on_desk], position)
    rows = {(row.need_id, row.result_id): row for row in queries.of_needs(uow.session, needs)}
    for key, pair in pairs.items():
        row = rows.get(key)
        if row is not None and (key in on_desk or pair.score < LEAST_SCORE):
            uow.session.delete(row)
        elif key not in on_desk and pair.score >= LEAST_SCORE:
            _wait(uow, row or WaitingPair(need_id=pair.need_id, result_id=pair.result_id, score=0.0), pair, position)


def place(engine: Engine, at: datetime | None = None, *, again: bool = True) -> int:
    """Put on the desk what fits now; answers how many. Without `again` only if a pair waits for its first turn.

    The choice takes a moment and is made on a copy; who writes it holds the limits and looks whether places were
    filled meanwhile, so that two processes together give nobody more than one would.
    """
    moment = at or now()
    with reading_session(engine) as session:
        if not again and not queries.any_fresh(session):
            return 0
        pairs = queries.waiting(session, LOOKED_AT)
        choice = quotas.choose(pairs, queries.taken(session, pairs, moment), limits.read(session), moment)
    with unit_of_work(engine) as uow:
        values = limits.read(uow.session, lock=True)
        _forget_gone(uow)
        used = queries.taken(uow.session, [pair for pair, _ in choice.chosen], moment)
        placed = _put(uow, Choice(quotas.still_fitting(choice, used, values)))
        _note(uow, choice.kept_out)
    return placed


def place_fresh(engine: Engine) -> int:
    """The same as soon as something new is found, which is what whoever posts a listing waits for."""
    return place(engine, again=False)


def _once(found: Sequence[Found]) -> dict[tuple[int, int], Found]:
    """Each pair once: the lists of both its sides may have found it at the same time."""
    pairs: dict[tuple[int, int], Found] = {}
    for pair in found:
        key = pair.need_id, pair.result_id
        before = pairs[key].shown if key in pairs else None
        pairs[key] = replace(pair, shown=joined(before, pair.shown))
    return pairs


def _weighed_otherwise(session: Session, found: Iterable[Found]) -> bool:
    """Whether an administrator has put other weights to use since these pairs were scored."""
    counting = active(session).version
    return any(pair.shown is not None and pair.shown.weights != counting for pair in found)


def _wait(uow: UnitOfWork, row: WaitingPair, pair: Found, position: int) -> None:
    row.score, row.need_score, row.result_score = pair.score, pair.need_score, pair.result_score
    row.shown = dumped(joined(loaded(row.shown), pair.shown))
    row.log_position = position
    uow.session.add(row)


def _put(uow: UnitOfWork, choice: Choice) -> int:
    """Turn waiting pairs into suggestions; those that another process was faster with are passed over."""
    ids = [pair.id for pair, _ in choice.chosen]
    placed = 0
    for start in range(0, len(ids), queries.CHUNK):
        wanted = select(WaitingPair).where(col(WaitingPair.id).in_(ids[start : start + queries.CHUNK]))
        rows = uow.session.exec(wanted).all()
        bonuses = {pair.id: bonus for pair, bonus in choice.chosen}
        for position in sorted({row.log_position for row in rows}):
            placed += suggest(
                uow, [_found(row, bonuses[row.id or 0]) for row in rows if row.log_position == position], position
            )
        for row in rows:
            uow.session.delete(row)
    return placed


def _found(row: WaitingPair, bonus: float) -> Found:
    shown = loaded(row.shown)
    return Found(row.need_id, row.result_id, row.score, row.need_score, row.result_score, shown, bonus)


def _note(uow: UnitOfWork, kept_out: Mapping[int, KeptOut]) -> None:
    """Say of each pair that was looked at in vain what keeps it out."""
    for why in KeptOut:
        ids = [id_ for id_, reason in kept_out.items() if reason is why]
        for start in range(0, len(ids), queries.CHUNK):
            chunk = col(WaitingPair.id).in_(ids[start : start + queries.CHUNK])
            uow.session.execute(update(WaitingPair).where(chunk).values(kept_out=why))


def _forget_gone(uow: UnitOfWork) -> None:
    """A listing that was withdrawn for good has nothing to wait for."""
    gone = select(Listing.id).where(col(Listing.status).in_(queries.GONE))
    uow.session.execute(
        delete(WaitingPair).where(or_(col(WaitingPair.need_id).in_(gone), col(WaitingPair.result_id).in_(gone)))
    )
