"""A job is done once, survives whoever does it, and is given up only after days."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, select
from sqlmodel import Session

from matchmaker.core.clock import now
from matchmaker.db import jobs
from matchmaker.db.jobs import WAITS, Job
from matchmaker.db.leases import this_process
from matchmaker.db.uow import unit_of_work

DEAD = f"{this_process().rpartition(':')[0]}:999999999"


def queue(engine: Engine, kind: str = "mail", **values: object) -> None:
    with unit_of_work(engine) as uow:
        jobs.enqueue(uow, kind, {"id": 1}, **values)  # type: ignore[arg-type]


def take(engine: Engine, holder: str = "host:1", kinds: tuple[str, ...] = ("mail",)) -> Job | None:
    with unit_of_work(engine) as uow:
        return jobs.take(uow, kinds, holder)


def change(engine: Engine, **values: object) -> None:
    with unit_of_work(engine) as uow:
        for job in uow.session.execute(select(Job)).scalars():
            for name, value in values.items():
                setattr(job, name, value)


def only(engine: Engine) -> Job:
    with Session(engine) as session:
        return session.execute(select(Job)).scalar_one()


def test_a_job_is_taken_by_one_worker_only(engine: Engine):
    queue(engine)
    taken = take(engine)
    assert taken is not None
    assert taken.contents == {"id": 1}
    assert take(engine, "host:2") is None


def test_a_job_of_another_kind_is_left_to_those_who_know_it(engine: Engine):
    queue(engine, "translate")
    assert take(engine) is None
    assert take(engine, kinds=("mail", "translate")) is not None


def test_a_job_for_later_waits(engine: Engine):
    queue(engine, due_at=now() + timedelta(hours=1))
    assert take(engine) is None
    change(engine, due_at=now() - timedelta(seconds=1))
    assert take(engine) is not None


def test_what_is_due_longest_comes_first(engine: Engine):
    for minutes in (5, 60, 30):
        queue(engine, due_at=now() - timedelta(minutes=minutes))
    assert [taken.id for taken in (take(engine), take(engine), take(engine)) if taken] == [2, 3, 1]


def test_the_same_key_waits_once(engine: Engine):
    queue(engine, key="a")
    queue(engine, key="a")
    queue(engine, key="b")
    with Session(engine) as session:
        assert len(session.execute(select(Job)).all()) == 2


def test_what_changes_while_a_job_runs_is_queued_again(engine: Engine):
    queue(engine, key="a")
    assert take(engine) is not None
    queue(engine, key="a")
    assert take(engine) is not None


def test_a_lease_that_ran_out_gives_the_job_to_the_next_worker(engine: Engine):
    queue(engine)
    take(engine)
    change(engine, lease_until=now() - timedelta(seconds=1))
    again = take(engine, "host:2")
    assert again is not None
    assert again.attempts == 2


def test_a_worker_that_is_known_dead_holds_nothing(engine: Engine):
    queue(engine)
    assert take(engine, DEAD) is not None
    assert take(engine, "host:2") is not None


def test_a_worker_that_lost_its_lease_cannot_finish_for_another(engine: Engine):
    queue(engine)
    late = take(engine)
    assert late is not None
    change(engine, lease_until=now() - timedelta(seconds=1))
    take(engine, "host:2")
    for end in (jobs.finish, lambda uow, job: jobs.fail(uow, job, "late")):
        with unit_of_work(engine) as uow:
            end(uow, late)
    job = only(engine)
    assert (job.done_at, job.holder, job.problem) == (None, "host:2", "")


@pytest.mark.parametrize("failures", range(1, len(WAITS) + 1))
def test_after_each_failure_the_wait_is_the_tables(engine: Engine, failures: int):
    queue(engine)
    change(engine, attempts=failures - 1)
    taken = take(engine)
    assert taken is not None
    before = now()
    with unit_of_work(engine) as uow:
        jobs.fail(uow, taken, "OSError")
    job = only(engine)
    assert before + WAITS[failures - 1] <= job.due_at <= now() + WAITS[failures - 1]
    assert (job.failed_at, job.holder, job.problem) == (None, "", "OSError")


def test_a_job_that_fails_once_more_after_the_last_wait_is_given_up(engine: Engine):
    queue(engine)
    change(engine, attempts=len(WAITS))
    taken = take(engine)
    assert taken is not None
    with unit_of_work(engine) as uow:
        jobs.fail(uow, taken, "OSError")
    assert only(engine).failed_at is not None
    assert take(engine) is None


def test_a_day_of_failures_gives_nothing_up_and_four_do(engine: Engine):
    assert timedelta(days=3) < sum(WAITS, timedelta()) < timedelta(days=4)


def test_a_job_that_kills_every_worker_is_given_up_and_the_next_is_taken(engine: Engine):
    queue(engine)
    change(engine, attempts=len(WAITS) + 1, holder=DEAD, lease_until=now() + timedelta(hours=1))
    queue(engine)
    taken = take(engine)
    assert taken is not None
    assert taken.id == 2
    with Session(engine) as session:
        killer = session.get(Job, 1)
        assert killer is not None
        assert killer.failed_at is not None
        assert killer.problem == "the worker died"


def test_a_job_that_is_done_is_never_taken_again(engine: Engine):
    queue(engine)
    taken = take(engine)
    assert taken is not None
    with unit_of_work(engine) as uow:
        jobs.finish(uow, taken)
    assert only(engine).done_at is not None
    change(engine, due_at=now() - timedelta(days=1))
    assert take(engine) is None


def test_what_is_rolled_back_was_never_queued(engine: Engine):
    uow = unit_of_work(engine)
    jobs.enqueue(uow, "mail", {})
    uow.__exit__(RuntimeError, RuntimeError(), None)
    assert take(engine) is None
