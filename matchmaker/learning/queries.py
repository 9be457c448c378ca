"""Verdicts joined to what was shown, the proposals that were made of them, and which weights counted when."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from matchmaker.accounts.models import Person
from matchmaker.accounts.schemas import Actor
from matchmaker.learning.model import Example
from matchmaker.learning.verdicts import Verdict, verdicts
from matchmaker.listings.models import Listing, Status
from matchmaker.matching.models import ScoreWeights, WeightsSwitch
from matchmaker.review.models import Audience, MatchMove, MoveKind, Showing, Suggestion
from matchmaker.review.queue import TO_DECIDE

# Many more proposals than anybody goes back over.
PROPOSALS = 20


def standing(session: Session) -> list[Verdict]:
    """Every verdict that stands, oldest first."""
    wanted = select(MatchMove).where(col(MatchMove.kind) != MoveKind.NOTE)
    moves = session.execute(wanted.order_by(col(MatchMove.suggestion_id), col(MatchMove.id))).scalars()
    found = [one for _, rows in groupby(moves, lambda move: move.suggestion_id) for one in verdicts(rows)]
    return sorted(found, key=lambda one: (one.at, one.suggestion_id, one.by))


def examples(session: Session, found: Sequence[Verdict]) -> list[Example]:
    """What these verdicts were about, as it was shown to whoever judged; those on what no ranking suggested lack."""
    shown = _shown(session)
    pairs = ((one, _before(shown.get(one.suggestion_id, ()), one)) for one in found)
    return [
        Example(one.by, one.yes, json.loads(row.parts), row.propensity, one.reason)
        for one, row in pairs
        if row is not None
    ]


def _shown(session: Session) -> dict[int, list[Showing]]:
    """Suggestion id → what was shown of it, oldest first."""
    rows = session.execute(select(Showing).order_by(col(Showing.suggestion_id), col(Showing.id))).scalars()
    return {id_: list(group) for id_, group in groupby(rows, lambda row: row.suggestion_id)}


def _before(rows: Sequence[Showing], verdict: Verdict) -> Showing | None:
    """What the judge saw last before judging: of their own, else of the desk's."""
    earlier = [row for row in rows if row.at <= verdict.at]
    return next(_of(earlier, verdict.by), None) or next(_of(earlier, Audience.DESK), None)


def _of(rows: Sequence[Showing], audience: Audience) -> Iterator[Showing]:
    return (row for row in reversed(rows) if row.audience is audience)


def proposals(session: Session) -> list[ScoreWeights]:
    """What was learned, the newest first."""
    return list(
        session.execute(select(ScoreWeights).order_by(col(ScoreWeights.id).desc()).limit(PROPOSALS)).scalars().all()
    )


@dataclass(frozen=True)
class Queued:
    """A match that is to be decided, and the values that its score was made of, if anybody wrote them down."""

    suggestion: Suggestion
    parts: Mapping[str, float]


def queued(session: Session, actor: Actor, limit: int) -> list[Queued]:
    """The first matches of everybody's queue, but for those of the actor's own houses."""
    need, result = aliased(Listing), aliased(Listing)
    houses = list(actor.memberships)
    last = (
        select(func.max(col(Showing.id)))
        .where(col(Showing.suggestion_id) == Suggestion.id, col(Showing.audience) == Audience.DESK)
        .correlate(Suggestion)
        .scalar_subquery()
    )
    foreign = [or_(org.is_(None), org.not_in(houses)) for org in map(col, _ORGANISATIONS)]
    wanted = (
        select(Suggestion, col(Showing.parts))
        .join(need, col(need.id) == Suggestion.need_id)
        .join(result, col(result.id) == Suggestion.result_id)
        .outerjoin(Showing, col(Showing.id) == last)
        .where(col(Suggestion.state).in_(TO_DECIDE), col(need.status) == Status.PUBLISHED)
        .where(col(result.status) == Status.PUBLISHED, and_(*foreign))
        .order_by(col(Suggestion.priority).desc(), col(Suggestion.id))
        .limit(limit)
    )
    return [Queued(row, json.loads(parts) if parts else {}) for row, parts in session.execute(wanted)]


_ORGANISATIONS = (Suggestion.need_org_id, Suggestion.result_org_id)


def last_switch(session: Session) -> WeightsSwitch | None:
    """Since when which weights count; None where they were never switched."""
    return session.execute(select(WeightsSwitch).order_by(col(WeightsSwitch.id).desc()).limit(1)).scalar_one_or_none()


def switches(session: Session) -> list[WeightsSwitch]:
    """When which weights were put to use, the newest first."""
    wanted = select(WeightsSwitch).order_by(col(WeightsSwitch.id).desc()).limit(PROPOSALS)
    return list(session.execute(wanted).scalars().all())


def names(session: Session, public_ids: Iterable[str]) -> dict[str, str]:
    """Public id → name, of those who are people."""
    wanted = select(col(Person.public_id), col(Person.name)).where(col(Person.public_id).in_(list(public_ids)))
    return {public_id: name for public_id, name in session.execute(wanted)}
