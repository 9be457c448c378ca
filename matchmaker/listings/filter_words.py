"""The words for what a search is narrowed down to."""

from matchmaker.core.countries import country_name
from matchmaker.core.languages import language_name
from matchmaker.taxonomy.titles import title_of

_VOCABULARIES = {"ipc_sections": "ipc", "nace_sections": "nace", "trls": "Trl"}


def label(name: str, code: str, lang: str) -> str:
    """The words for a code of the filter `name`."""
    if name == "countries":
        return country_name(code, lang)
    if name == "languages":
        return language_name(code, lang)
    words = title_of(_VOCABULARIES[name], code, lang)
    return words if name == "trls" or words == code else f"{code} · {words}"
