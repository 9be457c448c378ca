"""Codes in a text (ISO 12944, GB/T 4754, Ti-6Al-4V, M12x1.75): one token each, however their parts are joined."""

import unicodedata
from collections.abc import Iterable, Iterator

import regex

from embeddings.text import Token, fold, lexical_spans

# A token longer than this is no word that somebody looks for.
LONGEST = 48
_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
# In scripts without blanks a code begins and ends where its own script does.
_CHAR = rf"[[\p{{L}}\p{{M}}\p{{N}}]--[[{_UNSPACED}]--\p{{Nd}}]]"
_DASH = r"\-\u2010-\u2014\u2212"
_JOINT = rf"[{_DASH}/._+×·]"
# Parts of letters and digits without a blank between them. A comma joins digits only: 2,3-dimethylphenol.
_JOINED = regex.compile(rf"(?<!{_CHAR}){_CHAR}++(?:(?:{_JOINT}|(?<=\p{{Nd}}),(?=\p{{Nd}})){_CHAR}++){{1,5}}+", regex.V1)
# A short name in capitals, perhaps with a slash, and the number that follows it: a standard, a class, a grade.
_NAMED = regex.compile(
    rf"(?<!{_CHAR})(?P<name>\p{{Lu}}{{1,6}}+(?:/\p{{Lu}}{{1,3}}+)?)[\p{{Zs}}\t]?"
    rf"(?P<number>\p{{Lu}}?\p{{Nd}}{{2,7}}+)(?:(?P<joint>[{_DASH}.])(?P<part>\p{{Nd}}{{1,3}})(?!{_CHAR}))?(?!{_CHAR})",
    regex.V1,
)
_HAS_DIGIT, _HAS_LETTER = regex.compile(r"\p{N}"), regex.compile(r"\p{L}")
_OF_UNSPACED = regex.compile(f"[{_UNSPACED}]")  # of folded words, whose digits are those of ASCII
# Letters that look Latin and were typed on another keyboard: СО2, М12, ΡΑ66.
_ALIKE = str.maketrans("авекмнорстхуіјѕαβεικμνορτυχ", "abekmhopctxyijsabeikmnoptyx")
_PARTS = regex.compile(rf"{_CHAR}+", regex.V1)
_TIMES = regex.compile(r"(?<=[0-9])×(?=[0-9])")
_DECIMAL = regex.compile(r"(?<=[0-9])[.,](?=[0-9])")
_PUNCTUATION = regex.compile(r"[^\p{L}\p{M}\p{N}.]|(?<![0-9])\.|\.(?![0-9])")
_FOLDED_CODE = regex.compile(r"(?=.*[0-9])(?=.*\p{L})[\p{L}\p{M}\p{N}.\-]+")
_LONG_NUMBER = regex.compile(r"[0-9]{4,12}")
_YEAR = regex.compile(r"(?:19|20)[0-9]{2}")


def lexical_terms(text: str) -> list[Token]:
    """The words of a text and, beside their parts, its codes in one piece, in the order of the text."""
    words = [token for token in lexical_spans(text) if len(token.form) <= LONGEST]
    return sorted({*words, *_codes(text, words)}, key=lambda token: (token.start, token.end, token.form))


def code_spans(text: str) -> list[Token]:
    """The codes that are written in several parts, or with look-alike letters, with their places in the text.

    A standard is found with and without its part: `ISO 12944-5` is also `iso12944`.
    """
    return sorted(set(_codes(text, lexical_spans(text))), key=lambda token: (token.start, token.end, token.form))


def is_code(form: str) -> bool:
    """Whether a token means the same in every language: letters with digits, or a long number that is no year."""
    if _LONG_NUMBER.fullmatch(form):
        return not _YEAR.fullmatch(form)
    return _FOLDED_CODE.fullmatch(form) is not None and not _OF_UNSPACED.search(form)


def _codes(text: str, words: Iterable[Token]) -> Iterator[Token]:
    if _HAS_DIGIT.search(text):
        yield from _named(text)
        yield from _joined(text)
        yield from _lookalikes(words)


def _named(text: str) -> Iterator[Token]:
    for found in _NAMED.finditer(text):
        base = _folded(found["name"] + found["number"])
        yield Token(base, found.start(), found.end("number"))
        if found["part"]:
            joint = "." if found["joint"] == "." else "-"
            yield Token(f"{base}{joint}{fold(found['part'])}", found.start(), found.end())


def _joined(text: str) -> Iterator[Token]:
    for found in _JOINED.finditer(text):
        written = found[0]
        if len(written) <= LONGEST and _HAS_DIGIT.search(written) and _HAS_LETTER.search(written):
            yield Token(_folded(written), found.start(), found.end())


def _lookalikes(words: Iterable[Token]) -> Iterator[Token]:
    for token in words:
        if not token.form.isascii() and is_code(token.form) and (form := _latin(token.form)) != token.form:
            yield Token(form, token.start, token.end)


def _folded(written: str) -> str:
    """The parts as the tokens of the text are folded, without what joins them; a decimal comma as a point."""
    folded = _PARTS.sub(lambda part: fold(part[0]), written)
    return _latin(_PUNCTUATION.sub("", _DECIMAL.sub(".", _TIMES.sub("x", folded))))


def _latin(form: str) -> str:
    """The same in Latin letters where every letter looks like one."""
    plain = form.translate(_ALIKE)
    return plain if all(c.isascii() or not unicodedata.category(c).startswith("L") for c in plain) else form
