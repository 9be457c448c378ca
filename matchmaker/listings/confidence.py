"""Who may know what of a listing: its owner's name, its sealed part, its text under embargo.

Everything that shows a listing asks here, and whoever forgets to ask is answered as a stranger is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, or_, select
from sqlmodel import Session, col

from matchmaker.accounts.models import Role
from matchmaker.accounts.schemas import Actor
from matchmaker.core.clock import now
from matchmaker.listings.models import Disclosure, DisclosureLevel, Listing

Levels = frozenset[DisclosureLevel]
Opened = Mapping[int, Levels]
"""Listing id → the levels that are open to somebody; a listing that is not in it is closed to them."""

CLOSED: Levels = frozenset()


@dataclass(frozen=True)
class Reader:
    """Somebody who reads: in which language, and who; a stranger has no actor."""

    lang: str
    actor: Actor | None = None


@dataclass(frozen=True)
class Sight:
    """What a reader knows of one listing beyond what everybody does; by default nothing."""

    # Who owns it though it is anonymous, and its whole open text though it is under embargo.
    inside: bool = False
    sealed: bool = False
    # The reader is of the organisation that owns it.
    own: bool = False


STRANGER = Sight()
# The matcher compares everything; what of it is shown is decided when it is shown.
EVERYTHING = Sight(inside=True, sealed=True)


def sight(actor: Actor | None, listing: Listing, levels: Levels = CLOSED) -> Sight:
    """What the actor knows of the listing, given the levels that were opened to them."""
    own = belongs(actor, listing)
    return Sight(inside=own or bool(levels), sealed=reads_sealed(actor, listing, levels), own=own)


def sights(session: Session, actor: Actor | None, listings: Iterable[Listing]) -> dict[int, Sight]:
    """The same for many, by row id: one query, and none where nothing is hidden or nobody is signed in."""
    rows = {x.id: x for x in listings if x.id is not None}
    hidden = [id_ for id_, x in rows.items() if (x.anonymous or is_embargoed(x)) and not belongs(actor, x)]
    levels = opened(session, actor, hidden) if hidden else {}
    return {id_: sight(actor, x, levels.get(id_, CLOSED)) for id_, x in rows.items()}


def opened(session: Session, actor: Actor | None, listing_ids: Iterable[int]) -> Opened:
    """What introductions opened to the actor, themselves or through their organisations, in one query."""
    if actor is None:
        return {}
    wanted = select(col(Disclosure.listing_id), col(Disclosure.level)).where(
        col(Disclosure.listing_id).in_(list(listing_ids)), is_open_to(actor)
    )
    found: dict[int, set[DisclosureLevel]] = {}
    for listing_id, level in session.execute(wanted):
        found.setdefault(listing_id, set()).add(level)
    return {listing_id: frozenset(levels) for listing_id, levels in found.items()}


def is_open_to(actor: Actor) -> ColumnElement[bool]:
    """The condition of a disclosure that holds for the actor now; what was opened to a broker ends with that role."""
    to_them: ColumnElement[bool] = col(Disclosure.organisation_id).in_(list(actor.memberships))
    if actor.role is not Role.MEMBER:
        to_them = or_(to_them, col(Disclosure.person_id) == actor.person_id)
    return and_(col(Disclosure.ended_at).is_(None), to_them)


def belongs(actor: Actor | None, listing: Listing) -> bool:
    """Whether the actor is of the organisation that owns the listing."""
    return actor is not None and listing.organisation_id is not None and listing.organisation_id in actor.memberships


def knows_owner(actor: Actor | None, listing: Listing, levels: Levels = CLOSED) -> bool:
    """Whether the actor may read the owner's name: it is open, theirs, or was opened to them by an introduction."""
    return not listing.anonymous or belongs(actor, listing) or bool(levels)


def reads_sealed(actor: Actor | None, listing: Listing, levels: Levels = CLOSED) -> bool:
    """Whether the actor may read the sealed part: theirs, or opened to them at the level that the owner set.

    No role opens it: not a reviewer's, not a broker's, not an administrator's.
    """
    return belongs(actor, listing) or listing.sealed_level in levels or DisclosureLevel.NDA in levels


def is_embargoed(listing: Listing, today: date | None = None) -> bool:
    """Whether others see no more than title and summary for now."""
    return listing.embargo_until is not None and (today or now().date()) < listing.embargo_until
