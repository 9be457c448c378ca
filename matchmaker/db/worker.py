"""The worker: does what the queue holds and what the clock says, in a thread of the server or a process of its own."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine

from matchmaker.core.traces import places
from matchmaker.db import jobs, leases, ticks
from matchmaker.db.engine import reading_session
from matchmaker.db.jobs import Job
from matchmaker.db.ticks import Tick
from matchmaker.db.uow import unit_of_work

log = logging.getLogger(__name__)

# How often the worker looks when there was nothing to do.
POLL_SECONDS = 1.0
# Of each kind of work so much in one round, so that none makes the others wait for long.
MOST_JOBS, MOST_RUNS = 20, 50

Handler = Callable[[Engine, dict[str, Any]], None]
Stream = Callable[[Engine], int]


@dataclass
class Worker:
    """Handlers by kind of job, ticks of the clock, and streams: work that waits in tables of its own.

    Whatever fails is logged and tried again; it never stops the others. Each piece of work runs inside `surround()`.
    """

    engine: Engine
    handlers: Mapping[str, Handler] = field(default_factory=dict)
    ticks: Sequence[Tick] = ()
    # Called in every round; each answers how much it did, and is called again while there is more.
    streams: Sequence[Stream] = ()
    surround: Callable[[], AbstractContextManager[Any]] = nullcontext
    holder: str = field(default_factory=leases.this_process)

    def __post_init__(self) -> None:
        self._wake, self._stop = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def round(self) -> int:
        """Do what is due now, a bounded share of each kind; answers how much was done, 0 when nothing is left."""
        done = sum(self._guarded(self._tick, tick) for tick in self._due_ticks())
        done += self._guarded(self._jobs)
        return done + sum(self._guarded(self._stream, stream) for stream in self.streams)

    def _guarded(self, work: Callable[..., int], *args: Any) -> int:
        if self._stop.is_set():
            return 0
        try:
            with self.surround():
                return work(*args)
        except Exception as error:
            log.error("a worker's round failed in part; it goes on: %r\n%s", args or work, places(error))
            return 0

    def _due_ticks(self) -> list[Tick]:
        with reading_session(self.engine) as session:
            return ticks.due(session, self.ticks, self.holder)

    def _tick(self, tick: Tick) -> int:
        with unit_of_work(self.engine) as uow:
            if not ticks.begin(uow, tick, self.holder):
                return 0
        wait = ticks.AGAIN_SECONDS
        try:
            done, finished = self._repeat(tick.run)
            wait = tick.seconds if finished else 0.0
        finally:
            with unit_of_work(self.engine) as uow:
                ticks.end(uow, tick, self.holder, min(wait, tick.seconds))
        return done

    def _stream(self, stream: Stream) -> int:
        return self._repeat(stream)[0]

    def _repeat(self, run: Stream) -> tuple[int, bool]:
        """How much was done, and whether that was all."""
        total = 0
        for _ in range(MOST_RUNS):
            if self._stop.is_set():
                break
            done = run(self.engine)
            total += done
            if not done:
                return total, True
        return total, False

    def _jobs(self) -> int:
        done = 0
        while done < MOST_JOBS and not self._stop.is_set() and self._job():
            done += 1
        return done

    def _job(self) -> bool:
        if not self._any_job():
            return False
        with unit_of_work(self.engine) as uow:
            job = jobs.take(uow, self.handlers.keys(), self.holder)
        if job is None:
            return False
        self._run(job)
        return True

    def _any_job(self) -> bool:
        # Looked at without the write lock first: most rounds find nothing.
        with reading_session(self.engine) as session:
            return session.exec(jobs.due(self.handlers.keys())).first() is not None

    def _run(self, job: Job) -> None:
        try:
            self.handlers[job.kind](self.engine, job.contents)
        except Exception as error:
            log.error("job %s (%s) failed at attempt %s\n%s", job.id, job.kind, job.attempts, places(error))
            with unit_of_work(self.engine) as uow:
                jobs.fail(uow, job, type(error).__name__)
        else:
            with unit_of_work(self.engine) as uow:
                jobs.finish(uow, job)

    @property
    def is_well(self) -> bool:
        """Whether the background work, once started, is going on."""
        return self._thread is None or self._thread.is_alive()

    def start(self) -> None:
        """Work in the background until `close`."""
        if self._thread is None:
            self._thread = threading.Thread(target=self.work, name="worker", daemon=True)
            self._thread.start()

    def work(self) -> None:
        """Work until somebody calls `close`, from another thread or a signal."""
        while not self._stop.is_set():
            busy = False
            try:
                busy = self.round() > 0
            except Exception as error:
                # The database itself is in trouble; nothing is lost by trying again.
                log.error("the worker failed; it goes on\n%s", places(error))
            if not busy:
                self._wake.wait(POLL_SECONDS)
                self._wake.clear()

    def wake(self) -> None:
        """Tell the worker that there is something new."""
        self._wake.set()

    def close(self) -> None:
        """End after what is being done at present."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout=30)
