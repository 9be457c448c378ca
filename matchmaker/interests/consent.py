"""A side's answer with what follows from it: whoever agrees last opens the introduction, if a gate lets it."""

from matchmaker.accounts.schemas import Actor
from matchmaker.db.uow import UnitOfWork
from matchmaker.i18n import lazy
from matchmaker.interests.introductions import open_if_free
from matchmaker.review import answers
from matchmaker.review.answers import Refusal
from matchmaker.review.deeds import Call, Deed
from matchmaker.review.models import Side, State, Suggestion
from matchmaker.review.moves import find
from matchmaker.review.policy import require_handling


def say_yes(uow: UnitOfWork, public_id: str, *, side: Side, revision: int, actor: Actor) -> Suggestion:
    """Agree for a side; where the other one has agreed too, ask the gates."""
    suggestion = answers.say_yes(uow, public_id, side=side, revision=revision, actor=actor)
    if suggestion.state is State.MUTUAL:
        open_if_free(uow, suggestion)
    return suggestion


def _record(uow: UnitOfWork, call: Call) -> Suggestion:
    """A broker writes down what a side without an account has answered."""
    require_handling(call.actor, find(uow, call.public_id))
    side = call.side("side") or Side.NEED
    if call.text("answer") == "yes":
        return say_yes(uow, call.public_id, side=side, revision=call.revision, actor=call.actor)
    no = Refusal(side, call.reason, call.text("note"), share=bool(call.text("share")))
    return answers.say_no(uow, call.public_id, no, revision=call.revision, actor=call.actor)


# A deed of the desk.
RECORD = Deed(_record, lazy("It is noted, and both sides are told what they should know."))
