"""Law 5: every template folder is a blueprint or shared, every template is rendered by someone, and none runs code.

The content security policy refuses inline scripts and styles, so a page that has one is broken for readers
without any error on our side.
"""

import ast
import re
from pathlib import Path

import pytest
from flask import Flask

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "templates"
STATIC = ROOT / "matchmaker" / "static"
SHARED = {"layouts", "includes", "errors", "emails"}
PAGES = sorted(str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.*") if path.is_file())
HTML = [page for page in PAGES if page.endswith(".html")]
LETTER = {"subject.txt", "body.txt", "body.html"}

_COMMENT = re.compile(r"\{#.*?#\}", re.S)
_USED = re.compile(r"""\{%[-+]?\s*(?:extends|include|import|from)\s+["']([^"']+)["']""")
_SCRIPT = re.compile(r"<script\b(?P<attributes>[^>]*)>(?P<body>.*?)</script>", re.S | re.I)
# Attributes that run: style="", onclick="", hx-on:click="", and addresses that are code.
_RUNS = re.compile(r"""\s(?:style|on[a-z]+|hx-on[:-][\w:.-]*|hx-vars)\s*=|["']\s*javascript:|<style\b""", re.I)
_SAFE = re.compile(r"""(?P<before>.{0,80}?)\|\s*safe\b""", re.S)
_FORM = re.compile(r"<form\b(?P<attributes>[^>]*)>(?P<body>.*?)</form>", re.S | re.I)
_MACRO = re.compile(r"\{%[-+]?\s*macro\s+(?P<name>\w+)(?P<body>.*?)\{%[-+]?\s*endmacro", re.S)
_TOKEN = 'name="csrf_token"'
_ENDPOINT = re.compile(r"""\b(?:url_for|public_url)\(\s*["']([\w.]+)["']""")
_STATIC = re.compile(r"""url_for\(\s*["']static["']\s*,\s*filename\s*=\s*["']([^"']+)["']\s*(~?)""")


def source(page: str) -> str:
    return _COMMENT.sub("", (TEMPLATES / page).read_text(encoding="utf-8"))


def rendered_by_python() -> set[str]:
    """Every first argument of a call to render_template, in the whole application."""
    found = set()
    for path in (ROOT / "matchmaker").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                if name == "render_template":
                    found.add(node.args[0].value)
    return found


def letters_posted() -> set[str]:
    """The third argument of every call of letters.post: the kind of letter, which must be a literal."""
    found = set()
    for path in (ROOT / "matchmaker").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {"post", "letters.post"}:
                kind = node.args[2]
                assert isinstance(kind, ast.Constant), f"{path.name}:{node.lineno}"
                found.add(kind.value)
    return found


def parts_of_letters() -> set[str]:
    return {f"emails/{kind}/{part}" for kind in letters_posted() for part in LETTER}


def test_every_letter_has_three_parts_and_every_folder_is_a_letter():
    folders = {path.name: {part.name for part in path.iterdir()} for path in (TEMPLATES / "emails").glob("*/")}
    assert folders == dict.fromkeys(letters_posted(), LETTER)


@pytest.mark.parametrize("page", [page for page in HTML if re.fullmatch("emails/.+/body.html", page)])
def test_a_letter_has_the_frame_of_all_letters_and_no_picture(page: str):
    assert '{% extends "emails/_layout.html" %}' in source(page)
    assert "<img" not in source(page)


@pytest.mark.parametrize("page", [page for page in PAGES if page.startswith("emails/")])
def test_a_letter_leads_to_full_addresses(page: str):
    # Relative addresses mean nothing in a mail program, and url_for believes the request's Host header.
    assert "url_for" not in source(page)


def test_every_folder_of_templates_is_a_blueprint_or_shared(app: Flask):
    folders = {path.name for path in TEMPLATES.iterdir() if path.is_dir()}
    assert folders - SHARED <= set(app.blueprints)


def test_every_template_is_rendered_by_a_view_or_used_by_another_template():
    used = rendered_by_python() | {name for page in HTML for name in _USED.findall(source(page))}
    assert set(PAGES) - used - parts_of_letters() == set()


def test_every_template_that_is_rendered_or_used_exists():
    used = rendered_by_python() | {name for page in HTML for name in _USED.findall(source(page))}
    assert used - set(PAGES) == set()


def test_every_template_compiles(app: Flask):
    assert [app.jinja_env.get_template(page).name for page in PAGES] == PAGES


@pytest.mark.parametrize("page", HTML)
def test_a_template_holds_no_inline_style_and_no_handler(page: str):
    assert _RUNS.findall(source(page)) == []


@pytest.mark.parametrize("page", HTML)
def test_a_script_in_a_template_is_a_file_or_data(page: str):
    for script in _SCRIPT.finditer(source(page)):
        data = 'type="application/ld+json"' in script["attributes"]
        assert "src=" in script["attributes"] or data, script[0]
        # Data inside a script element must not be able to end it.
        assert re.fullmatch(r"\s*(\{\{[^}]*\|\s*tojson\s*\}\}\s*)?", script["body"]), script[0]


@pytest.mark.parametrize("page", HTML)
def test_only_our_own_literals_are_called_safe(page: str):
    for use in _SAFE.finditer(source(page)):
        assert re.search(r"""(["'])[^"']*(?:(?!\1)["'][^"']*)*\1$""", use["before"].rstrip()), use[0]


@pytest.mark.parametrize("page", HTML)
def test_every_form_that_posts_carries_the_token(page: str):
    text = source(page)
    # The token itself, or a macro of the same template that writes it.
    macros = [macro["name"] for macro in _MACRO.finditer(text) if _TOKEN in macro["body"]]
    carries = re.compile("|".join([_TOKEN, *(rf"\{{\{{ *{name}\(" for name in macros)]))
    posts = [form for form in _FORM.finditer(text) if 'method="post"' in form["attributes"].casefold()]
    assert [form[0] for form in posts if not carries.search(form["body"])] == []


@pytest.mark.parametrize("page", HTML)
def test_every_address_in_a_template_is_one_of_ours(page: str, app: Flask):
    assert set(_ENDPOINT.findall(source(page))) - set(app.view_functions) == set()


@pytest.mark.parametrize("page", HTML)
def test_every_file_that_a_template_names_is_shipped(page: str):
    named = [name for name, joined in _STATIC.findall(source(page)) if not joined]
    assert [name for name in named if not (STATIC / name).is_file()] == []
