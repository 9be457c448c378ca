"""Bring a database to the newest migration, and refuse one that is not ours or is ahead of us."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect
from sqlalchemy.exc import DatabaseError

from matchmaker.core.errors import Misconfigured
from matchmaker.db.engine import MIGRATING

FOLDER = Path(__file__).resolve().parent.parent / "migrations"


def config(connection: Connection | None = None) -> Config:
    """Alembic's configuration; there is no ini file."""
    found = Config()
    found.set_main_option("script_location", str(FOLDER))
    found.attributes["connection"] = connection
    return found


def upgrade(engine: Engine) -> str:
    """Migrate inside one transaction, so that a crash in the middle leaves the old version; returns the revision."""
    try:
        # Not with the pool's connections: this one does not watch foreign keys, or copying a table into its new shape
        # would delete whatever refers to the old one.
        with engine.execution_options(**MIGRATING).begin() as connection:
            _refuse_strangers(connection)
            command.upgrade(config(connection), "head")
            _refuse_orphans(connection)
            return str(MigrationContext.configure(connection).get_current_revision())
    except DatabaseError as error:
        raise Misconfigured(f"the database cannot be used: {error.orig}") from error
    finally:
        engine.dispose()


def _refuse_orphans(connection: Connection) -> None:
    """Raise when a row refers to one that is not there: the migration is taken back."""
    if connection.dialect.name != "sqlite":
        return
    orphan = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if orphan is not None:
        raise Misconfigured(f"the migration would leave rows of {orphan[0]} without their {orphan[2]}; nothing changed")


def _refuse_strangers(connection: Connection) -> None:
    current = MigrationContext.configure(connection).get_current_revision()
    known = {script.revision for script in ScriptDirectory.from_config(config()).walk_revisions()}
    if current is None and inspect(connection).get_table_names():
        raise Misconfigured("the database holds tables that are not ours; name another one in DATABASE_URL")
    if current is not None and current not in known:
        raise Misconfigured(
            f"the database is at version {current}, which this program does not know: it was made by a newer one"
        )
