"""SQLite as it must be: nobody's update is lost, and readers never wait."""

import multiprocessing
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, text

from matchmaker.db.engine import open_engine, reading_session, sqlite, writing_session

PROCESSES, UPDATES = 4, 300


@pytest.fixture
def counter(tmp_path: Path):
    engine = open_engine(f"sqlite:///{tmp_path / 'counter.db'}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE counter (value INTEGER NOT NULL)"))
        connection.execute(text("CREATE TABLE alembic_version (version_num TEXT)"))
        connection.execute(text("INSERT INTO counter VALUES (0)"))
    yield engine
    engine.dispose()


def count_up(url: str, times: int, failures: "multiprocessing.Queue[str]") -> None:
    """Read the number, add one in the program, write it back."""
    engine = open_engine(url)
    # What is tried is the order of writers, not whether the disk keeps its promise.
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous = OFF"))
    try:
        for _ in range(times):
            with writing_session(engine) as session, session.begin():
                value = session.execute(text("SELECT value FROM counter")).scalar_one()
                session.execute(text("UPDATE counter SET value = :value"), {"value": value + 1})
    except Exception as error:
        failures.put(repr(error))
    finally:
        engine.dispose()


def value(engine: Engine) -> int:
    with reading_session(engine) as session:
        return int(session.execute(text("SELECT value FROM counter")).scalar_one())


def test_four_processes_lose_no_update_and_are_never_told_that_the_database_is_locked(counter):
    spawn = multiprocessing.get_context("spawn")
    failures = spawn.Queue()
    url = counter.url.render_as_string(hide_password=False)
    workers = [spawn.Process(target=count_up, args=(url, UPDATES, failures)) for _ in range(PROCESSES)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=90)
    assert [worker.exitcode for worker in workers] == [0] * PROCESSES
    assert failures.empty()
    assert value(counter) == PROCESSES * UPDATES


def test_a_reader_never_waits_for_a_writer_and_sees_what_was_committed(counter):
    with writing_session(counter) as writer:
        writer.execute(text("UPDATE counter SET value = 7"))
        began = time.monotonic()
        assert value(counter) == 0
        assert time.monotonic() - began < 1
        writer.rollback()


def test_a_writer_never_waits_for_a_reader(counter):
    with reading_session(counter) as reader:
        assert reader.execute(text("SELECT value FROM counter")).scalar_one() == 0
        began = time.monotonic()
        with writing_session(counter) as writer, writer.begin():
            writer.execute(text("UPDATE counter SET value = 7"))
        assert time.monotonic() - began < 1
        # A reader's view is of one moment, until it asks anew.
        assert reader.execute(text("SELECT value FROM counter")).scalar_one() == 0
        reader.rollback()
        assert reader.execute(text("SELECT value FROM counter")).scalar_one() == 7


def test_a_second_writer_waits_for_the_first_instead_of_failing(counter):
    order = []

    def write() -> None:
        with writing_session(counter) as session, session.begin():
            order.append(session.execute(text("SELECT value FROM counter")).scalar_one())

    with writing_session(counter) as first:
        first.execute(text("UPDATE counter SET value = 7"))
        second = threading.Thread(target=write)
        second.start()
        order.append("first")
        first.commit()
    second.join(timeout=30)
    assert order == ["first", 7]


def test_the_settings_that_keep_data_safe_are_on(counter):
    with counter.connect() as connection:
        asked = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in (
            "journal_mode", "synchronous", "foreign_keys", "busy_timeout")}  # fmt: skip
    assert asked == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}


def test_the_sqlite_that_is_used_is_free_of_the_wal_reset_bug():
    assert tuple(map(int, sqlite.sqlite_version.split("."))) >= (3, 51, 3)


def test_a_rolled_back_savepoint_takes_back_only_itself(counter):
    with writing_session(counter) as session, session.begin():
        session.execute(text("UPDATE counter SET value = 1"))
        inner = session.begin_nested()
        session.execute(text("UPDATE counter SET value = 2"))
        inner.rollback()
    assert value(counter) == 1


def test_the_folder_of_a_new_database_is_made(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path / 'a' / 'b' / 'new.db'}")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar_one() == 1
    engine.dispose()
