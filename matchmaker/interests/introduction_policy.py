"""Who may do what in an introduction: its two sides, and the broker until both sides release them."""

from dataclasses import dataclass

from matchmaker.accounts.models import Role
from matchmaker.accounts.schemas import Actor
from matchmaker.interests.models import Introduction
from matchmaker.review.models import Side
from matchmaker.review.moves import WRITING


@dataclass(frozen=True)
class Standing:
    """What somebody is in an introduction; whoever is nothing in it may not know that there is one."""

    # The sides that they read for, and those that they speak for.
    reads: frozenset[Side] = frozenset()
    speaks: frozenset[Side] = frozenset()
    broker: bool = False
    confirmed: bool = True

    @property
    def inside(self) -> bool:
        """Whether they may read it."""
        return bool(self.reads) or self.broker

    @property
    def may_speak(self) -> bool:
        """Whether their role lets them write; an address that was not confirmed yet still stands in the way."""
        return bool(self.speaks) or self.broker

    @property
    def writes(self) -> bool:
        return self.may_speak and self.confirmed

    @property
    def side(self) -> Side | None:
        """The side that they write for; None for the broker."""
        return next((side for side in Side if side in self.speaks), None)


def standing(actor: Actor | None, introduction: Introduction) -> Standing:
    """What the actor is in the introduction now, by their memberships of this moment."""
    if actor is None:
        return Standing()
    orgs = {Side.NEED: introduction.need_org_id, Side.RESULT: introduction.result_org_id}
    return Standing(
        reads=frozenset(side for side, org in orgs.items() if org in actor.memberships),
        speaks=frozenset(side for side, org in orgs.items() if actor.memberships.get(org) in WRITING),
        broker=_is_broker(actor, introduction),
        confirmed=actor.confirmed,
    )


def broker_is_released(introduction: Introduction) -> bool:
    """Whether both sides go on by themselves."""
    return None not in (introduction.need_releases_broker_at, introduction.result_releases_broker_at)


def broker_of(introduction: Introduction) -> int | None:
    """The broker who reads along, None where there is none or both sides released them."""
    return None if broker_is_released(introduction) else introduction.broker_id


def _is_broker(actor: Actor, introduction: Introduction) -> bool:
    return broker_of(introduction) == actor.person_id and actor.role is not Role.MEMBER
