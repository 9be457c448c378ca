"""Law 13: every text for readers can be extracted, and is translated in every language that is shipped."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[2]
TRANSLATIONS = ROOT / "matchmaker" / "i18n" / "translations"
CATALOGUES = sorted(path.parent.parent.name for path in TRANSLATIONS.glob("*/LC_MESSAGES/messages.po"))
KEYWORDS = {**DEFAULT_KEYWORDS, "lazy": None}
TEMPLATES = sorted([*ROOT.glob("templates/**/*.html"), *ROOT.glob("templates/emails/**/*.txt")])

# Words that are the same in every language of the portal.
NAMES = {"TRL", "IPC", "NACE"}
_PLACEHOLDER = re.compile(r"%\((\w+)\)[a-z]")
# Comments, tags of the template language, data, and the block that names the page's CSS classes.
_NOT_WORDS = re.compile(
    r"\{% block main_class %\}.*?\{% endblock %\}|\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<script\b.*?</script>", re.S
)
_SPOKEN = re.compile(r"""\b(?:aria-label|title|alt|placeholder)\s*=\s*"([^"]*)\"""")
# An attribute may stand outside of a tag in a macro that writes attributes.
_TAG = re.compile(r"""<[^>]*>|[\w-]+="[^"]*"|\bdata-[\w-]+""", re.S)
_WORD = re.compile(r"[^\W\d_]{2,}")


@cache
def extracted() -> Catalog:
    """What the sources say now."""
    with (ROOT / "matchmaker" / "i18n" / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    catalog = Catalog()
    for name, _line, message, _comments, context in extract_from_dir(ROOT, methods, options, KEYWORDS):
        catalog.add(message, locations=[(name, 0)], context=context)
    return catalog


@cache
def shipped(lang: str) -> Catalog:
    with (TRANSLATIONS / lang / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=lang)


def messages(catalog: Catalog) -> Iterator[Message]:
    return (message for message in catalog if message.id)


def forms(text: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def test_chinese_is_shipped_beside_the_english_of_the_source():
    assert "zh" in CATALOGUES
    assert len(list(messages(extracted()))) > 300


@pytest.mark.parametrize("lang", CATALOGUES)
def test_every_message_of_the_sources_is_translated(lang: str):
    known = {message.id: message for message in messages(shipped(lang))}
    lacking = [m.id for m in messages(extracted()) if m.id not in known or not all(forms(known[m.id].string))]
    assert lacking == []


@pytest.mark.parametrize("lang", CATALOGUES)
def test_a_catalogue_keeps_no_message_that_the_sources_dropped(lang: str):
    wanted = {message.id for message in messages(extracted())}
    assert [message.id for message in messages(shipped(lang)) if message.id not in wanted] == []


@pytest.mark.parametrize("lang", CATALOGUES)
def test_nothing_in_a_catalogue_is_unsure(lang: str):
    assert [message.id for message in messages(shipped(lang)) if message.fuzzy] == []


@pytest.mark.parametrize("lang", CATALOGUES)
def test_a_translation_has_the_placeholders_of_its_message(lang: str):
    for message in messages(shipped(lang)):
        singular, *plural = forms(message.id)
        wanted = set(_PLACEHOLDER.findall(plural[0] if plural else singular))
        for translation in forms(message.string):
            found = set(_PLACEHOLDER.findall(translation))
            # A plural message may leave the number itself to the words around it.
            assert found == wanted or (plural and found == wanted - {"num"}), message.id


@pytest.mark.parametrize("lang", CATALOGUES)
def test_a_plural_has_as_many_forms_as_the_language(lang: str):
    catalog = shipped(lang)
    plurals = [message for message in messages(catalog) if message.pluralizable]
    assert plurals
    assert {len(forms(message.string)) for message in plurals} == {catalog.num_plurals}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_a_template_says_nothing_that_cannot_be_translated(path: Path):
    page = _NOT_WORDS.sub(" ", path.read_text(encoding="utf-8"))
    said = [*_SPOKEN.findall(page), _TAG.sub(" ", page)]
    assert [word for text in said for word in _WORD.findall(text) if word not in NAMES] == []


def test_no_view_flashes_a_sentence_that_cannot_be_translated():
    for path in (ROOT / "matchmaker").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"flash", "flash_undo"}:
                assert not isinstance(node.args[0], ast.Constant | ast.JoinedStr), f"{path.name}:{node.lineno}"


def test_no_message_is_put_together_before_it_is_translated():
    for path in (ROOT / "matchmaker").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"_", "lazy", "ngettext"}:
                assert isinstance(node.args[0], ast.Constant), f"{path.name}:{node.lineno}"
