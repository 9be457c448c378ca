"""Files of a listing: in its open or in its sealed part, and read for matching where the owner says so."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlmodel import Session, col

from matchmaker.accounts.schemas import Actor
from matchmaker.audit.service import record
from matchmaker.config import Settings
from matchmaker.core.clock import now
from matchmaker.core.errors import Invalid, NotFound
from matchmaker.db.uow import UnitOfWork
from matchmaker.files import service as files
from matchmaker.files.models import StoredFile
from matchmaker.files.service import Received
from matchmaker.listings import confidence, policy, sealing
from matchmaker.listings.models import ChangeKind, Listing, ListingAttachment
from matchmaker.listings.moves import note_change
from matchmaker.listings.queries import FullListing
from matchmaker.listings.service import writable

MOST_FILES = 10


@dataclass(frozen=True)
class Attached:
    """A file with its place in the listing."""

    file: StoredFile
    sealed: bool
    feeds_matching: bool

    @property
    def kind(self) -> str:
        return files.kind_title(self.file)


@dataclass(frozen=True)
class Part:
    """Where a file belongs, and whether its text takes part in matching."""

    sealed: bool
    feeds_matching: bool


def attach(
    uow: UnitOfWork, public_id: str, received: Sequence[Received], part: Part, *, actor: Actor
) -> list[StoredFile]:
    """Add files to a listing; raises Invalid when there are none or too many."""
    listing = writable(uow, public_id, actor)
    assert listing.id is not None
    if not received:
        raise Invalid({"file": "file_missing"})
    if _count(uow.session, listing) + len(received) > MOST_FILES:
        raise Invalid({"file": "file_count"})
    kept = [files.store(uow, one, actor=actor) for one in received]
    uow.session.add_all(
        ListingAttachment(
            listing_id=listing.id,
            file_id=stored.id or 0,
            sealed=part.sealed,
            feeds_matching=part.feeds_matching,
            text=one.text,
        )
        for stored, one in zip(kept, received, strict=True)
    )
    _changed(uow, listing, "listing.attach", actor, read=part.feeds_matching)
    return kept


def change(uow: UnitOfWork, public_id: str, file_id: str, part: Part, *, actor: Actor) -> None:
    """Move a file to the other part, or let matching read it or not."""
    listing = writable(uow, public_id, actor)
    row, _ = _find(uow, listing, file_id)
    read = row.feeds_matching or part.feeds_matching
    row.sealed, row.feeds_matching = part.sealed, part.feeds_matching
    uow.session.add(row)
    _changed(uow, listing, "listing.attachment_change", actor, read=read)


def detach(uow: UnitOfWork, settings: Settings, public_id: str, file_id: str, *, actor: Actor) -> None:
    """Remove a file from a listing for good."""
    listing = writable(uow, public_id, actor)
    row, stored = _find(uow, listing, file_id)
    read = row.feeds_matching
    uow.session.delete(row)
    uow.session.flush()  # the file's row may go only after the one that refers to it
    files.drop(uow, settings, stored, actor=actor)
    _changed(uow, listing, "listing.detach", actor, read=read)


def attached(session: Session, listing: Listing, *, sealed: bool) -> list[Attached]:
    """The files of a listing in the order in which they came, those of the sealed part only when asked for."""
    wanted = (
        select(ListingAttachment, StoredFile)
        .join(StoredFile, col(StoredFile.id) == ListingAttachment.file_id)
        .where(col(ListingAttachment.listing_id) == listing.id)
        .order_by(col(StoredFile.id))
    )
    rows = [Attached(file, row.sealed, row.feeds_matching) for row, file in session.execute(wanted)]
    return [one for one in rows if sealed or not one.sealed]


def for_reader(session: Session, full: FullListing) -> list[Attached]:
    """The files whose names the reader may know: none under an embargo that holds for them."""
    return [] if full.is_shortened else attached(session, full.listing, sealed=full.sight.sealed)


def may_read(session: Session, actor: Actor | None, stored: StoredFile) -> bool:
    """Whether the actor may have this file, because it is of a listing and of a part that they may read."""
    wanted = (
        select(Listing, ListingAttachment)
        .join(ListingAttachment, col(ListingAttachment.listing_id) == Listing.id)
        .where(col(ListingAttachment.file_id) == stored.id)
    )
    found = session.execute(wanted).first()
    if found is None:
        return False
    listing, row = found
    levels = confidence.opened(session, actor, [listing.id]).get(listing.id, frozenset())
    if row.sealed:
        return confidence.reads_sealed(actor, listing, levels)
    if confidence.is_embargoed(listing) and not (confidence.belongs(actor, listing) or levels):
        return False
    return policy.SEE.allows(actor, listing) or bool(levels)


def note_look(uow: UnitOfWork, actor: Actor | None, stored: StoredFile) -> None:
    """Record that somebody else than its owner's people took a sealed file; the owner can read who did."""
    wanted = (
        select(Listing)
        .join(ListingAttachment, col(ListingAttachment.listing_id) == Listing.id)
        .where(col(ListingAttachment.file_id) == stored.id, col(ListingAttachment.sealed).is_(True))
    )
    listing = uow.session.execute(wanted).scalars().first()
    if listing is not None and actor is not None and not confidence.belongs(actor, listing):
        sealing.note_look(uow, listing, actor, file=stored.public_id)


def _count(session: Session, listing: Listing) -> int:
    wanted = select(func.count()).where(col(ListingAttachment.listing_id) == listing.id)
    found: int = session.execute(wanted).scalar_one()
    return found


def _find(uow: UnitOfWork, listing: Listing, file_id: str) -> tuple[ListingAttachment, StoredFile]:
    wanted = (
        select(ListingAttachment, StoredFile)
        .join(StoredFile, col(StoredFile.id) == ListingAttachment.file_id)
        .where(col(ListingAttachment.listing_id) == listing.id, col(StoredFile.public_id) == file_id)
    )
    found = uow.session.execute(wanted).first()
    if found is None:
        raise NotFound("no such file in this listing")
    return found[0], found[1]


def _changed(uow: UnitOfWork, listing: Listing, action: str, actor: Actor, *, read: bool) -> None:
    """Record it; where matching reads the file, the listing is embedded anew."""
    listing.updated_at = now()
    if read:
        listing.revision += 1
        note_change(uow, listing, ChangeKind.EDITED)
    uow.session.add(listing)
    record(uow, actor.public_id, action, ("listing", listing.public_id))
