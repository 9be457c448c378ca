"""Close a listing's confidential part, and open it to those whom an introduction let in; each look is recorded."""

from sqlalchemy import select
from sqlmodel import col

from matchmaker.accounts.models import Organisation
from matchmaker.accounts.schemas import Actor
from matchmaker.audit.service import record
from matchmaker.core.errors import NotFound
from matchmaker.db.uow import UnitOfWork
from matchmaker.listings import confidence, sealed
from matchmaker.listings.models import Disclosure, Listing, SealedText
from matchmaker.listings.schemas import Confidence


def seal(uow: UnitOfWork, listing: Listing, wanted: Confidence | None) -> None:
    """Store what is confidential, in the language of the original; None keeps all as it is."""
    kept = uow.session.execute(select(SealedText).where(col(SealedText.listing_id) == listing.id)).scalars().first()
    words = kept.text if kept else ""
    if wanted is not None:
        listing.anonymous, listing.embargo_until = wanted.anonymous, wanted.embargo_until
        listing.sealed_level = wanted.sealed_level
        words = wanted.sealed_words
    if kept is not None and (kept.lang != listing.lang or not words):
        uow.session.delete(kept)
        kept = None
    if words:
        assert listing.id is not None
        row = kept or SealedText(listing_id=listing.id, lang=listing.lang, text=words)
        row.text = words
        uow.session.add(row)


def read(uow: UnitOfWork, listing: Listing, *, actor: Actor) -> tuple[SealedText, Disclosure]:
    """The sealed text and what opened it, for somebody of another organisation; the owner sees that they looked.

    Raises NotFound where there is none or where it is not open to the actor: one tells no more than the other.
    """
    found = sealed.text_of(uow.session, listing.id)
    opened = sealed.disclosures(uow.session, actor, listing)
    levels = frozenset(row.level for row in opened)
    if found is None or not opened or not confidence.reads_sealed(actor, listing, levels):
        raise NotFound("no such text")
    through = uow.session.get(Organisation, opened[0].organisation_id) if opened[0].organisation_id else None
    subject = ("listing", listing.public_id)
    record(uow, actor.public_id, sealed.VIEWED, subject, through.public_id if through else "")
    return found, opened[0]
