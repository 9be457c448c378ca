"""Pairs that differ only in which of a family they name: a broker judges them once."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, String, cast, func, or_, select
from sqlmodel import Session, col

from matchmaker.accounts.schemas import Actor
from matchmaker.listings.confidence import Reader
from matchmaker.listings.families import families, keys
from matchmaker.review.models import Origin, Suggestion
from matchmaker.review.queue import TO_DECIDE


def once(session: Session, new: Mapping[tuple[int, int], float]) -> list[tuple[int, int]]:
    """Of new pairs (need, result) with their scores, the best of each two families, and none that was judged before.

    A pair counts as judged when a broker has had another one of the same families, whatever became of it.
    """
    known = families(session, {id_ for pair in new for id_ in pair}, Reader(""))
    if not known.groups:
        return list(new)
    rows = session.execute(
        select(col(Suggestion.need_id), col(Suggestion.result_id)).where(
            col(Suggestion.need_id).in_(known.with_kin(need for need, _ in new)), col(Suggestion.result_id).is_not(None)
        )
    )
    had = {(known.key(need), known.key(result)) for need, result in rows}
    kept = []
    for pair in sorted(new, key=lambda pair: (-new[pair], pair)):
        key = known.key(pair[0]), known.key(pair[1])
        if key not in had:
            kept.append(pair)
            had.add(key)
    return kept


def repeated(actor: Actor | None) -> ColumnElement[bool]:
    """The condition of a match that stands behind a better one of the same two families on the same desk.

    So it is with those that were suggested before they were found to say the same. Somebody waits for a word about an
    expression of interest, so none of these stands behind another match.
    """
    need, result = keys(actor).subquery(), keys(actor).subquery()
    pair: tuple[Any, ...] = (
        col(Suggestion.broker_id),
        func.coalesce(need.c.key, cast(col(Suggestion.need_id), String)),
        func.coalesce(result.c.key, cast(col(Suggestion.result_id), String)),
    )
    place = func.row_number().over(partition_by=pair, order_by=(col(Suggestion.priority).desc(), col(Suggestion.id)))
    numbered = (
        select(col(Suggestion.id).label("id"), place.label("place"))
        .outerjoin(need, need.c.id == Suggestion.need_id)
        .outerjoin(result, result.c.id == Suggestion.result_id)
        .where(
            col(Suggestion.state).in_(TO_DECIDE),
            col(Suggestion.origin) != Origin.INTEREST,
            or_(need.c.key.is_not(None), result.c.key.is_not(None)),
        )
        .subquery()
    )
    return col(Suggestion.id).in_(select(numbered.c.id).where(numbered.c.place > 1))
