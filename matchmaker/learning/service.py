"""Learn from verdicts, and put weights to use or back: nothing of it happens by itself."""

import json
from dataclasses import asdict

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from matchmaker.accounts.models import Role
from matchmaker.accounts.schemas import Actor
from matchmaker.audit.service import record
from matchmaker.core.errors import Conflict, NotAllowed, NotFound
from matchmaker.db.uow import UnitOfWork
from matchmaker.learning import queries
from matchmaker.learning.training import Proposal, Why, propose
from matchmaker.matching.models import ScoreWeights, WeightsSwitch
from matchmaker.matching.run_queries import LARGEST
from matchmaker.matching.weights import active
from matchmaker.review.service import score_again

# What the record calls the weights of the table.
BY_HAND = "hand"


def train(session: Session) -> Proposal:
    """What all verdicts up to now speak for, beside the weights that count."""
    return propose(queries.examples(session, queries.standing(session)), active(session))


def keep(uow: UnitOfWork, proposal: Proposal, *, by: str) -> ScoreWeights | None:
    """Keep a proposal beside the earlier ones; it changes no score. None where there was nothing to learn from.

    `by` is a person's public id, or the name of a process.
    """
    if proposal.why is Why.NONE:
        return None
    row = ScoreWeights(
        made_by=by,
        weights=json.dumps(dict(proposal.weights)),
        calibration=json.dumps(asdict(proposal.calibration) if proposal.calibration else None),
        figures=json.dumps(proposal.figures()),
    )
    uow.session.add(row)
    uow.session.flush()  # the record names it
    record(uow, by, "weights.learn", ("weights", str(row.id)), f"{proposal.verdicts} verdicts")
    return row


def use(uow: UnitOfWork, version: int, *, seen: int, actor: Actor) -> None:
    """Let these weights make every score from now on, 0 for those set by hand; the same click again changes nothing.

    `seen` is the switch that the actor knew as the last one; raises Conflict where somebody switched since.
    """
    if actor.role is not Role.ADMINISTRATOR or not actor.confirmed:
        raise NotAllowed("only administrators decide which weights count")
    if version and (not 0 < version < LARGEST or uow.session.get(ScoreWeights, version) is None):
        raise NotFound("there are no such weights")
    last = queries.last_switch(uow.session)
    if version == (last.weights_id or 0 if last else 0):
        return
    if seen != (last.id if last else 0):
        raise Conflict("somebody else has switched the weights in the meantime")
    switch = WeightsSwitch(follows=seen, weights_id=version or None, by=actor.public_id)
    uow.session.add(switch)
    try:
        uow.session.flush()
    except IntegrityError:
        raise Conflict("somebody else has switched the weights in the meantime") from None
    record(uow, actor.public_id, "weights.use", ("weights", str(version) if version else BY_HAND))
    score_again(uow)
