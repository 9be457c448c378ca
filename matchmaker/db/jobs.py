"""The queue of work for later: rows that a worker takes with a lease, so that a crash loses none and repeats little."""

import json
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel, col, select

from matchmaker.core.clock import now
from matchmaker.db import leases
from matchmaker.db.types import UtcDateTime
from matchmaker.db.uow import UnitOfWork

# How long to wait after each failure; whoever fails once more after the last is given up: three and a half days.
WAITS = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=8),
    timedelta(days=1),
    timedelta(days=1),
    timedelta(days=1),
)
# So long another worker keeps its hands off a job, unless it knows that the process which took it is dead.
LEASE = timedelta(minutes=15)
# How many due jobs are looked at for one that nobody works on.
LOOKED_AT = 20


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

    @property
    def contents(self) -> dict[str, Any]:
        """What the handler is told."""
        found: dict[str, Any] = json.loads(self.payload)
        return found


def enqueue(
    uow: UnitOfWork, kind: str, payload: Mapping[str, object], *, key: str = "", due_at: datetime | None = None
) -> None:
    """Queue work in the transaction of what makes it necessary; a `key` that waits already is not queued again.

    A job that a worker has taken does not count as waiting: what changed since it began must be done once more.
    """
    if key:
        waiting = select(Job.id).where(
            Job.key == key, col(Job.done_at).is_(None), col(Job.failed_at).is_(None), Job.holder == ""
        )
        if uow.session.exec(waiting.limit(1)).first() is not None:
            return
    uow.session.add(Job(kind=kind, key=key, payload=json.dumps(payload), due_at=due_at or now()))


def due(kinds: Collection[str]) -> Any:
    """The SELECT of jobs of these kinds that may be taken now, by their lease alone; the longest due first."""
    moment = now()
    return (
        select(Job)
        .where(
            col(Job.done_at).is_(None),
            col(Job.failed_at).is_(None),
            col(Job.due_at) <= moment,
            col(Job.kind).in_(kinds),
        )
        .order_by(col(Job.due_at), col(Job.id))
        .limit(LOOKED_AT)
    )


def take(uow: UnitOfWork, kinds: Collection[str], holder: str) -> Job | None:
    """The next due job that nobody works on, now leased to `holder`; an attempt counts from its beginning."""
    for job in uow.session.exec(due(kinds).with_for_update(skip_locked=True)):
        held = job.holder and job.lease_until and job.lease_until > now()
        if held and not leases.is_gone(job.holder):
            continue
        if job.attempts > len(WAITS):
            # It took its workers with it every time, or it would have been given up by `fail`.
            job.failed_at, job.problem = now(), job.problem or "the worker died"
            continue
        job.holder, job.lease_until = holder, now() + LEASE
        job.attempts += 1
        return job  # type: ignore[no-any-return]  # the SELECT is untyped
    return None


def finish(uow: UnitOfWork, job: Job) -> None:
    """Note that the job is done, unless its lease ran out and somebody else has it."""
    current = _ours(uow, job)
    if current is not None:
        current.done_at, current.holder, current.lease_until = now(), "", None


def fail(uow: UnitOfWork, job: Job, problem: str) -> None:
    """Note a failure: the job is due again after the wait of the table, or given up after the last."""
    current = _ours(uow, job)
    if current is None:
        return
    current.holder, current.lease_until, current.problem = "", None, problem
    if current.attempts > len(WAITS):
        current.failed_at = now()
    else:
        current.due_at = now() + WAITS[current.attempts - 1]


def _ours(uow: UnitOfWork, job: Job) -> Job | None:
    current = uow.session.get(Job, job.id, with_for_update=True)
    return current if current is not None and current.holder == job.holder else None
