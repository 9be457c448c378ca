"""Who may know what of a listing: its owner's name, its sealed part, its text under embargo."""

from collections.abc import Iterable, Mapping
from datetime import date

from sqlalchemy import and_, or_, select
from sqlmodel import Session, col

from matchmaker.accounts.schemas import Actor
from matchmaker.core.clock import now
from matchmaker.listings.models import Disclosure, DisclosureLevel, Listing

Opened = Mapping[int, frozenset[DisclosureLevel]]
"""Listing id → the levels that are open to somebody; a listing that is not in it is closed to them."""


def opened(session: Session, actor: Actor | None, listing_ids: Iterable[int]) -> Opened:
    """What introductions opened to the actor, themselves or through their organisations, in one query."""
    if actor is None:
        return {}
    to_them = or_(
        col(Disclosure.person_id) == actor.person_id,
        col(Disclosure.organisation_id).in_(list(actor.memberships)),
    )
    wanted = select(col(Disclosure.listing_id), col(Disclosure.level)).where(
        and_(col(Disclosure.listing_id).in_(list(listing_ids)), col(Disclosure.ended_at).is_(None), to_them)
    )
    found: dict[int, set[DisclosureLevel]] = {}
    for listing_id, level in session.execute(wanted):
        found.setdefault(listing_id, set()).add(level)
    return {listing_id: frozenset(levels) for listing_id, levels in found.items()}


def belongs(actor: Actor | None, listing: Listing) -> bool:
    """Whether the actor is of the organisation that owns the listing."""
    return actor is not None and listing.organisation_id is not None and listing.organisation_id in actor.memberships


def knows_owner(actor: Actor | None, listing: Listing, levels: frozenset[DisclosureLevel] = frozenset()) -> bool:
    """Whether the actor may read the owner's name: it is open, theirs, or was opened to them by an introduction."""
    return not listing.anonymous or belongs(actor, listing) or bool(levels)


def reads_sealed(actor: Actor | None, listing: Listing, levels: frozenset[DisclosureLevel] = frozenset()) -> bool:
    """Whether the actor may read the sealed part: theirs, or opened to them at the level that the owner set.

    No role opens it: not a reviewer's, not a broker's, not an administrator's.
    """
    return belongs(actor, listing) or listing.sealed_level in levels or DisclosureLevel.NDA in levels


def is_embargoed(listing: Listing, today: date | None = None) -> bool:
    """Whether others see no more than title and summary for now."""
    return listing.embargo_until is not None and (today or now().date()) < listing.embargo_until
