"""Who may grade what: nobody a pair that concerns a house of their own."""

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import col

from matchmaker.accounts.schemas import Actor
from matchmaker.core.clock import now
from matchmaker.listings.confidence import is_embargoed
from matchmaker.listings.models import Listing, Status


def is_own(actor: Actor, listing: Listing) -> bool:
    """Whether the actor belongs to the organisation that owns the listing, or wrote it."""
    return listing.organisation_id in actor.memberships or listing.author_id == actor.person_id


def is_gradable(listing: Listing) -> bool:
    """Whether anybody may read the whole of it now: what is off the market or under embargo is not judged."""
    return listing.status is Status.PUBLISHED and not is_embargoed(listing)


def gradable(listing: type[Listing]) -> ColumnElement[bool]:
    """The same as a condition of a SELECT."""
    until = col(listing.embargo_until)
    return and_(col(listing.status) == Status.PUBLISHED, or_(until.is_(None), until <= now().date()))


def foreign(actor: Actor, listing: type[Listing]) -> ColumnElement[bool]:
    """The condition that a listing is not the actor's own, as `is_own` says."""
    organisation, author = col(listing.organisation_id), col(listing.author_id)
    return and_(
        or_(organisation.is_(None), organisation.not_in(list(actor.memberships))),
        or_(author.is_(None), author != actor.person_id),
    )
