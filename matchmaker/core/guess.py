"""Guess the language of a short text from its script; what cannot be told is left to what its author usually writes."""

from collections.abc import Iterable

from matchmaker.core.scripts import letter_script, scripts_of

# Scripts that give a language away, or nearly so.
_TELLING = {
    "Kana": "ja", "Hira": "ja", "Hang": "ko", "Hani": "zh", "Grek": "el", "Hebr": "he", "Thai": "th", "Geor": "ka",
    "Armn": "hy", "Cyrl": "ru", "Arab": "ar", "Deva": "hi", "Latn": "en",
}  # fmt: skip
# A word of another script (a product, a standard) in a text of ten letters says nothing.
_SHARE = 0.3


def guess_language(text: str, usual: Iterable[str]) -> str:
    """The first of the `usual` languages that is written in the text's script, else the likeliest; "und" for none."""
    usual = [lang for lang in usual if lang]
    letters = [script for script in map(letter_script, filter(str.isalpha, text[:2000])) if script]
    if not letters:
        return usual[0] if usual else "und"
    # Kana and hangul stand among Chinese characters in a Japanese or Korean text, never in a Chinese one.
    for script in ("Hira", "Kana", "Hang"):
        if letters.count(script) > _SHARE / 3 * len(letters):
            return _TELLING[script]
    foreign = [script for script in dict.fromkeys(letters) if script != "Latn"]
    most = max(foreign, key=letters.count, default="Latn")
    # Latin letters stand in texts of every script: a third of another one makes the text that one's.
    script = most if letters.count(most) >= _SHARE * len(letters) else "Latn"
    return next((lang for lang in usual if script in scripts_of(lang)), _TELLING.get(script, "und"))
