"""Every SELECT over expressions of interest."""

from collections.abc import Collection, Iterable

from sqlalchemy import select
from sqlmodel import Session, col

from matchmaker.accounts.models import Organisation
from matchmaker.interests.models import Interest
from matchmaker.listings.models import Direction, Listing, Status
from matchmaker.review.models import Suggestion


def interests_of(session: Session, suggestion_ids: Iterable[int | None]) -> dict[int, Interest]:
    """Suggestion id → the interest that it began with, where it did."""
    wanted = select(Interest).where(col(Interest.suggestion_id).in_(set(suggestion_ids) - {None}))
    return {row.suggestion_id: row for row in session.execute(wanted).scalars()}


def matches_between(session: Session, listing: Listing, organisation_ids: Collection[int]) -> list[Suggestion]:
    """Every match of the listing with one of the organisations, what moved last first."""
    is_need = listing.direction is Direction.NEED
    own, other = (
        (Suggestion.need_id, Suggestion.result_org_id) if is_need else (Suggestion.result_id, Suggestion.need_org_id)
    )
    wanted = select(Suggestion).where(col(own) == listing.id, col(other).in_(list(organisation_ids)))
    return list(session.execute(wanted.order_by(col(Suggestion.state_at).desc())).scalars())


def pair(session: Session, need_id: int | None, result_id: int | None) -> Suggestion | None:
    """The match of two listings."""
    wanted = select(Suggestion).where(col(Suggestion.need_id) == need_id, col(Suggestion.result_id) == result_id)
    return session.execute(wanted.with_for_update()).scalar_one_or_none()


def offered_listings(session: Session, organisation_ids: Collection[int], direction: Direction) -> list[Listing]:
    """Published listings of these organisations in one direction, newest first."""
    wanted = select(Listing).where(
        col(Listing.organisation_id).in_(list(organisation_ids)),
        col(Listing.direction) == direction,
        col(Listing.status) == Status.PUBLISHED,
    )
    return list(session.execute(wanted.order_by(col(Listing.published_at).desc())).scalars())


def organisations(session: Session, ids: Collection[int]) -> list[Organisation]:
    """These organisations, by name."""
    wanted = select(Organisation).where(col(Organisation.id).in_(list(ids)))
    return list(session.execute(wanted.order_by(col(Organisation.name))).scalars())
