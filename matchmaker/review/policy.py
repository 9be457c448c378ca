"""Who may look after a match: brokers and administrators, none of whom may belong to one of its two sides."""

from enum import StrEnum

from matchmaker.accounts.models import Role
from matchmaker.accounts.schemas import Actor
from matchmaker.core.errors import NotAllowed
from matchmaker.review.models import Suggestion

STAFF = frozenset({Role.BROKER, Role.ADMINISTRATOR})


class Why(StrEnum):
    """Why somebody may not handle a match."""

    NOT_A_BROKER = "not_a_broker"
    # Their address is not confirmed yet.
    UNCONFIRMED = "unconfirmed"
    # They belong to one of the two organisations.
    INTERESTED = "interested"
    # Another broker looks after it.
    COLLEAGUE = "colleague"


class NotYours(NotAllowed):
    """The match is for somebody else to handle; `why` tells the reason."""

    def __init__(self, why: Why) -> None:
        super().__init__(f"this match is for somebody else to handle: {why.value}")
        self.why = why


def is_interested(actor: Actor, suggestion: Suggestion) -> bool:
    """Whether the actor belongs to a side, in whatever role: nobody decides for a house of their own."""
    return bool({suggestion.need_org_id, suggestion.result_org_id} & set(actor.memberships))


def obstacle(actor: Actor, suggestion: Suggestion) -> Why | None:
    """Why the actor may not handle the match; None when they may."""
    if actor.role not in STAFF:
        return Why.NOT_A_BROKER
    if not actor.confirmed:
        return Why.UNCONFIRMED
    if is_interested(actor, suggestion):
        return Why.INTERESTED
    others = actor.role is Role.BROKER and suggestion.broker_id not in {None, actor.person_id}
    return Why.COLLEAGUE if others else None


def require_handling(actor: Actor, suggestion: Suggestion) -> None:
    """Raise NotYours unless the actor may handle the match."""
    why = obstacle(actor, suggestion)
    if why is not None:
        raise NotYours(why)
