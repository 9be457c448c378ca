"""A lease is held by one at a time, and outlives nobody."""

import os
import subprocess
import sys
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from matchmaker.core.clock import now
from matchmaker.db import leases
from matchmaker.db.leases import Lease
from matchmaker.db.uow import unit_of_work


@pytest.fixture
def acquire(engine: Engine):
    def take(holder: str, *, name: str = "work", seconds: float = 60.0) -> bool:
        with unit_of_work(engine) as uow:
            return leases.acquire(uow, name, holder, seconds=seconds)

    return take


def release(engine: Engine, holder: str) -> None:
    with unit_of_work(engine) as uow:
        leases.release(uow, "work", holder)


def test_the_first_holder_keeps_others_out(acquire):
    assert acquire("a")
    assert not acquire("b")


def test_the_holder_may_renew(acquire, engine):
    assert acquire("a", seconds=1)
    assert acquire("a", seconds=600)
    with unit_of_work(engine) as uow:
        assert uow.session.get(Lease, "work").until > now() + timedelta(seconds=500)


def test_a_lease_that_ran_out_is_taken_over_and_lost_for_the_old_holder(acquire):
    assert acquire("a", seconds=0)
    assert acquire("b")
    assert not acquire("a")


def test_a_lease_of_a_process_that_died_long_ago_is_free(acquire, engine):
    with unit_of_work(engine) as uow:
        uow.session.add(Lease(name="work", holder="dead", until=now() - timedelta(days=3)))
    assert acquire("b")


def test_a_released_lease_is_free_at_once(acquire, engine):
    assert acquire("a")
    release(engine, "a")
    assert acquire("b")


def test_nobody_releases_the_lease_of_another(acquire, engine):
    assert acquire("a")
    release(engine, "b")
    assert not acquire("b")


def test_releasing_what_was_never_held_is_nothing(engine, acquire):
    release(engine, "a")
    assert acquire("b")


def test_only_a_process_of_this_machine_that_is_dead_is_gone():
    here = leases.this_process().rpartition(":")[0]
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        holder = f"{here}:{child.pid}"
        assert not leases.is_gone(holder)
        assert not leases.is_gone(leases.this_process())
        child.kill()
        # Dead, and its parent has not asked yet: the system still keeps its number.
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert leases.is_gone(holder)
    assert leases.is_gone(holder)
    assert not leases.is_gone(f"elsewhere:{child.pid}")
    assert not leases.is_gone("the clock")


def test_two_kinds_of_work_have_two_leases(acquire):
    assert acquire("a")
    assert acquire("b", name="other work")
