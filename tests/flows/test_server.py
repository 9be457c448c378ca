"""`python -m matchmaker serve` as somebody starts it: ready, alone on its port, and ended cleanly."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlmodel import Session, select

from matchmaker.accounts.demo import ACCOUNTS
from matchmaker.config import ROOT
from matchmaker.db.engine import open_engine
from matchmaker.db.leases import Lease
from matchmaker.db.ticks import CLOCK

PASSWORD = re.compile(r"\b(?:[2-9b-z]{5}-){3}[2-9b-z]{5}\b")
OPEN = re.compile(r"open at (http://127\.0\.0\.1:\d+)")


@dataclass
class Server:
    """A running server; `said` is what it printed until it was ready, `seconds` how long that took."""

    process: "subprocess.Popen[str]"
    address: str
    said: str
    seconds: float

    def end(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        return self.process.wait(timeout=40)


def environ(var: Path, **more: str) -> dict[str, str]:
    own = {
        "MATCHMAKER_VAR": str(var),
        "MATCHMAKER_ENCODER": "hashing",
        "MATCHMAKER_DEMO": "1",
        "MATCHMAKER_PORT": "0",
        "MATCHMAKER_ENCODER_THREADS": "1",
        "PYTHONUTF8": "1",
    }
    kept = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "SECRET_KEY"}}
    return {**kept, **own, **more}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "matchmaker", *arguments]


@contextmanager
def serving(var: Path) -> Iterator[Server]:
    began = time.monotonic()
    process = subprocess.Popen(
        command("serve"), cwd=ROOT, env=environ(var), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stderr is not None
        said = ""
        for line in process.stderr:
            said += line
            if found := OPEN.search(line):
                yield Server(process, found[1], said, time.monotonic() - began)
                return
        raise AssertionError(f"the server ended before it was ready:\n{said}")
    finally:
        process.kill()
        process.communicate()


def run(var: Path, *arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command(*arguments), cwd=ROOT, env=environ(var, **more), capture_output=True, text=True, check=False
    )


def one_line(done: "subprocess.CompletedProcess[str]") -> str:
    """The complaint of a command that could not start."""
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("error: ")
    return lines[0]


def status(address: str) -> int:
    with urllib.request.urlopen(address, timeout=20) as answer:
        return answer.status


def leases(var: Path) -> list[str]:
    """What some process still holds; when a tick is due next is the clock's."""
    engine = open_engine(f"sqlite:///{var / 'matchmaker.db'}")
    with Session(engine) as session:
        found = [lease.name for lease in session.exec(select(Lease)) if lease.holder != CLOCK]
    engine.dispose()
    return found


@pytest.mark.timeout(180)
def test_the_first_start_prepares_everything_and_the_second_is_quick_and_quiet(tmp_path):
    with serving(tmp_path) as first:
        assert len(PASSWORD.findall(first.said)) == len(set(PASSWORD.findall(first.said))) == len(ACCOUNTS)
        assert all(first.said.count(account.email) == 1 for account in ACCOUNTS)
        with urllib.request.urlopen(f"{first.address}/healthz", timeout=20) as answer:
            assert json.load(answer) == {"status": "ok"}
        with urllib.request.urlopen(f"{first.address}/search?lang=en", timeout=20) as answer:
            assert answer.headers["Content-Security-Policy"]
            assert answer.read().count(b"mm-listing-title") == 20

        # A second server on the same port says so and leaves the first alone.
        port = first.address.rsplit(":", 1)[1]
        assert port in one_line(run(tmp_path, "serve", MATCHMAKER_PORT=port))
        with urllib.request.urlopen(f"{first.address}/healthz", timeout=20) as answer:
            assert answer.status == 200

        assert first.end(signal.SIGTERM) == 0
    assert leases(tmp_path) == []

    with serving(tmp_path) as second:
        # Seconds when nothing else runs (the README has the figure); the bound is for a machine that runs all tests.
        assert second.seconds < 30
        assert PASSWORD.findall(second.said) == []
        assert not [account for account in ACCOUNTS if account.email in second.said]
        # More requests than threads wait a moment for one; the terminal is not told.
        with ThreadPoolExecutor(24) as browsers:
            assert set(browsers.map(status, [f"{second.address}/about?lang=en"] * 48)) == {200}
        assert second.end(signal.SIGINT) == 0
        assert second.process.stderr is not None
        assert "queue" not in second.process.stderr.read()
    assert leases(tmp_path) == []


def test_a_setting_that_cannot_be_is_one_line(tmp_path):
    assert "MATCHMAKER_PORT" in one_line(run(tmp_path, "serve", MATCHMAKER_PORT="eight"))


def test_a_database_of_another_program_is_one_line(tmp_path):
    (tmp_path / "letter.db").write_text("Dear Sir or Madam, " * 400)
    said = one_line(run(tmp_path, "serve", DATABASE_URL=f"sqlite:///{tmp_path / 'letter.db'}"))
    assert "database" in said
