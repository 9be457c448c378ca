"""What a broker's verdicts say of kinds of matches: what they declined three times for one reason, they see less of.

A reason says something about a kind where the kind can be read off the two listings (`taste_queries.TRAITS`). Of every
kind it is counted how often the broker declined it for that reason and how often they endorsed it nevertheless:

    share = (yes + 2) / (yes + no + 2), never under a quarter, and 1 before the third no.

A pair of the kind keeps that share of its place in the broker's queue, and where it is a half or less, none is given to
them by itself any more: it stays where every broker finds it. Its score is as before, since nothing about the pair has
changed; an expression of interest keeps its place, since somebody waits for a word.

The last 300 verdicts of the last year count, as they stand: whoever takes a verdict back, or asks to forget what they
said of a reason, sees everything as before.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from matchmaker.accounts.schemas import Actor
from matchmaker.audit.service import record
from matchmaker.core.clock import now
from matchmaker.db.uow import UnitOfWork
from matchmaker.review.models import DeclineReason, TasteReset
from matchmaker.review.policy import STAFF, NotYours, Why

# So many verdicts, and none older than this: tastes change, and markets do.
LOOKED_AT, REMEMBERED = 300, timedelta(days=365)
ENOUGH, PRIOR, LEAST = 3, 2, 0.25
# At this share and below, a kind is not given to the broker by itself.
MOSTLY_DECLINED = 0.5

# A reason and a kind that it is said of, such as (NOT_OUR_MARKET, "CN>DE").
Trait = tuple[DeclineReason, str]


@dataclass(frozen=True)
class Judged:
    """A verdict of a broker: the reason of a no, None for a yes, and the kinds that the pair is of."""

    person_id: int
    reason: DeclineReason | None
    traits: frozenset[Trait]


@dataclass(frozen=True)
class Aversion:
    """A kind that a broker declined at least three times for one reason, and endorsed so many times."""

    reason: DeclineReason
    kind: str
    no: int
    yes: int = 0

    @property
    def share(self) -> float:
        """What of its place in the queue a pair of this kind keeps."""
        return max(LEAST, (self.yes + PRIOR) / (self.yes + self.no + PRIOR))

    @property
    def trait(self) -> Trait:
        return self.reason, self.kind


def aversions(verdicts: Iterable[Judged]) -> dict[int, list[Aversion]]:
    """Person → the kinds that they have had enough of, the strongest first."""
    no: Counter[tuple[int, Trait]] = Counter()
    yes: Counter[tuple[int, Trait]] = Counter()
    for verdict in verdicts:
        for trait in verdict.traits:
            if verdict.reason is None:
                yes[verdict.person_id, trait] += 1
            elif verdict.reason is trait[0]:
                no[verdict.person_id, trait] += 1
    found: dict[int, list[Aversion]] = {}
    for (person_id, (reason, kind)), count in no.items():
        if count >= ENOUGH:
            one = Aversion(reason, kind, count, yes[person_id, (reason, kind)])
            found.setdefault(person_id, []).append(one)
    return {person: sorted(them, key=lambda one: (one.share, one.reason, one.kind)) for person, them in found.items()}


def is_mostly_declined(theirs: Iterable[Aversion], traits: frozenset[Trait]) -> bool:
    """Whether somebody with these aversions should not be given a pair with these traits by itself."""
    return any(one.trait in traits and one.share <= MOSTLY_DECLINED for one in theirs)


def of_pair(theirs: Iterable[Aversion], traits: frozenset[Trait]) -> list[Aversion]:
    """The aversions that make a match with these traits stand lower."""
    return [one for one in theirs if one.trait in traits]


def forget(uow: UnitOfWork, reason: DeclineReason, *, actor: Actor) -> None:
    """Let what the actor declined for this reason so far say nothing any more; the verdicts themselves stand."""
    _require_staff(actor)
    row = uow.session.get(TasteReset, (actor.person_id, reason)) or TasteReset(person_id=actor.person_id, reason=reason)
    row.at = now()
    uow.session.add(row)
    record(uow, actor.public_id, "taste.forget", ("person", actor.public_id), reason.value)


def remember(uow: UnitOfWork, reason: DeclineReason, *, actor: Actor) -> None:
    """Take that back; where nothing was forgotten nothing changes."""
    _require_staff(actor)
    row = uow.session.get(TasteReset, (actor.person_id, reason))
    if row is not None:
        uow.session.delete(row)
        record(uow, actor.public_id, "taste.remember", ("person", actor.public_id), reason.value)


def _require_staff(actor: Actor) -> None:
    if actor.role not in STAFF:
        raise NotYours(Why.NOT_A_BROKER)
