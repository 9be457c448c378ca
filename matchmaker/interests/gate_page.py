"""What a match waits for between two yeses and the introduction, as data: nobody's name is on this page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from matchmaker.accounts.models import Role
from matchmaker.accounts.schemas import Actor
from matchmaker.core.errors import NotFound
from matchmaker.interests import gate, introductions, rule_queries
from matchmaker.interests import introduction_queries as queries
from matchmaker.interests.gate import AppliedRule, Transfer
from matchmaker.interests.introduction_policy import standing
from matchmaker.interests.introductions import Hurdle
from matchmaker.interests.models import Declaration, Introduction
from matchmaker.interests.telling import organisations_of
from matchmaker.listings import queries as listings
from matchmaker.listings.confidence import Reader
from matchmaker.listings.schemas import ListingCard
from matchmaker.review.models import Side, State, Suggestion
from matchmaker.review.moves import sides_of

# Where the two yeses are there, or have been.
_AFTER_YES = frozenset({State.MUTUAL, State.LAPSED, State.CLOSED})


@dataclass(frozen=True)
class GatePage:
    """The page for one reader; `introduction` is set when there is nothing to wait for any more."""

    suggestion: Suggestion
    introduction: Introduction | None
    hurdle: Hurdle | None
    rules: Sequence[AppliedRule]
    transfer: Transfer
    need: ListingCard | None
    result: ListingCard | None
    reads: frozenset[Side]
    absent: frozenset[Side]
    may_declare: bool
    declaration: Declaration | None
    until: datetime | None

    @property
    def has_example(self) -> bool:
        return any(rule.is_example for rule in self.rules)


def gate_page(session: Session, public_id: str, lang: str, *, actor: Actor) -> GatePage:
    """What stands in the way; for both sides and the desk, NotFound for anybody else."""
    suggestion, introduction = readable(session, public_id, actor)
    reads = _reads(suggestion, actor)
    checked = rule_queries.last_check(session, suggestion)
    waits = introductions.hurdle(session, suggestion) if suggestion.state is State.MUTUAL else None
    ids = [id_ for id_ in (suggestion.need_id, suggestion.result_id) if id_ is not None]
    cards = listings.cards(session, ids, Reader(lang, actor))
    return GatePage(
        suggestion=suggestion,
        introduction=introduction,
        hurdle=waits,
        rules=[rule for rule in gate.as_recorded(checked) if rule.verdict is checked.verdict] if checked else (),
        transfer=gate.transfer_of(session, suggestion),
        need=cards.get(suggestion.need_id or 0),
        result=cards.get(suggestion.result_id or 0),
        reads=reads,
        absent=introductions.absent_sides(session, suggestion),
        may_declare=Side.RESULT in sides_of(actor, suggestion),
        declaration=rule_queries.last_declaration(session, suggestion) if Side.RESULT in reads else None,
        until=_until(session, suggestion, waits),
    )


def readable(session: Session, public_id: str, actor: Actor) -> tuple[Suggestion, Introduction | None]:
    """The match and its introduction; raises NotFound for whoever may not know that a gate was asked."""
    suggestion = queries.match_by_public_id(session, public_id)
    introduction = queries.of_match(session, suggestion)
    if introduction is not None:
        inside = standing(actor, introduction).inside
    else:
        inside = bool(_reads(suggestion, actor)) or actor.role in {Role.BROKER, Role.ADMINISTRATOR}
    said_yes = suggestion.need_yes_at is not None and suggestion.result_yes_at is not None
    if not inside or (introduction is None and not (suggestion.state in _AFTER_YES and said_yes)):
        raise NotFound("no such match")
    return suggestion, introduction


def _reads(suggestion: Suggestion, actor: Actor) -> frozenset[Side]:
    return frozenset(side for side, org in organisations_of(suggestion).items() if org in actor.memberships)


def _until(session: Session, suggestion: Suggestion, waits: Hurdle | None) -> datetime | None:
    end = introductions.closes_at(session, suggestion) if waits is Hurdle.PROHIBITED else suggestion.deadline_at
    # A deadline is the midnight after its last day, and it is that day which readers are told.
    return end - timedelta(minutes=1) if end else None
