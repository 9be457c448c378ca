"""Who may do what: what each role may do on the platform as a whole, and what anybody may do to an organisation."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from matchmaker.accounts.models import MembershipRole, Organisation, Role
from matchmaker.accounts.schemas import Actor
from matchmaker.core.errors import NotAllowed
from matchmaker.web.access import Permission

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.MEMBER: frozenset({Permission.LISTING_POST, Permission.MATCH_ANSWER}),
    Role.BROKER: frozenset({Permission.MATCH_REVIEW, Permission.LISTING_APPRAISE, Permission.GOLD_GRADE}),
    Role.ADMINISTRATOR: frozenset(Permission),
}


def permissions(actor: Actor) -> frozenset[Permission]:
    """The permissions of the actor's role."""
    return PERMISSIONS[actor.role]


class Verb(StrEnum):
    """What can be done to an organisation."""

    # Its public profile: name, kind, country, size, website, about, whether it is verified.
    SEE = "see"
    # Its people, numbers, evidence and broker.
    SEE_INSIDE = "see_inside"
    EDIT = "edit"
    # Letters to strangers and papers for administrators come from a proved address only.
    INVITE = "invite"
    ASK_VERIFICATION = "ask_verification"
    VERIFY = "verify"
    # Change what somebody may do for it, or let them go.
    SET_ROLES = "set_roles"
    HAND_OVER = "hand_over"
    LEAVE = "leave"
    CHOOSE_BROKER = "choose_broker"
    # Post and answer in its name.
    ACT_FOR = "act_for"


Predicate = Callable[[Actor | None, Organisation], bool]


def is_anybody(_actor: Actor | None, _organisation: Organisation) -> bool:
    return True


def belongs(actor: Actor | None, organisation: Organisation) -> bool:
    return actor is not None and organisation.id in actor.memberships


def writes(actor: Actor | None, organisation: Organisation) -> bool:
    role = actor.memberships.get(organisation.id or 0) if actor else None
    return role in {MembershipRole.OWNER, MembershipRole.MEMBER}


def owns(actor: Actor | None, organisation: Organisation) -> bool:
    return actor is not None and actor.memberships.get(organisation.id or 0) is MembershipRole.OWNER


def is_confirmed(actor: Actor | None, _organisation: Organisation) -> bool:
    return actor is not None and actor.confirmed


def looks_after(actor: Actor | None, organisation: Organisation) -> bool:
    return actor is not None and organisation.broker_id == actor.person_id and actor.role is not Role.MEMBER


def is_administrator(actor: Actor | None, _organisation: Organisation) -> bool:
    return actor is not None and actor.role is Role.ADMINISTRATOR


@dataclass(frozen=True)
class Rule:
    """Holds when every predicate of any one row holds."""

    rows: tuple[tuple[Predicate, ...], ...]

    def allows(self, actor: Actor | None, organisation: Organisation) -> bool:
        return any(all(predicate(actor, organisation) for predicate in row) for row in self.rows)


RULES: dict[Verb, Rule] = {
    Verb.SEE: Rule(((is_anybody,),)),
    Verb.SEE_INSIDE: Rule(((belongs,), (looks_after,), (is_administrator,))),
    Verb.EDIT: Rule(((owns,), (is_administrator,))),
    Verb.INVITE: Rule(((owns, is_confirmed),)),
    Verb.ASK_VERIFICATION: Rule(((owns, is_confirmed),)),
    Verb.VERIFY: Rule(((is_administrator,),)),
    Verb.SET_ROLES: Rule(((owns,), (is_administrator,))),
    Verb.HAND_OVER: Rule(((owns, is_confirmed),)),
    Verb.LEAVE: Rule(((belongs,),)),
    Verb.CHOOSE_BROKER: Rule(((owns,), (is_administrator,))),
    Verb.ACT_FOR: Rule(((writes,),)),
}


def may(actor: Actor | None, verb: Verb, organisation: Organisation) -> bool:
    """Whether the actor may do this to the organisation."""
    return RULES[verb].allows(actor, organisation)


def require(actor: Actor | None, verb: Verb, organisation: Organisation) -> None:
    """Raise NotAllowed unless the actor may do this to the organisation."""
    if not may(actor, verb, organisation):
        raise NotAllowed(f"this account may not {verb.value} this organisation")
