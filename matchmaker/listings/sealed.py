"""Every SELECT of sealed texts, of who may read them and of who did."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import Session, col

from matchmaker.accounts.models import Organisation, Person
from matchmaker.accounts.schemas import Actor
from matchmaker.audit.models import AuditEvent
from matchmaker.listings.confidence import is_open_to
from matchmaker.listings.models import Disclosure, DisclosureLevel, Listing, SealedText

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


def has_text(session: Session, listing_id: int | None) -> bool:
    """Whether there is a sealed text, which is all that a stranger is told."""
    wanted = select(col(SealedText.listing_id)).where(col(SealedText.listing_id) == listing_id)
    return session.execute(wanted.limit(1)).first() is not None


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
    """Who of others has read the sealed part, the latest first."""
    last = func.max(col(AuditEvent.at))
    wanted = (
        select(col(Person.name), col(Organisation.name), func.count(), last)
        .select_from(AuditEvent)
        .join(Person, col(Person.public_id) == AuditEvent.actor)
        .outerjoin(Organisation, col(Organisation.public_id) == AuditEvent.detail)
        .where(col(AuditEvent.object_id) == listing.public_id, col(AuditEvent.action) == VIEWED)
        .group_by(col(Person.id), col(Organisation.id))
        .order_by(last.desc())
    )
    return [Viewer(name, owner or "", times, at) for name, owner, times, at in session.execute(wanted)]
