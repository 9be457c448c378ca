"""Ask the sides at once instead of in ten minutes; only for a match that is the broker's to handle."""

from matchmaker.accounts.schemas import Actor
from matchmaker.db.uow import UnitOfWork
from matchmaker.review import offers
from matchmaker.review.models import Suggestion
from matchmaker.review.moves import find
from matchmaker.review.policy import require_handling


def offer_now(uow: UnitOfWork, public_id: str, *, revision: int, actor: Actor) -> Suggestion:
    """Ask the first side at once; this cannot be taken back."""
    require_handling(actor, find(uow, public_id))
    return offers.offer_now(uow, public_id, revision=revision, actor=actor)


def forward(uow: UnitOfWork, public_id: str, note: str, *, revision: int, actor: Actor) -> Suggestion:
    """Pass an interest on to the owner at once, with a note that both read; this cannot be taken back."""
    require_handling(actor, find(uow, public_id))
    return offers.forward(uow, public_id, note, revision=revision, actor=actor)
