"""Who may do what to a listing: named predicates, combined in one table."""

from collections.abc import Callable
from dataclasses import dataclass

from matchmaker.accounts.models import MembershipRole, Role
from matchmaker.accounts.schemas import Actor
from matchmaker.listings.models import Listing, Status

Predicate = Callable[[Actor | None, Listing], bool]


def is_published(_actor: Actor | None, listing: Listing) -> bool:
    return listing.status is Status.PUBLISHED


def belongs_to_owner(actor: Actor | None, listing: Listing) -> bool:
    return actor is not None and listing.organisation_id in actor.memberships


def writes_for_owner(actor: Actor | None, listing: Listing) -> bool:
    role = actor.memberships.get(listing.organisation_id or 0) if actor else None
    return role in {MembershipRole.OWNER, MembershipRole.MEMBER}


def is_administrator(actor: Actor | None, _listing: Listing) -> bool:
    return actor is not None and actor.role is Role.ADMINISTRATOR


@dataclass(frozen=True)
class Rule:
    """Holds when every predicate of any one row holds."""

    rows: tuple[tuple[Predicate, ...], ...]

    def allows(self, actor: Actor | None, listing: Listing) -> bool:
        return any(all(predicate(actor, listing) for predicate in row) for row in self.rows)


SEE = Rule(((is_published,), (belongs_to_owner,), (is_administrator,)))
EDIT = Rule(((writes_for_owner,), (is_administrator,)))
