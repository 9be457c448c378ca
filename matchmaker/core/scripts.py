"""Which script a text is written in, and which ones its language uses, from CLDR's likely subtags."""

import unicodedata
from collections import Counter
from functools import cache

from babel.core import get_global

from matchmaker.core.languages import reader_locale

# A few words in another script (a product, a standard) say nothing; a whole text does.
MIN_LETTERS = 20
MIN_SHARE = 0.7
# Enough to tell, however long the text is.
_ENOUGH = 4000

# The first word of a letter's Unicode name → its script by ISO 15924.
_BLOCKS = {
    "LATIN": "Latn", "CYRILLIC": "Cyrl", "GREEK": "Grek", "ARABIC": "Arab", "HEBREW": "Hebr", "CJK": "Hani",
    "HIRAGANA": "Hira", "KATAKANA": "Kana", "KATAKANA-HIRAGANA": "Kana", "HANGUL": "Hang", "BOPOMOFO": "Bopo",
    "ARMENIAN": "Armn", "GEORGIAN": "Geor", "DEVANAGARI": "Deva", "BENGALI": "Beng", "GURMUKHI": "Guru",
    "GUJARATI": "Gujr", "ORIYA": "Orya", "TAMIL": "Taml", "TELUGU": "Telu", "KANNADA": "Knda", "MALAYALAM": "Mlym",
    "SINHALA": "Sinh", "THAI": "Thai", "LAO": "Laoo", "TIBETAN": "Tibt", "MYANMAR": "Mymr", "KHMER": "Khmr",
    "ETHIOPIC": "Ethi", "MONGOLIAN": "Mong", "THAANA": "Thaa", "YI": "Yiii", "CANADIAN": "Cans", "JAVANESE": "Java",
    "SUNDANESE": "Sund", "NKO": "Nkoo", "ADLAM": "Adlm",
}  # fmt: skip
# What CLDR joins under one code, taken apart.
_PARTS = {
    "Hans": {"Hani"},
    "Hant": {"Hani"},
    "Hanb": {"Hani", "Bopo"},
    "Jpan": {"Hani", "Hira", "Kana"},
    "Kore": {"Hang", "Hani"},
}
# Languages that are also written in a script that no likely subtag tells of.
_ALSO = {
    "bs": {"Cyrl"}, "kk": {"Latn"}, "tt": {"Latn"}, "tk": {"Cyrl", "Arab"}, "tg": {"Latn"}, "ug": {"Latn"},
    "mn": {"Latn"}, "ro": {"Cyrl"}, "ku": {"Cyrl"}, "ks": {"Deva"}, "so": {"Arab"}, "wo": {"Arab"}, "yo": {"Arab"},
    "cr": {"Latn"}, "iu": {"Latn"}, "oj": {"Latn"}, "ab": {"Latn"}, "be": {"Latn"}, "az": {"Latn"},
}  # fmt: skip
# Written in whatever script the reader knows.
_ANY = {"sa", "pi", "und"}


@cache
def scripts_of(lang: str) -> frozenset[str]:
    """The scripts (ISO 15924) that a language is written in; empty when any might be right."""
    if lang in _ANY:
        return frozenset()
    tags = (tag.split("_") for tag in get_global("likely_subtags").values())
    found = {script for language, script, *_ in tags if language == lang}
    if not found:
        return frozenset()
    parts = set().union(*(_PARTS.get(script, {script}) for script in found))
    return frozenset(parts | _ALSO.get(lang, set()))


def dominant_script(text: str) -> str | None:
    """The script of most of the letters, or None when they are few or mixed."""
    letters = [character for character in text[: 4 * _ENOUGH] if character.isalpha()][:_ENOUGH]
    if len(letters) < MIN_LETTERS:
        return None
    script, count = Counter(map(letter_script, letters)).most_common(1)[0]
    return script if script and count / len(letters) >= MIN_SHARE else None


def foreign_script(text: str, lang: str) -> str | None:
    """The script that most of the text is written in, when the language `lang` does not use it."""
    usual = scripts_of(lang)
    script = dominant_script(text) if usual else None
    return script if script and script not in usual else None


def script_name(script: str, lang: str) -> str:
    """Name a script for a reader of `lang`."""
    return str(reader_locale(lang).scripts.get(script, script))


@cache
def letter_script(letter: str) -> str:
    """The script of a letter, "" where it is none that we know."""
    return _BLOCKS.get(unicodedata.name(letter, "").split(" ")[0], "")
