"""A lease: work that one process at a time may do, and that another takes over when the holder dies."""

import os
import socket
from collections.abc import Callable
from datetime import datetime, timedelta

import psutil
from sqlmodel import Field, SQLModel

from matchmaker.core.clock import now
from matchmaker.db.types import UtcDateTime
from matchmaker.db.uow import UnitOfWork


class Lease(SQLModel, table=True):
    """Who does the named work, and until when nobody else may."""

    name: str = Field(primary_key=True, max_length=64)
    holder: str = Field(max_length=64)
    until: datetime = Field(sa_type=UtcDateTime)


def this_process() -> str:
    """The name under which this process holds leases: the machine and the process's number."""
    return f"{socket.gethostname()[:32]}:{os.getpid()}"


def is_gone(holder: str) -> bool:
    """Whether the process that holds a lease has died on this very machine."""
    host, _, number = holder.rpartition(":")
    return host == socket.gethostname()[:32] and number.isdecimal() and not _lives(int(number))


def _lives(number: int) -> bool:
    """Whether a process of this number does anything; one that nobody has buried yet does not."""
    try:
        status: str = psutil.Process(number).status()
    except psutil.NoSuchProcess:
        return False
    return status not in {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD}


def acquire(
    uow: UnitOfWork, name: str, holder: str, *, seconds: float, is_gone: Callable[[str], bool] = lambda _: False
) -> bool:
    """Take or renew the lease; False when another holder's is still running and that holder is not known to be gone."""
    lease = uow.session.get(Lease, name, with_for_update=True)
    if lease is not None and lease.holder != holder and lease.until > now() and not is_gone(lease.holder):
        return False
    lease = lease or Lease(name=name, holder=holder, until=now())
    lease.holder, lease.until = holder, now() + timedelta(seconds=seconds)
    uow.session.add(lease)
    return True


def release(uow: UnitOfWork, name: str, holder: str) -> None:
    """Give the lease back early, if it is still ours."""
    lease = uow.session.get(Lease, name, with_for_update=True)
    if lease is not None and lease.holder == holder:
        uow.session.delete(lease)
