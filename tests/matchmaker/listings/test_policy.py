"""Who may see and change a listing, as a whole table."""

from datetime import timedelta

import pytest

from matchmaker.accounts.models import MembershipRole, Role
from matchmaker.accounts.schemas import Actor
from matchmaker.core.clock import now
from matchmaker.listings import policy
from matchmaker.listings.models import Direction, Listing, Status

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
APPRAISE = {"broker", "administrator"}
AT_THE_DESK = {Status.SUBMITTED, Status.UNDER_REVIEW}


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("who", ACTORS)
def test_the_table_of_who_may_what(who, status):
    listing = Listing(direction=Direction.NEED, lang="zh", status=status, organisation_id=OURS, author_id=9)
    at_the_desk = status in AT_THE_DESK and who in APPRAISE
    assert policy.SEE.allows(ACTORS[who], listing) is (status is Status.PUBLISHED or who in SEES_ALL or at_the_desk)
    assert policy.EDIT.allows(ACTORS[who], listing) is (who in EDITS)
    assert policy.APPRAISE.allows(ACTORS[who], listing) is (who in APPRAISE)
    assert policy.HISTORY.allows(ACTORS[who], listing) is (who in SEES_ALL | APPRAISE)


def test_what_a_reviewer_holds_reviewers_see_and_what_its_owner_holds_they_do_not():
    held = Listing(direction=Direction.NEED, lang="zh", status=Status.ON_HOLD, organisation_id=OURS, reviewer_id=7)
    paused = Listing(direction=Direction.NEED, lang="zh", status=Status.ON_HOLD, organisation_id=OURS)
    assert policy.SEE.allows(ACTORS["broker"], held)
    assert not policy.SEE.allows(ACTORS["broker"], paused)


@pytest.mark.parametrize("role", [Role.BROKER, Role.ADMINISTRATOR])
@pytest.mark.parametrize("membership", list(MembershipRole))
def test_nobody_judges_what_is_their_organisations_or_what_they_wrote(role, membership):
    colleague, author, other = actor(role, _1=membership), actor(role), actor(role, _2=membership)
    theirs = Listing(direction=Direction.NEED, lang="zh", status=Status.SUBMITTED, organisation_id=OURS, author_id=9)
    written = Listing(direction=Direction.NEED, lang="zh", status=Status.SUBMITTED, organisation_id=OURS, author_id=1)
    assert not policy.APPRAISE.allows(colleague, theirs)
    assert not policy.APPRAISE.allows(author, written)
    assert policy.APPRAISE.allows(other, theirs)


@pytest.mark.parametrize("who", ACTORS)
def test_an_imported_listing_without_an_organisation_belongs_to_no_member(who):
    listing = Listing(direction=Direction.NEED, lang="zh", status=Status.DRAFT, organisation_id=None)
    assert policy.SEE.allows(ACTORS[who], listing) is (who == "administrator")
    assert policy.EDIT.allows(ACTORS[who], listing) is (who == "administrator")


def test_an_embargo_closes_the_text_to_reviewers_but_while_they_judge_it():
    tomorrow = (now() + timedelta(days=1)).date()
    for status, reads in ((Status.SUBMITTED, True), (Status.UNDER_REVIEW, True), (Status.PUBLISHED, False)):
        listing = Listing(direction="need", lang="zh", status=status, organisation_id=OURS, embargo_until=tomorrow)
        for who in ("broker", "administrator"):
            assert policy.READ.allows(ACTORS[who], listing) is reads
            assert policy.HISTORY.allows(ACTORS[who], listing) is reads
        assert policy.READ.allows(ACTORS["viewer"], listing)
        assert policy.HISTORY.allows(ACTORS["viewer"], listing)
        assert not policy.READ.allows(ACTORS["stranger"], listing)
