"""The record as an administrator may read it: deeds about an anonymous listing do not name its people.

Who owns such a listing is nobody's business, an administrator's neither, and the record would tell: it knows who wrote
the listing and who answered for it. The chain of hashes is checked over the whole record (see audit/service.py), not
over what is shown.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_
from sqlmodel import Session, col, select

from matchmaker.accounts.models import Person, Role
from matchmaker.audit.models import AuditEvent
from matchmaker.audit.queries import Wanted
from matchmaker.files.models import StoredFile
from matchmaker.interests.models import Introduction, Nda
from matchmaker.listings.models import Listing, ListingAttachment
from matchmaker.review.models import Suggestion

# What stands in the place of a name that is not told.
SOMEBODY = "a member"
BATCH = 500


def is_veiled() -> ColumnElement[bool]:
    """The condition of an event that a member of an organisation did about an anonymous listing, or a match of one."""
    by_member = exists().where(col(Person.public_id) == AuditEvent.actor, col(Person.role) == Role.MEMBER)
    return and_(by_member, or_(*(about.correlate(AuditEvent).exists() for about in _abouts())))


def besides(wanted: Wanted) -> list[ColumnElement[bool]]:
    """What is asked for beside the filters: who looks for a person's deeds does not find those that are veiled."""
    return [~is_veiled()] if wanted.actor else []


def veiled(session: Session, events: Iterable[AuditEvent]) -> Iterator[AuditEvent]:
    """The same events in their order; those that are veiled as copies without actor and detail."""
    remaining = iter(events)
    while batch := list(islice(remaining, BATCH)):
        wanted = select(AuditEvent.id).where(col(AuditEvent.id).in_([event.id for event in batch]), is_veiled())
        hidden = set(session.exec(wanted))
        yield from (_veil(event) if event.id in hidden else event for event in batch)


def _veil(event: AuditEvent) -> AuditEvent:
    kept = {name: getattr(event, name) for name in ("id", "at", "action", "object_kind", "object_id", "hash")}
    return AuditEvent(**kept, actor=SOMEBODY, detail="")


def _abouts() -> tuple[Any, ...]:
    """For each kind of object that leads to listings, those anonymous ones that an event is about."""
    named = (AuditEvent.object_id, AuditEvent.detail)
    anonymous = select(Listing.id).where(col(Listing.anonymous))
    matched = anonymous.join(Suggestion, or_(*(col(Listing.id) == side for side in _SIDES)))
    introduced = matched.join(Introduction, col(Introduction.suggestion_id) == Suggestion.id)
    return (
        anonymous.where(col(Listing.public_id) == AuditEvent.object_id),
        matched.where(col(Suggestion.public_id).in_(named)),
        introduced.where(col(Introduction.public_id).in_(named)),
        introduced.join(Nda, col(Nda.introduction_id) == Introduction.id).where(
            col(Nda.public_id) == AuditEvent.object_id
        ),
        anonymous.join(ListingAttachment, col(ListingAttachment.listing_id) == Listing.id)
        .join(StoredFile, col(StoredFile.id) == ListingAttachment.file_id)
        .where(col(StoredFile.public_id) == AuditEvent.object_id),
    )


_SIDES = (Suggestion.need_id, Suggestion.result_id)
