"""The type-ahead behind code pickers, and the `label` filter that prints a code in words."""

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from matchmaker.core.countries import countries
from matchmaker.core.errors import NotFound
from matchmaker.i18n.locales import current_language
from matchmaker.taxonomy import service, titles
from matchmaker.taxonomy.schemes import SHARED, fold
from matchmaker.web.access import PUBLIC, access

# As many as a telephone shows above its keyboard, and a few to scroll.
SUGGESTIONS = 12

bp = Blueprint("taxonomy", __name__)


@bp.app_template_filter("label")
def label(code: str | None, vocabulary: str) -> str:
    """`{{ "E21B"|label("ipc") }}`: the code's title in the reader's language."""
    return titles.title_of(vocabulary, str(code), current_language()) if code else ""


@bp.get("/taxonomy/<scheme>.json")
@access(PUBLIC)
def search(scheme: str) -> ResponseReturnValue:
    query = request.args.get("q", "")[: service.SEARCH_LENGTH]
    answer = jsonify(query=query, results=suggestions(scheme, query, current_language()))
    # The vocabularies never change while the server runs; the address names the language.
    answer.cache_control.private = True
    answer.cache_control.max_age = 600
    return answer


def suggestions(scheme: str, query: str, lang: str) -> list[dict[str, str]]:
    """The best answers as code, title and the title of what they belong to; raises NotFound for no such scheme."""
    if scheme == titles.COUNTRIES:
        return _countries(fold(query), lang)
    if scheme not in SHARED:
        raise NotFound("no such vocabulary")
    found = service.search(scheme, query, lang, SUGGESTIONS)
    return [
        {
            "code": concept.code,
            "label": concept.label,
            "within": service.label(scheme, concept.parent, lang) if concept.parent else "",
        }
        for concept in found
    ]


def _countries(query: str, lang: str) -> list[dict[str, str]]:
    """Countries whose code is the query or whose name has a word that begins with it."""
    if not query:
        return []
    named = [(code, name, fold(name)) for code, name in countries(lang)]
    exact = [row for row in named if row[0].casefold() == query]
    begins = [row for row in named if row[2].startswith(query)]
    inside = [row for row in named if query in row[2]]
    found = list(dict.fromkeys([*exact, *begins, *inside]))[:SUGGESTIONS]
    return [{"code": code, "label": name, "within": ""} for code, name, _folded in found]
