"""What administrators do with rounds: open, fill, close and reopen them, and choose who grades."""

import json
import secrets
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import delete
from sqlmodel import Session, col

from matchmaker.accounts.models import Role
from matchmaker.accounts.schemas import Actor
from matchmaker.audit.service import record
from matchmaker.core.clock import now
from matchmaker.core.errors import Conflict, Invalid, NotAllowed
from matchmaker.db.uow import UnitOfWork
from matchmaker.gold import queries
from matchmaker.gold.drawing import chance, seats, stratified
from matchmaker.gold.models import GoldEvaluation, GoldGrader, GoldNeed, GoldPair, GoldRound, Origin
from matchmaker.gold.schemas import WORST_SEED, RoundDraft

Pool = Mapping[int, Mapping[Origin, int]]
"""Result → what brought it, with its rank there."""

# Who fills pools, in the record.
MATCHER = "matcher"


def open_round(uow: UnitOfWork, draft: RoundDraft, *, actor: Actor) -> GoldRound:
    """Draw the needs of a new round, languages in turn; their pools are drawn in the background.

    Fewer needs than were asked for are taken where there are no more; raises Invalid where there is none.
    """
    _require_administrator(actor)
    people = _graders(uow.session, draft.graders)
    strata = queries.drawable(uow.session, draft.languages, draft.countries)
    if not strata:
        raise Invalid({"needs": "no_needs"})
    seed = secrets.randbelow(WORST_SEED) if draft.seed is None else draft.seed
    row = GoldRound(
        name=draft.name, seed=seed, depth=draft.depth, double_share=draft.double_share, created_by=actor.person_id
    )
    uow.session.add(row)
    uow.session.flush()  # needs and graders refer to it
    drawn = stratified(strata, draft.needs, chance(seed, "needs"))
    round_id = row.id or 0
    uow.session.add_all(GoldNeed(round_id=round_id, listing_id=id_, ordinal=n) for n, id_ in enumerate(drawn))
    uow.session.add_all(GoldGrader(round_id=round_id, person_id=id_) for id_ in people)
    said = f"needs {len(drawn)}, depth {row.depth}, graders {len(people)}, seed {seed}"
    record(uow, actor.public_id, "gold.open", ("gold_round", row.public_id), said)
    return row


def fill(uow: UnitOfWork, round_id: int, need_id: int, pool: Pool) -> bool:
    """Store the pool of a need; answers False where another process, or a closing, was faster."""
    row, need = uow.session.get(GoldRound, round_id), uow.session.get(GoldNeed, (round_id, need_id))
    if row is None or need is None or need.pooled_at is not None or row.closed_at is not None:
        return False
    need.pooled_at = now()
    for result_id in sorted(pool):
        origins = {origin.value: rank for origin, rank in sorted(pool[result_id].items())}
        wanted = seats(row.double_share, chance(row.seed, "seats", need_id, result_id))
        pair = GoldPair(round_id=round_id, need_id=need_id, result_id=result_id, origins="", seats=wanted)
        pair.origins = json.dumps(origins)
        uow.session.add(pair)
    uow.session.flush()  # the round's last need is known by the rows
    found = queries.progress(uow.session, [round_id])[round_id]
    if found.is_drawn:
        record(uow, MATCHER, "gold.drawn", ("gold_round", row.public_id), f"pairs {found.pairs}")
    return True


def set_graders(uow: UnitOfWork, public_id: str, graders: Collection[str], *, actor: Actor) -> None:
    """Choose who grades from now on; what others graded before stays."""
    row = _managed(uow, public_id, actor)
    people = _graders(uow.session, graders)
    uow.session.execute(delete(GoldGrader).where(col(GoldGrader.round_id) == row.id))
    uow.session.add_all(GoldGrader(round_id=row.id or 0, person_id=id_) for id_ in people)
    record(uow, actor.public_id, "gold.graders", ("gold_round", row.public_id), " ".join(sorted(graders)))


def close(uow: UnitOfWork, public_id: str, *, actor: Actor) -> GoldRound:
    """End a round: nothing is drawn or graded any more. Closing it twice is closing it once."""
    row = _managed(uow, public_id, actor)
    if row.closed_at is None:
        row.closed_at = now()
        record(uow, actor.public_id, "gold.close", ("gold_round", row.public_id))
    return row


def reopen(uow: UnitOfWork, public_id: str, *, actor: Actor) -> GoldRound:
    """Let a round go on where it was."""
    row = _managed(uow, public_id, actor)
    if row.closed_at is not None:
        row.closed_at = None
        record(uow, actor.public_id, "gold.reopen", ("gold_round", row.public_id))
    return row


def note_export(uow: UnitOfWork, row: GoldRound, said: str, *, actor: str) -> None:
    """Put on record that a round was exported."""
    record(uow, actor, "gold.export", ("gold_round", row.public_id), said)


def note_evaluation(uow: UnitOfWork, row: GoldRound, encoder: str, figures: Mapping[str, object]) -> None:
    """Keep what the ranking reached on the round."""
    said = json.dumps(figures, ensure_ascii=False)
    uow.session.add(GoldEvaluation(round_id=row.id or 0, encoder=encoder, figures=said))
    record(uow, MATCHER, "gold.evaluate", ("gold_round", row.public_id), encoder)


def require_open(row: GoldRound) -> None:
    """Raise Conflict when the round is closed."""
    if row.closed_at is not None:
        raise Conflict("this round is closed")


def _managed(uow: UnitOfWork, public_id: str, actor: Actor) -> GoldRound:
    _require_administrator(actor)
    return queries.round_of(uow.session, public_id, actor)


def _require_administrator(actor: Actor) -> None:
    if actor.role is not Role.ADMINISTRATOR:
        raise NotAllowed("only administrators run rounds")


def _graders(session: Session, public_ids: Collection[str]) -> Sequence[int]:
    """Row ids of these people; raises Invalid where one cannot grade, or none is named."""
    known = {person.public_id: person.id for person in queries.possible_graders(session)}
    if not public_ids or not set(public_ids) <= known.keys():
        raise Invalid({"graders": "nobody" if not public_ids else "no_grader"})
    return [known[public_id] or 0 for public_id in sorted(set(public_ids))]
