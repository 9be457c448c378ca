"""What graders do: grade a pair or leave it to others, change their mind, settle what two others differ on."""

from sqlmodel import Session

from matchmaker.accounts.models import Role
from matchmaker.accounts.schemas import Actor
from matchmaker.audit.service import record
from matchmaker.core.clock import now
from matchmaker.core.errors import Conflict, Invalid, NotFound
from matchmaker.db.uow import UnitOfWork
from matchmaker.gold import queries
from matchmaker.gold.agreement import distance
from matchmaker.gold.models import Deed, GoldGrade, GoldPair, GoldRound
from matchmaker.gold.policy import is_own
from matchmaker.gold.schemas import Verdict
from matchmaker.gold.service import require_open
from matchmaker.listings.models import Listing


class Stale(Conflict):
    """The same person did something else to the pair in the meantime, in another window."""


def judge(uow: UnitOfWork, public_id: str, verdict: Verdict, *, actor: Actor) -> GoldGrade:
    """Grade a pair, or skip it; sent twice it is done once. A grade that others made superfluous is kept too:
    it was thought about, and says more about agreement."""
    pair, row = mine_to_grade(uow.session, public_id, actor)
    require_open(row)
    if not queries.is_grader(uow.session, row.id, actor):
        raise NotFound("no such pair")
    before = queries.current(uow.session, pair.id, actor.person_id)
    if before is not None and before.deed is Deed.SETTLED:
        raise Conflict("who settled a pair does not grade it")
    deed = Deed.SKIPPED if verdict.grade is None else Deed.GRADED
    return _put(uow, pair, deed, verdict, actor)


def settle(uow: UnitOfWork, public_id: str, verdict: Verdict, *, actor: Actor) -> GoldGrade:
    """Decide on a pair that two graders differ on by two steps or more; raises Conflict for who was one of them."""
    pair, row = mine_to_grade(uow.session, public_id, actor)
    require_open(row)
    if verdict.grade is None:
        raise Invalid({"grade": "missing"})
    if not may_settle(uow.session, pair, actor):
        raise Conflict("there is nothing to settle for this person")
    return _put(uow, pair, Deed.SETTLED, verdict, actor)


def take_back(uow: UnitOfWork, public_id: str, *, version: int, actor: Actor) -> GoldGrade:
    """Undo the actor's newest deed to a pair: what held before holds again. The undone one stays in the history."""
    pair, row = mine_to_grade(uow.session, public_id, actor)
    require_open(row)
    past = queries.versions(uow.session, pair.id, actor.person_id)
    if not past or past[-1].version != version or past[-1].deed is Deed.TAKEN_BACK:
        raise Stale("this was changed in the meantime")
    held = past[-2] if len(past) > 1 else None
    verdict = Verdict(grade=held.grade if held else None, note=held.note if held else "", version=version)
    return _put(uow, pair, held.deed if held else Deed.TAKEN_BACK, verdict, actor)


def mine_to_grade(session: Session, public_id: str, actor: Actor) -> tuple[GoldPair, GoldRound]:
    """The pair and its round; raises NotFound for who may not grade it: no grader of the round, or of one's side.

    Administrators settle in every round.
    """
    pair = queries.pair_of(session, public_id)
    row = session.get(GoldRound, pair.round_id)
    sides = [session.get(Listing, id_) for id_ in (pair.need_id, pair.result_id)]
    is_allowed = actor.role is Role.ADMINISTRATOR or queries.is_grader(session, pair.round_id, actor)
    if row is None or not is_allowed or any(side is None or is_own(actor, side) for side in sides):
        raise NotFound("no such pair")
    return pair, row


def may_settle(session: Session, pair: GoldPair, actor: Actor) -> bool:
    """Whether the pair is disputed, or was settled by the actor, who is none of those who graded it."""
    rows = queries.grades_of(session, pair)
    graders = {row.person_id for row in rows if row.deed is Deed.GRADED}
    settlers = {row.person_id for row in rows if row.deed is Deed.SETTLED}
    if actor.person_id in settlers:
        return True
    grades = [row.grade for row in rows if row.deed is Deed.GRADED and row.grade is not None]
    return not settlers and actor.person_id not in graders and distance(grades) >= queries.FAR_APART


def _put(uow: UnitOfWork, pair: GoldPair, deed: Deed, verdict: Verdict, actor: Actor) -> GoldGrade:
    """Add a deed in the place of the actor's last one; raises Stale unless that one is what the form was made of."""
    past = queries.versions(uow.session, pair.id, actor.person_id)
    held = past[-1] if past else None
    if held is not None and held.version == verdict.version + 1 and _says(held, deed, verdict):
        return held
    if (held.version if held else 0) != verdict.version:
        raise Stale("this pair was graded by the same person in another window")
    need, result = (uow.session.get_one(Listing, id_) for id_ in (pair.need_id, pair.result_id))
    row = GoldGrade(
        pair_id=pair.id or 0,
        person_id=actor.person_id,
        version=verdict.version + 1,
        deed=deed,
        grade=verdict.grade,
        note=verdict.note,
        need_revision=need.revision,
        result_revision=result.revision,
    )
    if held is not None:
        held.superseded_at = now()
    uow.session.add(row)
    uow.session.flush()  # the count is of what holds now
    pair.graded = queries.count_grades(uow.session, pair.id)
    said = deed.value if verdict.grade is None else f"{deed.value} {verdict.grade}"
    record(uow, actor.public_id, "gold.grade", ("gold_pair", pair.public_id), said)
    return row


def _says(row: GoldGrade, deed: Deed, verdict: Verdict) -> bool:
    return (row.deed, row.grade, row.note) == (deed, verdict.grade, verdict.note)
