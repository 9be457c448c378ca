"""What reviewers do: take a listing from the queue, give it back, publish it, return it, hold one that is out."""

from dataclasses import dataclass

from matchmaker.accounts.schemas import Actor
from matchmaker.audit.service import record
from matchmaker.core.errors import Conflict, Invalid, NotAllowed
from matchmaker.db.uow import UnitOfWork
from matchmaker.listings import news, policy
from matchmaker.listings import service as listings
from matchmaker.listings.life import is_held_by_reviewer, is_over
from matchmaker.listings.models import Listing, QualityReview, Status
from matchmaker.listings.moves import Step, advance, find
from matchmaker.quality.schemas import Judgement


@dataclass(frozen=True)
class Read:
    """What the reviewer judged: the listing of an address, at the revision that was on their screen."""

    public_id: str
    revision: int


def take(uow: UnitOfWork, public_id: str, *, actor: Actor) -> Listing:
    """Begin to review; raises Conflict when somebody else took it a moment ago."""
    listing = _judged(uow, public_id, actor)
    if _is_with(listing, actor):
        return listing
    advance(uow, listing, Step(Status.UNDER_REVIEW, actor))
    listing.reviewer_id = actor.person_id
    return listing


def give_back(uow: UnitOfWork, public_id: str, *, actor: Actor) -> Listing:
    """Put a listing back into the queue; an administrator does it for a reviewer who is away."""
    listing = _judged(uow, public_id, actor)
    if listing.status is not Status.UNDER_REVIEW:
        raise Conflict("this listing is not under review")
    if not _is_with(listing, actor) and not policy.is_administrator(actor, listing):
        raise Conflict("somebody else reviews this listing")
    advance(uow, listing, Step(Status.SUBMITTED, actor))
    return listing


def publish(uow: UnitOfWork, read: Read, judgement: Judgement, *, actor: Actor) -> Listing:
    """Put the listing on the market; raises Invalid when a zero holds it."""
    listing = _in_hand(uow, read, actor)
    if judgement.holds:
        raise Invalid({name: "zero_holds" for name, mark in judgement.marks().items() if mark == 0})
    listings.publish(uow, listing, Step(Status.PUBLISHED, actor))
    _write_down(uow, listing, judgement, actor)
    news.to_owner(uow, listing, "listing.published")
    return listing


def return_(uow: UnitOfWork, read: Read, judgement: Judgement, *, actor: Actor) -> Listing:
    """Give the listing back to its owner, who is told what to mend; raises Invalid without remarks."""
    listing = _in_hand(uow, read, actor)
    _require_remarks(judgement)
    advance(uow, listing, Step(Status.RETURNED, actor))
    _write_down(uow, listing, judgement, actor)
    news.to_owner(uow, listing, "listing.returned", f"/listings/{listing.public_id}/edit")
    return listing


def hold(uow: UnitOfWork, read: Read, judgement: Judgement, *, actor: Actor) -> Listing:
    """Take a published listing off the market until a reviewer lets it go on, or its owner hands it in again."""
    listing = _judged(uow, read.public_id, actor)
    if listing.status is not Status.PUBLISHED:
        raise Conflict("only a published listing can be put on hold")
    _require_seen(listing, read)
    _require_remarks(judgement)
    advance(uow, listing, Step(Status.ON_HOLD, actor))
    listing.reviewer_id = actor.person_id
    _write_down(uow, listing, judgement, actor)
    news.to_owner(uow, listing, "listing.held")
    return listing


def release(uow: UnitOfWork, public_id: str, *, actor: Actor) -> Listing:
    """End a reviewer's hold; any reviewer may, since what was wrong is in the remarks."""
    listing = _judged(uow, public_id, actor)
    if not is_held_by_reviewer(listing):
        raise Conflict("no reviewer holds this listing")
    step = Step(Status.PUBLISHED, actor)
    if is_over(listing, step.at):
        raise Conflict("the time of this listing is over")
    advance(uow, listing, step)
    news.to_owner(uow, listing, "listing.published")
    return listing


def _judged(uow: UnitOfWork, public_id: str, actor: Actor) -> Listing:
    listing = find(uow, public_id, actor)
    if not policy.APPRAISE.allows(actor, listing):
        raise NotAllowed("nobody judges what is their own")
    return listing


def _is_with(listing: Listing, actor: Actor) -> bool:
    return listing.status is Status.UNDER_REVIEW and listing.reviewer_id == actor.person_id


def _in_hand(uow: UnitOfWork, read: Read, actor: Actor) -> Listing:
    """The listing that the actor has taken, as they have read it."""
    listing = _judged(uow, read.public_id, actor)
    if not _is_with(listing, actor):
        raise Conflict("this listing is not with you any more")
    _require_seen(listing, read)
    return listing


def _require_seen(listing: Listing, read: Read) -> None:
    if listing.revision != read.revision:
        raise Conflict("its owner changed this listing in the meantime")


def _require_remarks(judgement: Judgement) -> None:
    if not judgement.remarks:
        raise Invalid({"remarks": "remarks_missing"})


def _write_down(uow: UnitOfWork, listing: Listing, judgement: Judgement, actor: Actor) -> None:
    """Keep the judgement; its remarks are the owner's and the reviewers' business, not the record's."""
    assert listing.id is not None
    uow.session.add(
        QualityReview(
            listing_id=listing.id,
            revision=listing.revision,
            reviewer_id=actor.person_id,
            outcome=listing.status,
            **judgement.model_dump(),
        )
    )
    said = ", ".join(f"{name} {mark}" for name, mark in judgement.marks().items())
    record(uow, actor.public_id, "listing.appraise", ("listing", listing.public_id), said)
