"""Who did what to what, when; rows are only ever added."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from matchmaker.core.clock import now
from matchmaker.db.types import UtcDateTime


class AuditEvent(SQLModel, table=True):
    """One deed. `actor` is a person's public id, or the name of a process such as "import"."""

    __tablename__ = "audit_event"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    actor: str = Field(max_length=64)
    action: str = Field(max_length=64)
    object_kind: str = Field(max_length=32)
    object_id: str = Field(max_length=64, index=True)
    detail: str = ""
    # SHA-256 over the previous event's hash and this event's contents: a row that was changed or removed breaks it.
    hash: str = Field(default="", max_length=64)
