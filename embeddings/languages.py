"""Which language a text is in: the script decides where it can, a small statistical model where it cannot."""

from functools import lru_cache
from typing import Any

import regex

UNKNOWN = "und"

# Scripts that, among the languages people post in here, stand for a single one.
_ONE_LANGUAGE = {
    "Hangul": "ko", "Thai": "th", "Greek": "el", "Hebrew": "he", "Armenian": "hy", "Georgian": "ka",
    "Bengali": "bn", "Tamil": "ta", "Telugu": "te", "Gujarati": "gu", "Gurmukhi": "pa", "Kannada": "kn",
    "Malayalam": "ml", "Sinhala": "si", "Khmer": "km", "Lao": "lo", "Myanmar": "my", "Ethiopic": "am",
}  # fmt: skip

# Scripts shared by several languages, with those worth telling apart. Fewer candidates make fewer
# mistakes.
_CANDIDATES = {
    "Latin": frozenset({
        "az", "bs", "ca", "cs", "da", "de", "en", "es", "et", "fi", "fr", "ga", "hr", "hu", "id", "is", "it",
        "lt", "lv", "ms", "mt", "nl", "no", "pl", "pt", "ro", "sk", "sl", "sq", "sr", "sv", "sw", "tr",
        "uz", "vi",
    }),
    "Cyrillic": frozenset({"be", "bg", "kk", "ky", "mk", "mn", "ru", "sr", "uk"}),
    "Arabic": frozenset({"ar", "fa", "ur"}),
    "Devanagari": frozenset({"hi", "mr", "ne"}),
}  # fmt: skip

_HAN_LANGUAGES = frozenset({"zh", "ja"})

SUPPORTED_LANGUAGES: frozenset[str] = frozenset().union(_ONE_LANGUAGE.values(), _HAN_LANGUAGES, *_CANDIDATES.values())

# A letter of these scripts says about as much as this many letters of an alphabet, so that a Chinese
# sentence with a few English terms in it stays Chinese.
_LETTER_WEIGHT = {"Han": 3.0, "Hiragana": 2.0, "Katakana": 2.0, "Hangul": 2.0}

_LETTERS = {
    script: regex.compile(rf"\p{{Script={script}}}")
    for script in (*_ONE_LANGUAGE, *_CANDIDATES, "Han", "Hiragana", "Katakana")
}
_KANA_SHARE = 0.06  # Japanese texts have more kana than this, Chinese ones that quote some Japanese less
_SAMPLE_CHARS = 2000  # more text makes no better guess
_FEWEST_LETTERS = 8  # an alphabet needs about one long word
_LEAST_CONFIDENCE = 0.3  # among the candidates; of 479 real titles one in a hundred then gets a wrong code


def detect_language(text: str) -> str:
    """The ISO 639-1 code of the language `text` is written in, or "und" when it is too short or unclear.

    Chinese is "zh" in either orthography, Norwegian "no". Bosnian, Croatian and Serbian in Latin script are
    hardly told apart by anything short of their author, who is to have the last word.
    """
    sample = text[:_SAMPLE_CHARS]
    weights = {script: _weight(script, sample) for script in _LETTERS}
    script = max(weights, key=weights.__getitem__)
    if not weights[script]:
        return UNKNOWN
    if script in _ONE_LANGUAGE:
        return _ONE_LANGUAGE[script]
    if script in _CANDIDATES:
        return _most_likely(script, sample) if weights[script] >= _FEWEST_LETTERS else UNKNOWN
    kana = weights["Hiragana"] + weights["Katakana"]
    return "ja" if kana > _KANA_SHARE * (kana + weights["Han"]) else "zh"


def _weight(script: str, text: str) -> float:
    return _LETTER_WEIGHT.get(script, 1.0) * sum(1 for _ in _LETTERS[script].finditer(text))


def _most_likely(script: str, text: str) -> str:
    """The likeliest of the script's languages, its probability taken among them alone."""
    scores = {code: p for code, p in _identifier().rank(text) if code in _CANDIDATES[script]}
    best = max(scores, key=scores.__getitem__)
    return best if scores[best] >= _LEAST_CONFIDENCE * sum(scores.values()) else UNKNOWN


@lru_cache(maxsize=1)
def _identifier() -> Any:
    """The statistical model; loaded on first need, since it takes a second and 100 MB."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415  (heavy, and scripts often decide)

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(sorted(frozenset().union(*_CANDIDATES.values())))
    return identifier
