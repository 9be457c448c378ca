"""What the clock does now and then: functions that a worker calls, each when it is due.

When a tick is due next is kept as a lease (db/leases.py): while it runs its process holds the lease, afterwards the
clock does, until the next time. So two workers never do the same, and a restart waits no longer than it must.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from matchmaker.core.clock import now
from matchmaker.db import leases
from matchmaker.db.leases import Lease
from matchmaker.db.uow import UnitOfWork

# Who holds the lease of a tick that does not run.
CLOCK = "the clock"
# A tick that takes longer than this without doing anything countable may be begun by another worker too.
RUNNING_SECONDS = 900.0
# A tick that failed is tried again after this, or at its usual time when that is sooner.
AGAIN_SECONDS = 60.0


@dataclass(frozen=True)
class Tick:
    """Work that is due every so many seconds; `run` answers how much it did, and is called again at once until 0."""

    name: str
    seconds: float
    run: Callable[[Engine], int]

    @property
    def lease(self) -> str:
        return f"tick:{self.name}"


def due(session: Session, ticks: Iterable[Tick], holder: str) -> list[Tick]:
    """Those that nobody runs and whose time has come; one query for all."""
    wanted = list(ticks)
    rows = session.exec(select(Lease).where(col(Lease.name).in_([tick.lease for tick in wanted]))).all()
    held = (row for row in rows if row.until > now() and row.holder != holder)
    waiting = {row.name for row in held if not leases.is_gone(row.holder)}
    return [tick for tick in wanted if tick.lease not in waiting]


def begin(uow: UnitOfWork, tick: Tick, holder: str) -> bool:
    """Take the tick, or keep it for longer; False when another worker was faster."""
    return leases.acquire(uow, tick.lease, holder, seconds=RUNNING_SECONDS, is_gone=leases.is_gone)


def end(uow: UnitOfWork, tick: Tick, holder: str, seconds: float) -> None:
    """Hand the tick back to the clock for so long."""
    lease = uow.session.get(Lease, tick.lease, with_for_update=True)
    if lease is not None and lease.holder == holder:
        lease.holder, lease.until = CLOCK, now() + timedelta(seconds=seconds)
