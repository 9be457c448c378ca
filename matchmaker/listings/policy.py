"""Who may do what to a listing: named predicates, combined in one table."""

from collections.abc import Callable
from dataclasses import dataclass

from matchmaker.accounts.models import MembershipRole, Role
from matchmaker.accounts.policy import permissions
from matchmaker.accounts.schemas import Actor
from matchmaker.listings.confidence import is_embargoed
from matchmaker.listings.models import Listing, Status
from matchmaker.listings.states import IN_REVIEW, Party
from matchmaker.web.access import Permission

Predicate = Callable[[Actor | None, Listing], bool]


def is_published(_actor: Actor | None, listing: Listing) -> bool:
    return listing.status is Status.PUBLISHED


def is_at_the_desk(_actor: Actor | None, listing: Listing) -> bool:
    """Whether it waits for a reviewer, is with one, or is held by one."""
    return listing.status in IN_REVIEW or (listing.status is Status.ON_HOLD and listing.reviewer_id is not None)


def is_open(_actor: Actor | None, listing: Listing) -> bool:
    """Whether no embargo closes all but its title and summary."""
    return not is_embargoed(listing)


def belongs_to_owner(actor: Actor | None, listing: Listing) -> bool:
    return actor is not None and listing.organisation_id in actor.memberships


def writes_for_owner(actor: Actor | None, listing: Listing) -> bool:
    role = actor.memberships.get(listing.organisation_id or 0) if actor else None
    return role in {MembershipRole.OWNER, MembershipRole.MEMBER}


def appraises(actor: Actor | None, listing: Listing) -> bool:
    """Whether they may judge this listing: nobody judges what is their organisation's, or what they wrote."""
    if actor is None or Permission.LISTING_APPRAISE not in permissions(actor):
        return False
    return listing.organisation_id not in actor.memberships and listing.author_id != actor.person_id


def is_staff(actor: Actor | None, _listing: Listing) -> bool:
    return actor is not None and Permission.MATCH_REVIEW in permissions(actor)


def is_outside(actor: Actor | None, listing: Listing) -> bool:
    return not belongs_to_owner(actor, listing)


def is_administrator(actor: Actor | None, _listing: Listing) -> bool:
    return actor is not None and actor.role is Role.ADMINISTRATOR


@dataclass(frozen=True)
class Rule:
    """Holds when every predicate of any one row holds."""

    rows: tuple[tuple[Predicate, ...], ...]

    def allows(self, actor: Actor | None, listing: Listing) -> bool:
        return any(all(predicate(actor, listing) for predicate in row) for row in self.rows)


# Reviewers see the open part of what they judge, and no more: see confidence.py.
SEE = Rule(((is_published,), (belongs_to_owner,), (is_administrator,), (is_at_the_desk, appraises)))
EDIT = Rule(((writes_for_owner,), (is_administrator,)))
# What was written when, and what reviewers said of it.
HISTORY = Rule(((belongs_to_owner,), (is_open, is_administrator), (is_open, appraises), (is_at_the_desk, appraises)))
# All of the open part: whoever judges a listing reads it before an embargo ends, and only while they judge it.
READ = Rule(((belongs_to_owner,), (is_open,), (is_at_the_desk, appraises)))
APPRAISE = Rule(((appraises,),))
# Say that it is the same as another listing, or is not: nobody does for their own organisation's.
TELL_KIN = Rule(((is_published, is_staff, is_outside),))

PARTIES: dict[Party, Predicate] = {
    Party.OWNER: writes_for_owner,
    Party.REVIEWER: appraises,
    Party.ADMIN: is_administrator,
}


def parties_of(actor: Actor | None, listing: Listing) -> frozenset[Party]:
    """On whose behalf the actor may move this listing."""
    return frozenset(party for party, holds in PARTIES.items() if holds(actor, listing))
