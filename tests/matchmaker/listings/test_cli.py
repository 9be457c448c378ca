"""The import as a command: what it prints, and what it tells a script by its exit code."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import select
from sqlmodel import SQLModel, col

import matchmaker.accounts.models
import matchmaker.audit.models
import matchmaker.listings.models  # noqa: F401 - tables register on import
from matchmaker.db.engine import open_engine, reading_session
from matchmaker.listings.cli import listings
from matchmaker.listings.models import Listing

PUMP = {"id": "1", "kind": "need", "lang": "de", "title": "Pumpe [bold]gesucht"}


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Flask]:
    """Nothing but the commands and a database."""
    portal = Flask("portal")
    engine = open_engine(f"sqlite:///{tmp_path / 'cli.db'}")
    SQLModel.metadata.create_all(engine)
    portal.extensions["matchmaker.engine"] = engine
    portal.cli.add_command(listings)
    yield portal
    engine.dispose()


@pytest.fixture
def runner(portal: Flask) -> FlaskCliRunner:
    return portal.test_cli_runner()


def sources(portal: Flask) -> set[str | None]:
    with reading_session(portal.extensions["matchmaker.engine"]) as session:
        return set(session.execute(select(col(Listing.source))).scalars())


def test_rejected_rows_are_shown_up_to_a_number_and_kept_in_a_file(runner: FlaskCliRunner, tmp_path: Path) -> None:
    file, kept = tmp_path / "a.jsonl", tmp_path / "rejected.jsonl"
    file.write_text(json.dumps(PUMP) + "\n" + '{"kind": "[/red]"}\n' * 25)
    result = runner.invoke(args=["listings", "import", str(file), "--rejected", str(kept)])
    assert result.exit_code == 0
    assert result.stdout.count("rejected: line") == 20
    assert "rejected: line 2: direction: '[/red]' is neither a need nor a result" in result.stdout
    assert "rejected: 5 more" in result.stdout
    assert [json.loads(line)["line"] for line in kept.read_text().splitlines()] == list(range(2, 27))


def test_the_counts_are_printed(runner: FlaskCliRunner, portal: Flask, tmp_path: Path) -> None:
    file = tmp_path / "partner.jsonl"
    file.write_text(json.dumps(PUMP) + "\n")
    dry = runner.invoke(args=["listings", "import", str(file), "--dry-run"])
    assert "would be created" in dry.stdout
    assert sources(portal) == set()
    real = runner.invoke(args=["listings", "import", str(file), "--source", "Börse", "--batch", "7"])
    numbers = {line.rpartition(" ")[0].strip(): line.rpartition(" ")[2] for line in real.stdout.splitlines()}
    assert (numbers["created"], numbers["updated"], numbers["unchanged"], numbers["rejected"]) == ("1", "0", "0", "0")
    assert sources(portal) == {"Börse"}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.csv", b""),
        ("cut.xlsx", b"PK\x03\x04 and nothing more"),
        ("junk.jsonl", bytes(range(256))),
        ("wrong.pdf", b"%PDF"),
        ("missing.jsonl", None),
    ],
)
def test_a_file_that_cannot_be_read_is_one_line_and_exit_code_2(
    runner: FlaskCliRunner, tmp_path: Path, name: str, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    result = runner.invoke(args=["listings", "import", str(tmp_path / name)])
    assert result.exit_code == 2
    assert result.stdout == ""
    said = [line for line in result.stderr.splitlines() if line.strip()]
    assert len(said) == 1
    assert said[0].startswith(f"Error: {name}")


def test_a_database_that_fails_is_one_line_and_exit_code_2(
    runner: FlaskCliRunner, portal: Flask, tmp_path: Path
) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text(json.dumps(PUMP) + "\n")
    SQLModel.metadata.drop_all(portal.extensions["matchmaker.engine"])
    result = runner.invoke(args=["listings", "import", str(file)])
    assert result.exit_code == 2
    assert "Error: the database fails (no such table: listing)" in result.stderr
    assert "Traceback" not in result.stderr


def test_the_demo_is_loaded_by_a_command(runner: FlaskCliRunner, portal: Flask) -> None:
    result = runner.invoke(args=["listings", "demo"])
    assert result.exit_code == 0
    assert sources(portal) == {"demo"}
