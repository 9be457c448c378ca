"""Write the record of deeds; it is part of the deed's own transaction."""

from matchmaker.audit.models import AuditEvent
from matchmaker.db.uow import UnitOfWork


def record(uow: UnitOfWork, actor: str, action: str, subject: tuple[str, str], detail: str = "") -> None:
    """Note that `actor` did `action` to `subject`, a pair of kind and public id."""
    kind, public_id = subject
    uow.session.add(AuditEvent(actor=actor, action=action, object_kind=kind, object_id=public_id, detail=detail))
