"""What a listing's dates allow: renewing, coming back as it was. Moments are passed, so that a test needs no clock."""

from datetime import datetime, timedelta
from math import ceil

from matchmaker.listings.fields import REMINDED_DAYS, RENEWALS
from matchmaker.listings.models import Listing, Status
from matchmaker.listings.states import RUNNING


def is_over(listing: Listing, at: datetime) -> bool:
    """Whether its time on the market has ended; an imported listing has none."""
    return listing.expires_at is not None and listing.expires_at <= at


def may_renew(listing: Listing, at: datetime) -> bool:
    """In the last two weeks of its first year, on the market or on hold."""
    if listing.status not in RUNNING or listing.expires_at is None or listing.renewals >= RENEWALS:
        return False
    return listing.expires_at - timedelta(days=REMINDED_DAYS) <= at < listing.expires_at


def may_come_back(listing: Listing, person_id: int, at: datetime) -> bool:
    """Whether it may go straight back to the market: in its time, nothing written since it was withdrawn.

    What the desk took off comes back by whoever took it, or by a review.
    """
    if listing.status is not Status.WITHDRAWN or listing.published_at is None:
        return False
    if listing.reviewer_id not in {None, person_id}:
        return False
    return listing.updated_at <= listing.status_at and not is_over(listing, at)


def is_held_by_reviewer(listing: Listing) -> bool:
    """Whether only the desk can let it go on."""
    return listing.status is Status.ON_HOLD and listing.reviewer_id is not None


def days_left(listing: Listing, at: datetime) -> int | None:
    """Days until its end, counting one that has begun; None while that is more than two weeks off, or never."""
    if listing.status not in RUNNING or listing.expires_at is None:
        return None
    left = listing.expires_at - at
    return max(1, ceil(left / timedelta(days=1))) if left <= timedelta(days=REMINDED_DAYS) else None
