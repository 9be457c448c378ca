"""Every SELECT of sealed texts, of who may read them and of who did."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from matchmaker.accounts.models import Organisation, Person
from matchmaker.accounts.schemas import Actor
from matchmaker.audit.models import AuditEvent
from matchmaker.listings.confidence import is_open_to
from matchmaker.listings.models import Disclosure, DisclosureLevel, Listing, ListingAttachment, SealedText

VIEWED = "listing.sealed_view"


@dataclass(frozen=True)
class Viewer:
    """Somebody of another organisation who has read a sealed part: how often, and when last."""

    name: str
    organisation: str
    times: int
    last_at: datetime


def text_of(session: Session, listing_id: int | None) -> SealedText | None:
    """The sealed text of a listing, for whoever was found to be allowed to read it."""
    return texts_of(session, [listing_id]).get(listing_id or 0)


def texts_of(session: Session, listing_ids: Iterable[int | None]) -> dict[int, SealedText]:
    """Sealed texts by the listing's row id."""
    wanted = select(SealedText).where(col(SealedText.listing_id).in_(list(listing_ids)))
    return {row.listing_id: row for row in session.execute(wanted).scalars()}


def has_part(session: Session, listing_id: int | None) -> bool:
    """Whether there is a sealed text or file, which is all that a stranger is told."""
    texts = select(col(SealedText.listing_id)).where(col(SealedText.listing_id) == listing_id)
    files = select(col(ListingAttachment.listing_id)).where(
        col(ListingAttachment.listing_id) == listing_id, col(ListingAttachment.sealed)
    )
    return session.execute(texts.union_all(files).limit(1)).first() is not None


def digest_of(session: Session, listing_id: int | None) -> str:
    """What a stored version keeps of the sealed text: SHA-256, or "" where there is none."""
    found = text_of(session, listing_id)
    return hashlib.sha256(found.text.encode()).hexdigest() if found else ""


def disclosures(session: Session, actor: Actor, listing: Listing) -> list[Disclosure]:
    """Those that let the actor read the sealed part of this listing, the earliest first."""
    enough = {listing.sealed_level, DisclosureLevel.NDA}
    wanted = select(Disclosure).where(
        col(Disclosure.listing_id) == listing.id, col(Disclosure.level).in_(enough), is_open_to(actor)
    )
    return list(session.execute(wanted.order_by(col(Disclosure.at), col(Disclosure.id))).scalars())


def viewers(session: Session, listing: Listing) -> list[Viewer]:
    """Who of others has read the sealed part or taken a file of it, the latest first."""
    wanted = (
        select(col(Person.id), col(Person.name), col(AuditEvent.detail), col(AuditEvent.at))
        .join(Person, col(Person.public_id) == AuditEvent.actor)
        .where(col(AuditEvent.object_id) == listing.public_id, col(AuditEvent.action) == VIEWED)
        .order_by(col(AuditEvent.id).desc())
    )
    found: dict[tuple[int, str], list[tuple[str, datetime]]] = {}
    for person_id, name, detail, at in session.execute(wanted):
        found.setdefault((person_id or 0, detail.partition(" ")[0]), []).append((name, at))
    names = _organisation_names(session, {let_in for _, let_in in found})
    return [Viewer(looks[0][0], names.get(key[1], ""), len(looks), looks[0][1]) for key, looks in found.items()]


def _organisation_names(session: Session, public_ids: set[str]) -> dict[str, str]:
    wanted = select(col(Organisation.public_id), col(Organisation.name))
    return dict(session.execute(wanted.where(col(Organisation.public_id).in_(public_ids))).all())
