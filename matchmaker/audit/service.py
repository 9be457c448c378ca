"""Write the record of deeds, as part of the deed's own transaction; each event carries the hash of all before it."""

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC

from sqlalchemy import select
from sqlmodel import Session, col

from matchmaker.audit.models import AuditEvent
from matchmaker.db.uow import UnitOfWork


def record(uow: UnitOfWork, actor: str, action: str, subject: tuple[str, str], detail: str = "") -> None:
    """Note that `actor` did `action` to `subject`, a pair of kind and public id.

    `detail` holds codes, public ids and counts: never a name, an address or a word of a listing.
    """
    kind, public_id = subject
    event = AuditEvent(actor=actor, action=action, object_kind=kind, object_id=public_id, detail=detail)
    uow.session.flush()  # an event that was noted a moment ago in this transaction must be found
    event.hash = link(_last_hash(uow.session), event)
    uow.session.add(event)
    uow.session.flush()  # so that events keep the order in which they were noted


def link(previous: str, event: AuditEvent) -> str:
    """The event's hash: SHA-256 over the JSON of the previous event's hash and this one's contents."""
    at = event.at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
    contents = [previous, at, event.actor, event.action, event.object_kind, event.object_id, event.detail]
    said = json.dumps(contents, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()


def first_break(events: Iterable[AuditEvent]) -> AuditEvent | None:
    """The first event that does not follow from the one before it; None when the whole chain holds."""
    previous = ""
    for event in events:
        if event.hash != link(previous, event):
            return event
        previous = event.hash
    return None


def _last_hash(session: Session) -> str:
    newest = select(col(AuditEvent.hash)).order_by(col(AuditEvent.id).desc()).limit(1)
    return session.execute(newest).scalar_one_or_none() or ""
