"""Who may do what to an organisation: every kind of person against every verb."""

from dataclasses import replace

import pytest

from matchmaker.accounts.models import MembershipRole, Organisation, Role
from matchmaker.accounts.policy import RULES, Verb, may, require
from matchmaker.accounts.schemas import Actor
from matchmaker.core.errors import NotAllowed

OURS, OTHERS = 1, 2
ORGANISATION = Organisation(id=OURS, name="Ours", kind="enterprise", country="CN", broker_id=70)


def somebody(role: Role = Role.MEMBER, person_id: int = 7, **memberships: MembershipRole) -> Actor:
    of = {OURS if name == "ours" else OTHERS: part for name, part in memberships.items()}
    return Actor(person_id, "p", "P", "p@example.org", role, of)


OWNER = somebody(ours=MembershipRole.OWNER)
PEOPLE: dict[str, Actor | None] = {
    "a visitor": None,
    "somebody of nothing": somebody(),
    "an owner of another": somebody(others=MembershipRole.OWNER),
    "a viewer": somebody(ours=MembershipRole.VIEWER),
    "a member": somebody(ours=MembershipRole.MEMBER),
    "an owner": OWNER,
    "an unproved owner": replace(OWNER, confirmed=False),
    "a broker": somebody(Role.BROKER),
    "its broker": somebody(Role.BROKER, 70),
    "its broker of before": somebody(Role.MEMBER, 70),
    "an administrator": somebody(Role.ADMINISTRATOR),
}

INSIDERS = {"a viewer", "a member", "an owner", "an unproved owner"}
ALLOWED: dict[Verb, set[str]] = {
    Verb.SEE: set(PEOPLE),
    Verb.SEE_INSIDE: INSIDERS | {"its broker", "an administrator"},
    Verb.EDIT: {"an owner", "an unproved owner", "an administrator"},
    Verb.INVITE: {"an owner"},
    Verb.ASK_VERIFICATION: {"an owner"},
    Verb.VERIFY: {"an administrator"},
    Verb.SET_ROLES: {"an owner", "an unproved owner", "an administrator"},
    Verb.HAND_OVER: {"an owner"},
    Verb.LEAVE: INSIDERS,
    Verb.CHOOSE_BROKER: {"an owner", "an unproved owner", "an administrator"},
    Verb.ACT_FOR: {"a member", "an owner", "an unproved owner"},
}


def test_every_verb_has_a_rule_and_a_row_here():
    assert set(RULES) == set(Verb) == set(ALLOWED)


@pytest.mark.parametrize("verb", list(Verb))
@pytest.mark.parametrize("who", list(PEOPLE))
def test_a_person_may_do_what_the_table_says_and_nothing_else(who, verb):
    actor = PEOPLE[who]
    assert may(actor, verb, ORGANISATION) is (who in ALLOWED[verb])
    if who not in ALLOWED[verb]:
        with pytest.raises(NotAllowed):
            require(actor, verb, ORGANISATION)


def test_an_organisation_that_is_not_stored_yet_belongs_to_nobody():
    fresh = Organisation(name="Fresh", kind="enterprise", country="CN")
    assert [verb for verb in Verb if may(OWNER, verb, fresh)] == [Verb.SEE]


def test_whoever_acts_acts_for_the_chosen_organisation_as_long_as_they_write_for_it():
    both = somebody(ours=MembershipRole.MEMBER, others=MembershipRole.OWNER)
    assert both.organisation_id == OURS
    assert replace(both, acting_for=OTHERS).organisation_id == OTHERS
    assert replace(both, acting_for=99).organisation_id == OURS
    watching = somebody(ours=MembershipRole.VIEWER)
    assert replace(watching, acting_for=OURS).organisation_id is None
