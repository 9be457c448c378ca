"""Settings come from the environment, whole or with one readable line of complaint."""

from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from matchmaker.config import ROOT, load
from matchmaker.core.errors import Misconfigured


def test_an_empty_environment_serves_one_machine():
    settings = load({})
    assert settings.var == ROOT / "var"
    assert settings.database_url == f"sqlite:///{ROOT / 'var' / 'matchmaker.db'}"
    assert settings.encoder == "bundled"
    assert (settings.host, settings.port, settings.threads) == ("127.0.0.1", 8000, 8)
    assert 1 <= settings.encoder_threads <= 4
    assert settings.demo
    assert not settings.secure_cookies
    assert settings.secret_key == ""


def test_everything_follows_the_var_folder(tmp_path):
    settings = load({"MATCHMAKER_VAR": str(tmp_path)})
    assert settings.models == tmp_path / "models"
    assert settings.index == tmp_path / "index"
    assert str(tmp_path) in settings.database_url


def test_a_relative_folder_is_seen_from_where_the_program_starts(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load({"MATCHMAKER_VAR": "data"}).var == Path(tmp_path, "data").resolve()


@pytest.mark.parametrize("name", ["MATCHMAKER_PORT", "MATCHMAKER_THREADS", "MATCHMAKER_ENCODER_THREADS"])
@pytest.mark.parametrize("value", ["x", "-1", "1.5", "99999999", "1e3", " 8"])
def test_a_number_that_is_none_is_named(name, value):
    with pytest.raises(Misconfigured) as refused:
        load({name: value})
    assert name in str(refused.value)
    assert value in str(refused.value)
    assert "\n" not in str(refused.value)


def test_no_thread_at_all_is_refused():
    with pytest.raises(Misconfigured, match="MATCHMAKER_THREADS"):
        load({"MATCHMAKER_THREADS": "0"})


@pytest.mark.parametrize(("raw", "meant"), [("1", True), ("0", False), ("YES", True), ("no", False), ("True", True)])
def test_a_switch_may_be_written_in_several_ways(raw, meant):
    assert load({"MATCHMAKER_DEMO": raw}).demo is meant


def test_a_switch_that_is_neither_is_named():
    with pytest.raises(Misconfigured, match=r"MATCHMAKER_DEMO is 'maybe'; it must be 1 or 0"):
        load({"MATCHMAKER_DEMO": "maybe"})


def test_settings_do_not_change_while_the_program_runs():
    with pytest.raises(FrozenInstanceError):
        load({}).port = 9000  # type: ignore[misc]


def test_a_translation_service_is_an_address_of_the_web():
    assert load({"MATCHMAKER_TRANSLATE_URL": "https://translate.example.org/"}).translate_url == (
        "https://translate.example.org"
    )
    assert load({}).translate_url == ""


@pytest.mark.parametrize(
    "address",
    ["translate.local", "file:///etc/passwd", "ftp://example.org", "https://", "http://me:secret@example.org",
     "http://[::1", "http://example.org:0", "javascript:alert(1)"],
)  # fmt: skip
def test_an_address_that_is_none_is_refused_without_repeating_what_may_be_secret(address):
    with pytest.raises(Misconfigured, match="MATCHMAKER_TRANSLATE_URL") as refused:
        load({"MATCHMAKER_TRANSLATE_URL": address})
    assert "secret" not in str(refused.value)
