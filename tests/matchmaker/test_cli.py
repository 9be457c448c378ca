"""The management commands do what they say, or say in one line why they cannot."""

import socket
import subprocess
import sys
from dataclasses import replace

import pytest
from sqlalchemy import inspect

from matchmaker import __main__ as program
from matchmaker.app import create_app
from matchmaker.cli import listen
from matchmaker.config import ROOT
from matchmaker.core.errors import Misconfigured
from matchmaker.db.migrate import FOLDER


@pytest.fixture
def call(monkeypatch, capsys, tmp_path):
    """Run the program as from a shell; answers exit code, output and complaint."""

    def run(*arguments: str, **environ: str) -> tuple[int, str, str]:
        own = {"MATCHMAKER_VAR": str(tmp_path / "own"), "MATCHMAKER_ENCODER": "hashing", "SECRET_KEY": "test"}
        for name, value in {**own, **environ}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("DATABASE_URL", raising=False)
        monkeypatch.setattr(sys, "argv", ["matchmaker", *arguments])
        with pytest.raises(SystemExit) as ended:
            program.main()
        said = capsys.readouterr()
        return ended.value.code or 0, said.out, said.err

    return run


def test_upgrading_makes_the_database_and_tells_its_version(call, tmp_path):
    newest = sorted(path.name[:4] for path in (FOLDER / "versions").glob("0*.py"))[-1]
    assert call("db", "upgrade") == (0, f"the database is at version {newest}\n", "")
    assert (tmp_path / "own" / "matchmaker.db").exists()
    assert call("db", "upgrade")[0] == 0


def test_a_command_on_a_database_that_was_never_prepared_says_how_to(call):
    code, _, said = call("accounts", "list")
    assert code == 2
    assert said.startswith("error: the database cannot be used")
    assert "db upgrade" in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("accounts", "password", "nobody@example.org"), "no account for nobody@example.org"),
        (("accounts", "add", "a@b.cn", "--name", "A", "--organisation", "nosuch"), "no organisation nosuch"),
    ],
)
def test_what_cannot_be_done_is_one_line(call, arguments, part):
    call("db", "upgrade")
    code, _, said = call(*arguments)
    assert (code, said.count("\n")) == (2, 1)
    assert part in said


def test_a_setting_that_cannot_be_ends_every_command_in_one_line(call):
    code, _, said = call("accounts", "list", MATCHMAKER_THREADS="many")
    assert code == 2
    assert said == "error: MATCHMAKER_THREADS is 'many'; it must be a whole number from 1 to 256\n"


def test_a_var_folder_that_is_a_file_is_one_line(call, tmp_path):
    (tmp_path / "file").write_text("in the way")
    code, _, said = call("db", "upgrade", MATCHMAKER_VAR=str(tmp_path / "file" / "var"))
    assert (code, said.count("\n")) == (2, 1)


def test_every_group_of_commands_is_there(app):
    assert {"db", "accounts", "listings", "matching", "embeddings", "serve", "prepare"} <= set(app.cli.commands)


def test_preparing_without_the_demo_makes_an_empty_market(settings, tmp_path):
    fresh = replace(settings, var=tmp_path / "fresh", database_url=f"sqlite:///{tmp_path / 'fresh' / 'new.db'}")
    app = create_app(fresh, testing=True)
    done = app.test_cli_runner().invoke(args=["prepare"])
    assert done.exit_code == 0, done.output
    engine = app.extensions["matchmaker.engine"]
    assert "listing" in inspect(engine).get_table_names()
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM person").scalar_one() == 0
    engine.dispose()


def test_a_port_that_is_taken_is_told(settings):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Misconfigured, match=str(port)):
            listen(replace(settings, port=port))


@pytest.mark.parametrize("host", ["no such host", "256.0.0.1", "192.0.2.1"])
def test_an_address_that_is_not_this_machines_is_told(settings, host):
    with pytest.raises(Misconfigured, match="cannot listen"):
        listen(replace(settings, host=host, port=0))


def test_a_free_port_is_found_and_given_back(settings):
    with listen(replace(settings, port=0)) as door:
        assert door.getsockname()[1] > 0


def test_help_needs_no_database_and_no_encoder(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "matchmaker", "--help"],
        cwd=ROOT,
        env={
            "MATCHMAKER_VAR": str(tmp_path / "var"),
            "PYTHONPATH": ":".join(filter(None, sys.path)),
            "SECRET_KEY": "x",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "serve" in done.stdout
    assert not (tmp_path / "var" / "matchmaker.db").exists()
