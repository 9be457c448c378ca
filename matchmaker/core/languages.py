"""Names, direction and sorting of languages, from Babel's CLDR data; codes are BCP 47 (`sr`, `sr-Latn`)."""

import unicodedata
from functools import cache, lru_cache

import pycountry
from babel import Locale, UnknownLocaleError
from babel.languages import get_official_languages

FALLBACK = "en"

# Withdrawn from ISO 639-1 in 2000; `sr`, `hr` and `bs` took its place.
_WITHDRAWN = {"sh"}

LISTING_LANGUAGES: tuple[str, ...] = tuple(
    sorted(
        language.alpha_2
        for language in pycountry.languages
        if hasattr(language, "alpha_2") and language.alpha_2 not in _WITHDRAWN
    )
)
"""Every ISO 639-1 code, sorted: the languages a listing may be written in."""

_LISTING_LANGUAGES = frozenset(LISTING_LANGUAGES)

# Letters that Unicode does not take apart but that readers look for beside their plain cousin.
_PLAIN_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe"})

# GB 2312 orders its first 3,755 characters by pinyin; the rarer ones at the beginning of names of countries
# and languages sort as a common character with the same reading.
_PINYIN_NEIGHBOURS = str.maketrans("瑙斐汶梵伽巽鞑靼", "脑匪问范茄训达达")


def is_language(code: str) -> bool:
    """Tell whether `code` is a language a listing may be written in."""
    return code in _LISTING_LANGUAGES


def main_language(country: str) -> str | None:
    """The listing language that most people of a country share officially, or None where CLDR names none."""
    spoken = (tag.split("_")[0] for tag in get_official_languages(country, de_facto=True))
    return next(filter(is_language, spoken), None)


@lru_cache(maxsize=1024)
def locale_of(code: str) -> Locale | None:
    """Find the closest locale that CLDR knows (`pt-XX` gives `pt`), or None for an unknown language."""
    parts = code.replace("-", "_").split("_")
    for length in range(len(parts), 0, -1):
        try:
            return Locale.parse("_".join(parts[:length]))
        except (UnknownLocaleError, ValueError, TypeError):
            continue
    return None


def reader_locale(lang: str) -> Locale:
    """The locale to show names in for a reader of `lang`; English when CLDR has none."""
    return locale_of(lang) or Locale(FALLBACK)


def language_name(code: str, lang: str) -> str:
    """Name the language `code` for a reader of `lang`; an unknown code is its own name."""
    reader = reader_locale(lang)
    name = reader.languages.get(code.replace("-", "_"))
    if name:
        return str(name)
    locale = locale_of(code)
    if locale is not None and locale.get_display_name(reader):
        return str(locale.get_display_name(reader))
    return str(Locale(FALLBACK).languages.get(code, code))


def endonym(code: str) -> str:
    """Name a language in itself (`Српски` for `sr`), in English where CLDR does not speak it."""
    locale = locale_of(code)
    name = locale.get_display_name(locale) if locale is not None else None
    if not name:
        return language_name(code, FALLBACK)
    return str(name[0].upper() + name[1:])


def is_rtl(code: str) -> bool:
    """Tell whether text in `code` runs from right to left."""
    locale = locale_of(code)
    return locale is not None and locale.text_direction == "rtl"


def collation_key(text: str, lang: str) -> tuple[bytes, str]:
    """Sort key for names shown to a reader of `lang`.

    Simplified Chinese sorts by pinyin, everything else by letters without regard to case and accents.
    """
    if lang.replace("_", "-").split("-")[0] == "zh":
        return text.translate(_PINYIN_NEIGHBOURS).encode("gb18030", "replace"), text
    letters = unicodedata.normalize("NFKD", text.casefold()).translate(_PLAIN_LETTERS)
    return "".join(c for c in letters if not unicodedata.combining(c)).encode("utf-8", "replace"), text


@cache
def _languages(locale: str) -> tuple[tuple[str, str], ...]:
    named = ((code, language_name(code, locale)) for code in LISTING_LANGUAGES)
    return tuple(sorted(named, key=lambda pair: collation_key(pair[1], locale)))


def languages(lang: str) -> tuple[tuple[str, str], ...]:
    """All listing languages as (code, name) for a reader of `lang`, sorted by name."""
    return _languages(str(reader_locale(lang)))
