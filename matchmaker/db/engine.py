"""Connections: SQLite in WAL mode by default, whose writers queue instead of losing updates."""

import logging
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlmodel import Session

from matchmaker.core.errors import Misconfigured

try:
    # The standard library's SQLite is often inside the range of the WAL-reset bug (fixed in 3.51.3).
    from pysqlite3 import dbapi2 as sqlite
except ImportError:  # pragma: no cover - only where no wheel exists for the machine
    sqlite = sqlite3
    logging.getLogger(__name__).warning("pysqlite3 is missing; SQLite %s is used", sqlite3.sqlite_version)

# Errors name the statement, never the values: those may be sealed, and errors end in logs.
QUIET = {"hide_parameters": True}
# Waiting longer than this for another writer means that something is stuck, not busy.
BUSY_TIMEOUT_MS = 30_000
# An engine whose sessions only read: their transactions begin without asking for the write lock.
READING = {"matchmaker_reading": True}
# One that changes tables: SQLite then copies them, and must not act on the foreign keys of the copied one.
MIGRATING = {"matchmaker_migrating": True}


def open_engine(url: str) -> Engine:
    """An engine for `url`; raises Misconfigured when the address cannot be understood."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise Misconfigured(f"DATABASE_URL cannot be understood: {error}") from None
    if parsed.get_backend_name() != "sqlite":
        return _server(parsed)
    if parsed.database and parsed.database != ":memory:":
        try:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Misconfigured(f"no folder for the database can be made: {error}") from error
    engine = create_engine(parsed, module=sqlite, **QUIET)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _server(parsed: URL) -> Engine:
    try:
        return create_engine(parsed, pool_pre_ping=True, **QUIET)
    except (NoSuchModuleError, ImportError) as error:
        raise Misconfigured(f"DATABASE_URL asks for a driver that is not installed: {error}") from error


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver's own implicit BEGIN loses updates; we emit BEGIN ourselves.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    if _may_be_ours(cursor):
        cursor.execute("PRAGMA journal_mode = WAL")
    # FULL, not NORMAL: a power cut must not take back what a user was told is saved.
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    # For each connection, of which a server has a dozen; the system keeps the file in memory anyway.
    cursor.execute("PRAGMA cache_size = -8192")
    cursor.close()


def _may_be_ours(cursor: Any) -> bool:
    """Whether the file is empty or has our versions: that of another program must not even change its journal."""
    tables = [name for (name,) in cursor.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return not tables or "alembic_version" in tables


def _begin_sqlite(connection: Connection) -> None:
    # IMMEDIATE takes the write lock first, so that what was read is still true when it is written.
    options = connection.get_execution_options()
    if options.get("matchmaker_migrating", False):
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")  # means nothing once a transaction has begun
    reading = options.get("matchmaker_reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def reading_session(engine: Engine) -> Session:
    """A session for SELECTs: it never waits for a writer."""
    return Session(engine.execution_options(**READING), expire_on_commit=False)


def writing_session(engine: Engine) -> Session:
    """A session for a unit of work: other writers wait until it ends."""
    return Session(engine, expire_on_commit=False)


def copy_database(url: str, target: Path) -> str:
    """Copy a running SQLite database to a new file, consistently; answers the copy's address."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        raise Misconfigured("only a SQLite database can be copied")
    with closing(sqlite.connect(parsed.database)) as source, closing(sqlite.connect(target)) as copy:
        source.backup(copy)
    return f"sqlite:///{target}"
