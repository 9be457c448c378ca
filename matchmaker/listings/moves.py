"""The one place that moves a listing: the table is asked, the record is written, the indexes are told."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select

from matchmaker.accounts.schemas import Actor
from matchmaker.audit.service import record
from matchmaker.core.clock import now
from matchmaker.core.errors import NotAllowed, NotFound
from matchmaker.db.uow import UnitOfWork
from matchmaker.listings import machine_texts, policy
from matchmaker.listings.models import ChangeKind, Listing, ListingChange, Status
from matchmaker.listings.states import Party, check_move


@dataclass(frozen=True)
class Step:
    """A wanted step: by whom, or for the clock and an import, which are nobody, on whose behalf."""

    to: Status
    by: Actor | None = None
    party: Party | None = None
    at: datetime = field(default_factory=now)


def advance(uow: UnitOfWork, listing: Listing, step: Step) -> None:
    """Take a step; raises Conflict or NotAllowed as the table says. The caller sees to dates and news."""
    parties = frozenset({step.party}) if step.party else policy.parties_of(step.by, listing)
    check_move(listing.status, step.to, parties)
    was = listing.status
    listing.status = step.to
    # The same moment: content that was written later than this was not there when the listing came to this status.
    listing.status_at = listing.updated_at = step.at
    listing.reviewer_id = None
    uow.session.add(listing)
    if Status.PUBLISHED in {was, step.to}:
        # Leaving the market in any way is told to the indexes as one thing.
        note_change(uow, listing, ChangeKind.PUBLISHED if step.to is Status.PUBLISHED else ChangeKind.WITHDRAWN)
    who = step.by.public_id if step.by else f"the {step.party}"
    record(uow, who, f"listing.{step.to.value}", ("listing", listing.public_id), f"was {was.value}")


def find(uow: UnitOfWork, public_id: str, actor: Actor) -> Listing:
    """The listing of an address, locked until the end; raises NotFound when the actor may not know that it exists."""
    wanted = select(Listing).where(Listing.public_id == public_id).with_for_update()  # type: ignore[arg-type]
    listing: Listing | None = uow.session.execute(wanted).scalar_one_or_none()
    if listing is None or not policy.SEE.allows(actor, listing):
        raise NotFound("no such listing")
    return listing


def find_own(uow: UnitOfWork, public_id: str, actor: Actor) -> Listing:
    """The same, for those who may change it; raises NotAllowed for others who see it."""
    listing = find(uow, public_id, actor)
    if not policy.EDIT.allows(actor, listing):
        raise NotAllowed("this listing belongs to another organisation")
    return listing


def note_change(uow: UnitOfWork, listing: Listing, kind: ChangeKind) -> None:
    """Tell the indexes; what was never on the market concerns nobody."""
    if listing.published_at is None:
        return
    assert listing.id is not None
    uow.session.add(ListingChange(listing_id=listing.id, kind=kind))
    if kind in {ChangeKind.PUBLISHED, ChangeKind.EDITED}:
        machine_texts.request(uow, listing)
