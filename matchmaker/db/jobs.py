"""The queue of work for later: rows that a worker takes with a lease, so that a crash loses none and repeats little."""

import json
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel, col, select

from matchmaker.core.clock import now
from matchmaker.db.types import UtcDateTime
from matchmaker.db.uow import UnitOfWork


class Job(SQLModel, table=True):
    """Work to be done at `due_at` or soon after; `payload` is JSON of ids, never of contents."""

    __table_args__ = (Index("ix_job_due", "done_at", "failed_at", "due_at"),)

    id: int | None = Field(default=None, primary_key=True)
    kind: str = Field(max_length=32)
    # The same key is queued once as long as it is not done.
    key: str = Field(default="", max_length=128, index=True)
    payload: str = "{}"
    due_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    attempts: int = 0
    holder: str = Field(default="", max_length=64)
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # Given up after the last attempt; `problem` names the kind of error.
    failed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    problem: str = ""
    created_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)


def enqueue(
    uow: UnitOfWork, kind: str, payload: Mapping[str, object], *, key: str = "", due_at: datetime | None = None
) -> None:
    """Queue work in the transaction of what makes it necessary; a `key` that waits already is not queued again."""
    if key:
        waiting = select(Job.id).where(Job.key == key, col(Job.done_at).is_(None), col(Job.failed_at).is_(None))
        if uow.session.exec(waiting.limit(1)).first() is not None:
            return
    uow.session.add(Job(kind=kind, key=key, payload=json.dumps(payload), due_at=due_at or now()))
