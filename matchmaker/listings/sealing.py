"""Close a listing's confidential part, and open it to those whom an introduction let in; each look is recorded."""

from pydantic import SecretStr
from sqlalchemy import select
from sqlmodel import Session, col

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


def closed_in(session: Session, listing: Listing) -> Confidence:
    """What is closed in a listing, its files apart, for a draft that says the same; an embargo that is over is none."""
    found = sealed.text_of(session, listing.id)
    return Confidence.model_construct(
        anonymous=listing.anonymous,
        sealed=SecretStr(found.text if found else ""),
        sealed_level=listing.sealed_level,
        embargo_until=listing.embargo_until if confidence.is_embargoed(listing) else None,
    )


def read(uow: UnitOfWork, listing: Listing, *, actor: Actor) -> tuple[SealedText | None, Disclosure]:
    """The sealed text, if there is one beside the files, and what opened it, for somebody of another organisation.

    The owner sees that they looked. Raises NotFound where there is no sealed part or where it is not open to the
    actor: one tells no more than the other.
    """
    is_there = sealed.has_part(uow.session, listing.id)
    opened = sealed.disclosures(uow.session, actor, listing)
    levels = frozenset(row.level for row in opened)
    if not is_there or not opened or not confidence.reads_sealed(actor, listing, levels):
        raise NotFound("no such text")
    note_look(uow, listing, actor)
    return sealed.text_of(uow.session, listing.id), opened[0]


def note_look(uow: UnitOfWork, listing: Listing, actor: Actor, *, file: str = "") -> None:
    """Record that somebody of another organisation has read the sealed part, or taken a sealed file of this id.

    The detail is what let them in, an organisation or for a broker nothing, and the file.
    """
    opened = sealed.disclosures(uow.session, actor, listing)
    let_in = next((row.organisation_id for row in opened if row.organisation_id), None)
    through = uow.session.get(Organisation, let_in) if let_in else None
    detail = [through.public_id if through else "-", *([f"file {file}"] if file else [])]
    record(uow, actor.public_id, sealed.VIEWED, ("listing", listing.public_id), " ".join(detail))
