"""Law 9: migrations are linear and produce the models' metadata exactly; strangers are refused untouched."""

import hashlib
import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text
from sqlmodel import SQLModel

from matchmaker import app as composition  # noqa: F401  (tables register on import)
from matchmaker.core.errors import Misconfigured
from matchmaker.db.engine import open_engine
from matchmaker.db.migrate import config, upgrade


@pytest.fixture
def scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(config())


def at(path: Path) -> Engine:
    return open_engine(f"sqlite:///{path}")


def content(path: Path) -> list[str]:
    """Schema and rows, as statements."""
    connection = sqlite3.connect(path)
    try:
        return list(connection.iterdump())
    finally:
        connection.close()


def refusal(path: Path) -> str:
    """What is said when this file is to be the database."""
    engine = at(path)
    try:
        with pytest.raises(Misconfigured) as refused:
            upgrade(engine)
        return str(refused.value)
    finally:
        engine.dispose()


def test_migrations_are_one_line_numbered_without_gaps(scripts):
    line = [script.revision for script in scripts.walk_revisions()][::-1]
    assert line == [f"{number:04}" for number in range(1, len(line) + 1)]
    assert len(scripts.get_heads()) == 1
    assert all(not script.is_merge_point and not script.is_branch_point for script in scripts.walk_revisions())


def test_the_file_of_a_migration_begins_with_its_number(scripts):
    assert all(Path(script.path).name.startswith(f"{script.revision}_") for script in scripts.walk_revisions())


def is_of_a_model(name: str | None, kind: str, _parents: object) -> bool:
    """Whether autogenerate knows this table: a virtual one, and those that SQLite keeps it in, no model describes."""
    return not (kind == "table" and name and name.partition("_index")[0] == "lexical")


def test_the_index_of_words_is_the_same_whoever_makes_it(tmp_path):
    found = []
    for name, make in (("migrated", upgrade), ("created", SQLModel.metadata.create_all)):
        engine = at(tmp_path / f"{name}.db")
        make(engine)
        with engine.connect() as connection:
            rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE name LIKE 'lexical%'"))
            found.append({row.name: row.sql for row in rows if row.name not in {"lexical_listing", "lexical_term"}})
        engine.dispose()
    assert found[0] == found[1]
    assert {"lexical_index", "lexical_listing_gone"} <= found[0].keys()


def test_the_migrations_make_exactly_the_tables_of_the_models(tmp_path):
    engine = at(tmp_path / "new.db")
    upgrade(engine)
    with engine.connect() as connection:
        opts = {"compare_type": True, "render_as_batch": True, "include_name": is_of_a_model}
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, SQLModel.metadata) == []
    engine.dispose()


def test_the_migrations_make_the_same_schema_as_the_models_word_by_word(tmp_path):
    migrated, created = at(tmp_path / "migrated.db"), at(tmp_path / "created.db")
    upgrade(migrated)
    SQLModel.metadata.create_all(created)
    assert shape(migrated) == shape(created)
    migrated.dispose()
    created.dispose()


def shape(engine: Engine) -> dict[str, object]:
    """Columns, keys and indexes of each table, in an order of their own."""
    seen = inspect(engine)
    return {
        table: {
            "columns": sorted((c["name"], str(c["type"]), c["nullable"]) for c in seen.get_columns(table)),
            "primary": sorted(seen.get_pk_constraint(table)["constrained_columns"]),
            "foreign": sorted(
                (f["name"], f["constrained_columns"], f["referred_table"], f["options"].get("ondelete"))
                for f in seen.get_foreign_keys(table)
            ),
            "unique": sorted((u["name"], u["column_names"]) for u in seen.get_unique_constraints(table)),
            "indexes": sorted((i["name"], i["column_names"], bool(i["unique"])) for i in seen.get_indexes(table)),
        }
        for table in seen.get_table_names()
        if table != "alembic_version"
    }


def test_upgrading_twice_is_upgrading_once(tmp_path, scripts):
    path = tmp_path / "twice.db"
    engine = at(path)
    first = upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO lease VALUES ('kept', 'somebody', '2026-01-01')"))
    before = content(path)
    assert upgrade(engine) == first == scripts.get_current_head()
    assert content(path) == before
    engine.dispose()


def test_a_migration_that_fails_leaves_the_database_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "failing.db"
    engine = at(path)

    def fail(*_args: object) -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as patched:
        # The version is written after the tables, in the same transaction.
        patched.setattr(MigrationContext, "_ensure_version_table", fail)
        with pytest.raises(RuntimeError, match="power cut"):
            upgrade(engine)
    assert content(path) == ["BEGIN TRANSACTION;", "COMMIT;"]
    assert upgrade(engine)
    engine.dispose()


def test_a_database_of_a_newer_version_is_refused_untouched(tmp_path):
    path = tmp_path / "newer.db"
    engine = at(path)
    upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    before = content(path)
    said = refusal(path)
    assert "9999" in said
    assert "newer" in said
    assert "\n" not in said
    assert content(path) == before


def test_the_database_of_another_program_is_refused_untouched(tmp_path):
    path = tmp_path / "foreign.db"
    connection = sqlite3.connect(path)
    connection.executescript("CREATE TABLE cats (name TEXT); INSERT INTO cats VALUES ('Mimi');")
    connection.close()
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    said = refusal(path)
    assert "not ours" in said
    assert "\n" not in said
    assert hashlib.sha256(path.read_bytes()).hexdigest() == before
    assert [p.name for p in tmp_path.iterdir()] == ["foreign.db"]


def test_a_file_that_is_no_database_is_refused_untouched(tmp_path):
    path = tmp_path / "letter.db"
    path.write_text("Dear Sir or Madam, " * 400)
    said = refusal(path)
    assert "database" in said
    assert "\n" not in said
    assert path.read_text() == "Dear Sir or Madam, " * 400


def test_a_truncated_database_is_refused(tmp_path):
    whole, half = tmp_path / "whole.db", tmp_path / "half.db"
    engine = at(whole)
    upgrade(engine)
    engine.dispose()
    half.write_bytes(whole.read_bytes()[: 3 * 4096 + 100])
    assert "\n" not in refusal(half)


def test_a_folder_that_cannot_be_made_is_said_in_one_line(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Misconfigured) as refused:
        open_engine(f"sqlite:///{tmp_path / 'file' / 'x' / 'matchmaker.db'}")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("url", ["", "not an address", "sqlite//oops", "nosuchdatabase://host/name"])
def test_an_address_that_means_nothing_is_said_in_one_line(url):
    with pytest.raises(Misconfigured) as refused:
        open_engine(url)
    assert "\n" not in str(refused.value)


def test_passwords_in_the_address_are_not_repeated():
    with pytest.raises(Misconfigured) as refused:
        open_engine("nosuchdatabase://user:hunter2@host/name")
    assert "hunter2" not in str(refused.value)
