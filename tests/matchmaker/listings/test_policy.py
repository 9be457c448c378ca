"""Who may see and change a listing, as a whole table."""

import pytest

from matchmaker.accounts.models import MembershipRole, Role
from matchmaker.accounts.schemas import Actor
from matchmaker.listings.models import Direction, Listing, Status
from matchmaker.listings.policy import EDIT, SEE

OURS, THEIRS = 1, 2


def actor(role: Role = Role.MEMBER, **memberships: MembershipRole) -> Actor:
    return Actor(1, "x", "X", "x@y.zz", role, {int(key[1:]): value for key, value in memberships.items()})


ACTORS = {
    "nobody": None,
    "stranger": actor(_2=MembershipRole.OWNER),
    "without organisation": actor(),
    "viewer": actor(_1=MembershipRole.VIEWER),
    "member": actor(_1=MembershipRole.MEMBER),
    "owner": actor(_1=MembershipRole.OWNER),
    "broker": actor(Role.BROKER),
    "administrator": actor(Role.ADMINISTRATOR),
}
SEES_ALL = {"viewer", "member", "owner", "administrator"}
EDITS = {"member", "owner", "administrator"}


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("who", ACTORS)
def test_the_table_of_who_may_what(who, status):
    listing = Listing(direction=Direction.NEED, lang="zh", status=status, organisation_id=OURS)
    assert SEE.allows(ACTORS[who], listing) is (status is Status.PUBLISHED or who in SEES_ALL)
    assert EDIT.allows(ACTORS[who], listing) is (who in EDITS)


@pytest.mark.parametrize("who", ACTORS)
def test_an_imported_listing_without_an_organisation_belongs_to_no_member(who):
    listing = Listing(direction=Direction.NEED, lang="zh", status=Status.DRAFT, organisation_id=None)
    assert SEE.allows(ACTORS[who], listing) is (who == "administrator")
    assert EDIT.allows(ACTORS[who], listing) is (who == "administrator")
