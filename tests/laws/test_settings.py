"""Law 6: every setting is in the README's table, and back."""

import re
from pathlib import Path

import pytest

from matchmaker import config

ROOT = Path(__file__).resolve().parents[2]
SOURCE = (ROOT / "matchmaker" / "config.py").read_text(encoding="utf-8")
NAME = r"[A-Z][A-Z0-9_]{3,}"
ROW = re.compile(rf"^\|\s*`({NAME})`\s*\|", re.MULTILINE)


def declared() -> set[str]:
    """Names in the comments over the fields of Settings."""
    comments = (line for line in SOURCE.splitlines() if line.strip().startswith("#"))
    return {name for line in comments for name in re.findall(rf"\b({NAME})\b(?=,|$)", line) if "_" in name}


def read_from_the_environment() -> set[str]:
    """Names that load() looks up."""
    return set(re.findall(rf'(?:env(?:iron)?\.get\(|\(env, )"({NAME})"', SOURCE))


def test_every_setting_is_named_in_the_comment_over_it():
    assert len(declared()) >= 10
    assert declared() == read_from_the_environment()


def test_every_setting_is_in_the_readme_and_back():
    readme = ROOT / "README.md"
    assert readme.exists(), "the README with the table of settings is missing"
    assert set(ROW.findall(readme.read_text(encoding="utf-8"))) == declared()


# Handing all of it to a process of its own, `**os.environ,`, reads no setting.
def test_no_other_module_of_the_platform_reads_the_environment():
    elsewhere = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "matchmaker").rglob("*.py")
        if re.search(r"os\.(environ\b[^,]|getenv)", path.read_text(encoding="utf-8"))
    }
    assert elsewhere - {"matchmaker/config.py"} == set()


@pytest.mark.parametrize("name", sorted(declared()))
def test_a_setting_that_is_set_to_nothing_is_the_default(name: str):
    assert config.load({name: ""}) == config.load({})
