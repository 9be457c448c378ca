"""The worker's round: what is due is done once, by one of several workers, and no failure stops the others."""

import logging
import threading
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select
from sqlmodel import Session

from matchmaker.core.clock import now
from matchmaker.db import jobs
from matchmaker.db.jobs import Job
from matchmaker.db.leases import Lease, this_process
from matchmaker.db.ticks import Tick
from matchmaker.db.uow import unit_of_work
from matchmaker.db.worker import MOST_JOBS, MOST_RUNS, Worker

DEAD = f"{this_process().rpartition(':')[0]}:999999999"


class Counted:
    """Work that remembers its calls; it does one thing in each of the first `times` calls."""

    def __init__(self, times: int = 0, error: Exception | None = None) -> None:
        self.calls, self.times, self.error = 0, times, error

    def __call__(self, _engine: Engine) -> int:
        self.calls += 1
        if self.error:
            raise self.error
        return 1 if self.calls <= self.times else 0


def pass_time(engine: Engine, seconds: float) -> None:
    """Let every lease stand as if so much time had passed."""
    with unit_of_work(engine) as uow:
        for lease in uow.session.execute(select(Lease)).scalars():
            lease.until -= timedelta(seconds=seconds)


def queue(engine: Engine, kind: str = "add", number: int = 1) -> None:
    with unit_of_work(engine) as uow:
        jobs.enqueue(uow, kind, {"number": number})


def test_a_tick_runs_at_once_and_then_when_its_time_has_come(engine: Engine):
    run = Counted()
    worker = Worker(engine, ticks=[Tick("a", 600, run)])
    worker.round()
    worker.round()
    assert run.calls == 1
    pass_time(engine, 599)
    worker.round()
    assert run.calls == 1
    pass_time(engine, 2)
    worker.round()
    assert run.calls == 2


def test_a_tick_is_called_until_it_has_nothing_to_do(engine: Engine):
    run = Counted(times=3)
    assert Worker(engine, ticks=[Tick("a", 600, run)]).round() == 3
    assert run.calls == 4


def test_a_tick_with_more_to_do_than_a_round_takes_goes_on_in_the_next(engine: Engine):
    run = Counted(times=MOST_RUNS + 5)
    worker = Worker(engine, ticks=[Tick("a", 86400, run)])
    assert (worker.round(), worker.round(), worker.round()) == (MOST_RUNS, 5, 0)


def test_two_workers_do_a_tick_once_and_a_restart_does_not_do_it_again(engine: Engine):
    run = Counted()
    for holder in ("host:1", "host:2", "host:3"):
        Worker(engine, ticks=[Tick("a", 600, run)], holder=holder).round()
    assert run.calls == 1


def test_a_tick_that_another_worker_is_at_is_left_alone_until_that_one_is_dead(engine: Engine):
    run = Counted()
    with unit_of_work(engine) as uow:
        uow.session.add(Lease(name="tick:a", holder="elsewhere:1", until=now() + timedelta(minutes=5)))
        uow.session.add(Lease(name="tick:b", holder=DEAD, until=now() + timedelta(minutes=5)))
    Worker(engine, ticks=[Tick("a", 600, run)]).round()
    assert run.calls == 0
    Worker(engine, ticks=[Tick("b", 600, run)]).round()
    assert run.calls == 1


def test_a_tick_that_fails_stops_no_other_and_is_tried_again_after_a_minute(engine: Engine, caplog):
    bad, good = Counted(error=RuntimeError("no")), Counted()
    worker = Worker(engine, ticks=[Tick("bad", 86400, bad), Tick("good", 86400, good)])
    worker.round()
    assert (bad.calls, good.calls) == (1, 1)
    assert "bad" in caplog.text
    worker.round()
    assert bad.calls == 1
    pass_time(engine, 61)
    worker.round()
    assert (bad.calls, good.calls) == (2, 1)


def test_jobs_are_handed_to_the_handler_of_their_kind(engine: Engine):
    seen: list[int] = []
    queue(engine, number=5)
    queue(engine, "unknown")
    worker = Worker(engine, {"add": lambda _engine, payload: seen.append(payload["number"])})
    assert (worker.round(), worker.round()) == (1, 0)
    assert seen == [5]


def test_a_job_that_fails_stops_no_other_and_its_message_is_not_kept(engine: Engine, caplog):
    seen: list[int] = []

    def add(_engine: Engine, payload: dict[str, int]) -> None:
        if payload["number"] == 1:
            raise ValueError("a secret word")
        seen.append(payload["number"])

    queue(engine, number=1)
    queue(engine, number=2)
    Worker(engine, {"add": add}).round()
    assert seen == [2]
    with Session(engine) as session:
        failed = session.get(Job, 1)
        assert failed is not None
        assert failed.problem == "ValueError"
        assert failed.due_at > now()


def test_a_round_is_bounded_so_that_nothing_waits_for_a_long_queue(engine: Engine):
    for number in range(MOST_JOBS + 3):
        queue(engine, number=number)
    worker = Worker(engine, {"add": lambda *_: None})
    assert (worker.round(), worker.round()) == (MOST_JOBS, 3)


def test_streams_are_read_in_every_round_until_they_are_empty(engine: Engine):
    stream = Counted(times=2)
    worker = Worker(engine, streams=[stream])
    assert (worker.round(), worker.round()) == (2, 0)
    assert stream.calls == 4


def test_every_piece_of_work_has_its_surroundings(engine: Engine):
    entered: list[str] = []

    @contextmanager
    def surround():
        entered.append("in")
        yield
        entered.append("out")

    Worker(engine, ticks=[Tick("a", 1, Counted())], streams=[Counted()], surround=surround).round()
    assert entered == ["in", "out"] * 3  # a tick, the queue, a stream


def test_a_worker_in_the_background_works_when_it_is_woken_and_ends_when_it_is_closed(engine: Engine):
    done = threading.Event()
    worker = Worker(engine, {"add": lambda *_: done.set()})
    worker.start()
    queue(engine)
    worker.wake()
    assert done.wait(20)
    assert worker.is_well
    worker.close()
    assert not worker.is_well


@pytest.mark.filterwarnings("ignore")
def test_a_database_in_trouble_does_not_end_the_worker(engine: Engine, caplog, monkeypatch):
    rounds = threading.Semaphore(0)
    worker = Worker(engine)

    def fail() -> int:
        rounds.release()
        if worker._stop.is_set():
            return 0
        worker.wake()
        raise OSError("the disk is full")

    monkeypatch.setattr(worker, "round", fail)
    with caplog.at_level(logging.ERROR):
        worker.start()
        assert rounds.acquire(timeout=20)
        assert rounds.acquire(timeout=20)
        worker.close()
    assert "the disk is full" in caplog.text
