"""Third-party browser files are exactly those of the table beside them, each under its licence."""

import hashlib
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parents[2]
VENDOR = ROOT / "matchmaker" / "static" / "vendor"
ROW = re.compile(
    r"^\| (?P<name>[^|]+) \| (?P<version>[^|]+) \| (?P<licence>[^|]+) \| (?P<file>[^|]+) \| (?P<sha>\w+) \|$"
)
# Either the sprite's own address, or the macro that writes it: {{ icon("search") }}.
ICON_IN_PAGE = re.compile(r"""(?:sprite\.svg[^#\n]*#|\bicon\(['"])([a-z0-9-]+)""")
LICENCE_WORDS = {"MIT": "MIT License", "0BSD": "Zero-Clause BSD", "Apache-2.0": "Apache License"}


def table():
    rows = (ROW.match(line) for line in (VENDOR / "README.md").read_text(encoding="utf-8").splitlines())
    return [row.groupdict() for row in rows if row and row["name"] != "name" and "-" not in row["name"]]


ROWS = table()


def test_the_table_names_every_shipped_file_once():
    shipped = {path for path in VENDOR.rglob("*") if path.is_file() and path.name not in {"LICENSE", "README.md"}}
    assert shipped
    assert sorted(str(path.relative_to(VENDOR)) for path in shipped) == sorted(row["file"] for row in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["file"])
def test_a_file_is_the_one_of_the_table(row):
    assert hashlib.sha256((VENDOR / row["file"]).read_bytes()).hexdigest() == row["sha"]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["file"])
def test_a_file_lies_beside_the_licence_the_table_names(row):
    text = (VENDOR / row["file"]).with_name("LICENSE").read_text(encoding="utf-8")
    assert LICENCE_WORDS[row["licence"]] in text


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["file"])
def test_a_folder_carries_the_version_of_the_table(row):
    assert row["file"].split("/")[0].endswith("-" + row["version"])


def test_the_icons_are_drawings_and_nothing_that_runs():
    sprite = next(VENDOR.glob("bootstrap-icons-*/sprite.svg"))
    drawing = {f"{{http://www.w3.org/2000/svg}}{tag}" for tag in ("svg", "symbol", "path", "circle", "rect", "g")}
    elements = list(ElementTree.parse(sprite).iter())
    assert {element.tag for element in elements} <= drawing
    assert not [name for element in elements for name in element.attrib if name.startswith("on") or "href" in name]


def test_every_icon_that_a_page_uses_is_in_the_sprite():
    sprite = next(VENDOR.glob("bootstrap-icons-*/sprite.svg"))
    icons = set(re.findall(r'id="([^"]+)"', sprite.read_text(encoding="utf-8")))
    pages = [page.read_text(encoding="utf-8") for page in (ROOT / "templates").rglob("*.html")]
    used = {icon for page in pages for icon in ICON_IN_PAGE.findall(page)}
    assert used <= icons
