"""What the life of a listing makes people know; each function tells those whom it concerns."""

from matchmaker.db.uow import UnitOfWork
from matchmaker.i18n import lazy
from matchmaker.listings import records
from matchmaker.listings.models import Listing
from matchmaker.notifications.kinds import Kind, declare
from matchmaker.notifications.models import Frequency
from matchmaker.notifications.service import News, tell

declare(
    Kind("listing.submitted", lazy("A listing waits for review"), lazy("%(listing)s waits for a quality review."),
         Frequency.DAILY, staff=True),
    Kind("listing.taken_back", lazy("A listing that you review was taken back"),
         lazy("The listing %(number)s, which you were reviewing, was taken back by its owner."), staff=True),
    Kind("listing.returned", lazy("Your listing was returned with remarks"),
         lazy("%(listing)s was returned with remarks. Please look at them and hand it in again.")),
    Kind("listing.published", lazy("Your listing is published"),
         lazy("%(listing)s is published; its matches are being computed.")),
    Kind("listing.held", lazy("Your listing was put on hold"),
         lazy("%(listing)s was put on hold by a reviewer. Please look at the remarks.")),
    Kind("listing.removed", lazy("Your listing was taken off the market"),
         lazy("%(listing)s was taken off the market by an administrator.")),
    Kind("listing.ending", lazy("Your listing ends soon"),
         lazy("%(listing)s ends on %(date)s. Its page says how it can go on.")),
    Kind("listing.expired", lazy("Your listing has ended"),
         lazy("The time of %(listing)s is over. You may hand it in again.")),
    Kind("listing.archived", lazy("Your listing was archived"),
         lazy("%(listing)s has been off the market for two years and is archived.")),
)  # fmt: skip


def to_reviewers(uow: UnitOfWork, listing: Listing) -> None:
    """Say that a listing waits to those who may judge it, first of all to those who read its language."""
    path = f"/quality/{listing.public_id}"
    news = News("listing.submitted", path, {"listing": listing.public_id})
    tell(uow, records.reviewers(uow.session, listing), news)


def to_reviewer(uow: UnitOfWork, listing: Listing, reviewer_id: int | None) -> None:
    """Say to the one who was reading it that the owner took it back: by its number, since its title is closed again."""
    tell(uow, [reviewer_id], News("listing.taken_back", "/quality", {"number": listing.public_id}))


def to_owner(uow: UnitOfWork, listing: Listing, kind: str, path: str = "") -> None:
    """Tell all who look after the listing."""
    params = {"listing": listing.public_id}
    if listing.expires_at is not None:
        params["date"] = listing.expires_at.date().isoformat()
    where = path or f"/listings/{listing.public_id}"
    tell(uow, records.writers(uow.session, listing), News(kind, where, params))
