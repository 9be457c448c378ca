"""Two real processes on one installation: neither misses, repeats or loses what the other does."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from sqlmodel import Session, col

from matchmaker.config import Settings
from matchmaker.db.engine import open_engine, reading_session
from matchmaker.listings.models import ChangeKind, Listing, ListingChange
from matchmaker.matching import queries
from matchmaker.matching.models import Embedding, Passage
from tests.factories.market import NEED, publish
from tests.flows.actors import member

ROOT = Path(__file__).resolve().parents[2]
LISTINGS = 20

# What every process begins with; each line that a test waits for is flushed at once.
BEGIN = """
import sys, threading
from matchmaker.app import create_app
from matchmaker.db.engine import reading_session
from matchmaker.listings import queries as listings
from matchmaker.listings.confidence import Reader
from matchmaker.listings.queries import Filters
from matchmaker.matching import queries, runtime
from matchmaker.matching.ranking import Ranking
from embeddings.encoders.hashing import HashingEncoder
from tests.factories.market import NEED, RESULT, publish
from tests.flows.actors import member

app = create_app()
engine, matcher = app.extensions["matchmaker.engine"], app.extensions["matchmaker.matcher"]
matcher.followers.clear()

def say(*words):
    print(*words, flush=True)

def told():
    return sys.stdin.readline().strip()
"""

SEARCHER = """
while text := told():
    with reading_session(engine) as session:
        hits = Ranking(matcher, session, Reader("en")).search(text, Filters(), (1, 10)).rows
        say("found", *sorted(hit.listing.id for hit in hits))
"""

POSTER = """
actor = member(engine)
while title := told():
    listing = publish(engine, actor, RESULT, title=title)
    matcher.embed([listing.id])
    say("posted", listing.id)
"""

WORKER = """
def all_done():
    with reading_session(engine) as session:
        return queries.count_pending(session, "hashing-256") == 0

finished = threading.Event()
matcher.followers.append(lambda: (all_done() and finished.set()) or 0)
say("ready")
told()
matcher.start()
# The other process may have done the last batch, which this one sees when it looks again.
while not finished.wait(runtime.POLL_SECONDS) and not all_done():
    pass
matcher.close()
say("done")
"""

DYING_WORKER = """
runtime.LEASE_SECONDS = 1.0

class Stuck(HashingEncoder):
    batches = 0
    def encode_passages(self, texts, *, progress=None):
        Stuck.batches += 1
        if Stuck.batches == 2:
            say("in the middle")
            told()
        return super().encode_passages(texts, progress=progress)

matcher._encoder = Stuck()
while matcher.round():
    pass
"""


class Process:
    """A Python process of the installation, spoken to by lines."""

    def __init__(self, settings: Settings, body: str) -> None:
        environ = {**os.environ, "MATCHMAKER_VAR": str(settings.var), "MATCHMAKER_ENCODER": "hashing"}
        environ |= {"MATCHMAKER_DEMO": "0", "PYTHONPATH": str(ROOT), "SECRET_KEY": "tests", "OMP_NUM_THREADS": "1"}
        environ.pop("DATABASE_URL", None)
        self.popen = subprocess.Popen(
            [sys.executable, "-c", BEGIN + body], cwd=ROOT, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True,
        )  # fmt: skip

    def tell(self, line: str) -> None:
        assert self.popen.stdin is not None
        self.popen.stdin.write(f"{line}\n")
        self.popen.stdin.flush()

    def hear(self) -> list[str]:
        assert self.popen.stdout is not None
        return self.popen.stdout.readline().split()

    def ask(self, line: str) -> list[str]:
        self.tell(line)
        return self.hear()

    def kill(self) -> int:
        self.popen.send_signal(signal.SIGKILL)
        return self.popen.wait()

    def close(self) -> None:
        if self.popen.poll() is None:
            self.popen.kill()
        self.popen.wait()
        for pipe in (self.popen.stdin, self.popen.stdout):
            if pipe is not None:
                pipe.close()


class Processes:
    def __init__(self, settings: Settings) -> None:
        self.settings, self.all = settings, list[Process]()

    def run(self, body: str) -> Process:
        self.all.append(Process(self.settings, body))
        return self.all[-1]


@pytest.fixture
def processes(settings: Settings) -> Iterator[Processes]:
    made = Processes(settings)
    yield made
    for process in made.all:
        process.close()


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    """This test's own look at the processes' database."""
    engine = open_engine(settings.database_url)
    yield engine
    engine.dispose()


def post(engine: Engine, count: int) -> list[int]:
    actor = member(engine)
    return [publish(engine, actor, NEED, title=f"Need {number} of robot{number}").id or 0 for number in range(count)]


def everything_is_embedded_once(engine: Engine, ids: list[int]) -> None:
    with reading_session(engine) as session:
        assert queries.count_pending(session, "hashing-256") == 0
        assert sorted(session.execute(select(col(Embedding.listing_id))).scalars()) == ids
        assert sorted(session.execute(select(col(Passage.listing_id))).scalars()) == ids
        assert embedded(session) == dict.fromkeys(ids, 1)
        assert session.execute(select(func.count()).select_from(Listing)).scalar_one() == len(ids)


def embedded(session: Session) -> dict[int, int]:
    """How often each listing was embedded."""
    counted = select(col(ListingChange.listing_id), func.count()).where(col(ListingChange.kind) == ChangeKind.EMBEDDED)
    return {row[0]: row[1] for row in session.execute(counted.group_by(col(ListingChange.listing_id)))}


def test_what_one_process_posts_the_other_finds_at_once(processes: Processes) -> None:
    poster, searcher = processes.run(POSTER), processes.run(SEARCHER)
    assert searcher.ask("coal robot") == ["found"]
    posted: list[str] = []
    for title in ("coal robot", "robot for coal", "coal"):
        posted += poster.ask(title)[1:]
        assert searcher.ask("coal robot") == ["found", *sorted(posted)]


def test_two_workers_at_the_same_time_embed_each_listing_once(processes: Processes, engine: Engine) -> None:
    ids = post(engine, LISTINGS)
    workers = [processes.run(WORKER) for _ in range(2)]
    assert [worker.hear() for worker in workers] == [["ready"]] * 2
    for worker in workers:
        worker.tell("go")
    assert [worker.hear() for worker in workers] == [["done"]] * 2
    assert [worker.popen.wait() for worker in workers] == [0, 0]
    everything_is_embedded_once(engine, ids)


def test_a_worker_killed_in_the_middle_of_a_batch_loses_nothing(processes: Processes, engine: Engine) -> None:
    ids = post(engine, LISTINGS)
    dying = processes.run(DYING_WORKER)
    assert dying.hear() == ["in", "the", "middle"]
    other = processes.run("runtime.POLL_SECONDS = 0.1\n" + WORKER)
    assert other.hear() == ["ready"]
    assert dying.kill() == -signal.SIGKILL
    with reading_session(engine) as session:
        done = embedded(session)
        assert 0 < len(done) < LISTINGS
    other.tell("go")
    assert other.hear() == ["done"]
    everything_is_embedded_once(engine, ids)
