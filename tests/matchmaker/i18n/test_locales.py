"""A reader gets the language they ask for, then the one remembered, then the browser's."""

import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from babel.messages.mofile import read_mo
from flask_babel import format_datetime

from matchmaker.config import ROOT
from matchmaker.i18n import locales


def shown(client, path="/about", **headers) -> str:
    page = client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()}).text
    return page.split('<html lang="', 1)[1].split('"', 1)[0].split("-")[0]


@pytest.mark.parametrize(
    ("accepted", "lang"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("zh-TW", "zh"),
        ("zh-Hans-SG", "zh"),
        ("de-DE,de;q=0.9,en;q=0.5", "en"),
        ("en-GB", "en"),
        ("sr,zh;q=0.3", "zh"),
        ("xx", "en"),
        ("*", "zh"),
        ("", "en"),
        ("q=;;;,,", "en"),
    ],
)
def test_the_browsers_language_decides_at_first(client, accepted, lang):
    assert shown(client, Accept_Language=accepted) == lang


def test_asking_by_address_beats_the_browser_and_is_remembered(client):
    assert shown(client, "/about?lang=zh", Accept_Language="en") == "zh"
    assert shown(client, "/about", Accept_Language="en") == "zh"
    assert shown(client, "/about?lang=en", Accept_Language="zh") == "en"
    assert shown(client, "/about", Accept_Language="zh") == "en"


@pytest.mark.parametrize("asked", ["xx", "", "../../etc/passwd", "ZH", "zh\r\nSet-Cookie: a=b"])
def test_a_language_that_is_not_there_changes_nothing(client, asked):
    answer = client.get("/about", query_string={"lang": asked})
    assert answer.status_code == 200
    assert not [c for c in answer.headers.getlist("Set-Cookie") if c.startswith(locales.COOKIE)]


def test_the_cookie_lasts_a_year_and_is_for_this_site(client):
    answer = client.get("/about?lang=zh")
    cookie = next(c for c in answer.headers.getlist("Set-Cookie") if c.startswith("language=zh"))
    assert "Max-Age=31536000" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_chinese_and_english_are_shipped_chinese_first():
    assert locales.languages()[:2] == ("zh", "en")
    assert dict(locales.language_choices())["zh"] == "中文"


@pytest.mark.parametrize(
    ("zone", "hour"),
    [
        ("Asia/Shanghai", "18"),
        ("Europe/Rome", "12"),
        ("UTC", "10"),
        ("Mars/Base", "10"),
        ("../../etc", "10"),
        ("", "10"),
    ],
)
def test_times_are_the_readers(app, zone, hour):
    with app.test_request_context("/?lang=en", headers={"Cookie": f"{locales.ZONE_COOKIE}={zone}"}):
        assert format_datetime(datetime(2026, 7, 1, 10, 0, tzinfo=UTC), "H") == hour


def test_outside_of_a_request_the_language_is_english():
    assert locales.current_language() == "en"


@pytest.fixture
def catalogue(tmp_path):
    """A copy of the Chinese catalogue that nobody has compiled yet, and where it will be."""
    folder = tmp_path / "zh" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    shutil.copy(locales.TRANSLATIONS / "zh" / "LC_MESSAGES" / "messages.po", folder)
    return folder / "messages.mo"


def test_a_catalogue_is_compiled_even_by_several_processes_at_once(catalogue, tmp_path):
    program = (
        "import pathlib, sys; from matchmaker.i18n import locales;"
        "locales.TRANSLATIONS = pathlib.Path(sys.argv[1]); locales.compile_catalogues()"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    running = [subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    said = [process.communicate(timeout=60)[1] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], said
    with catalogue.open("rb") as file:
        assert len(read_mo(file)) > 100
    assert sorted(path.name for path in catalogue.parent.iterdir()) == ["messages.mo", "messages.po"]


def test_a_catalogue_is_compiled_again_only_after_a_change(catalogue, tmp_path, monkeypatch):
    monkeypatch.setattr(locales, "TRANSLATIONS", tmp_path)
    locales.compile_catalogues()
    os.utime(catalogue, (1, 1))
    os.utime(catalogue.with_suffix(".po"), (0, 0))
    locales.compile_catalogues()
    assert catalogue.stat().st_mtime == 1
    os.utime(catalogue.with_suffix(".po"), (2, 2))
    locales.compile_catalogues()
    assert catalogue.stat().st_mtime > 2
