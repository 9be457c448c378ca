"""What a broker does once the sides are asked, each only with a match that is theirs to handle."""

from matchmaker.accounts.schemas import Actor
from matchmaker.db.uow import UnitOfWork
from matchmaker.review import answers, offers
from matchmaker.review.answers import Refusal
from matchmaker.review.models import Side, Suggestion
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


def record_yes(uow: UnitOfWork, public_id: str, side: Side, *, revision: int, actor: Actor) -> Suggestion:
    """Write down that a side without an account has agreed."""
    require_handling(actor, find(uow, public_id))
    return answers.say_yes(uow, public_id, side=side, revision=revision, actor=actor)


def record_no(uow: UnitOfWork, public_id: str, refusal: Refusal, *, revision: int, actor: Actor) -> Suggestion:
    """Write down that a side without an account has declined, and why."""
    require_handling(actor, find(uow, public_id))
    return answers.say_no(uow, public_id, refusal, revision=revision, actor=actor)
