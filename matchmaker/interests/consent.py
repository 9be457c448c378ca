"""A side's yes with what follows from it: whoever agrees last opens the introduction, if a gate lets it."""

from matchmaker.accounts.schemas import Actor
from matchmaker.db.uow import UnitOfWork
from matchmaker.interests.introductions import open_if_free
from matchmaker.review import answers
from matchmaker.review.models import Side, State, Suggestion


def say_yes(uow: UnitOfWork, public_id: str, *, side: Side, revision: int, actor: Actor) -> Suggestion:
    """Agree for a side; where the other one has agreed too, ask the gates."""
    suggestion = answers.say_yes(uow, public_id, side=side, revision=revision, actor=actor)
    if suggestion.state is State.MUTUAL:
        open_if_free(uow, suggestion)
    return suggestion
