"""Text made ready: cleaned, cut into passages, and broken into the words that a lexical search compares."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
import regex
from numpy.typing import NDArray

from embeddings.languages import SUPPORTED_LANGUAGES, UNKNOWN, detect_language

__all__ = [
    "SUPPORTED_LANGUAGES", "UNKNOWN", "Passage", "Token", "detect_language", "estimate_tokens", "fold",
    "lexical_spans", "lexical_tokens", "normalise", "split_passages",
]  # fmt: skip

DEFAULT_BUDGET = 256  # tokens a passage; the shipped encoder was measured with texts of this length

_NEWLINES = regex.compile(r"\r\n|[\r\v\f\x85\u2028\u2029]")
# What has no place in a text: control characters, invisible marks, what turns the reading direction around
# (so that no title can rearrange the page it stands on), code points that are no characters. The joiners
# U+200C and U+200D stay: Persian, the scripts of India and emoji are spelled with them.
_UNWANTED = regex.compile(
    r"[\p{Cc}--[\n\t]]|[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
    r"|[\U000e0000-\U000e0fff--\U000e0100-\U000e01ef]|\p{Noncharacter_Code_Point}",
    regex.V1,
)
_LONE_SURROGATE = regex.compile(r"\p{Cs}")
_BLANKS = regex.compile(r"[\t\p{Zs}]+")
_AROUND_NEWLINE = regex.compile(r" ?\n ?")
_MANY_NEWLINES = regex.compile(r"\n{3,}")


def normalise(text: str) -> str:
    """The same text in NFC, with plain blanks and newlines only and no control or bidirectional marks.

    Runs of blanks become one blank, runs of empty lines one empty line, the ends are trimmed; doing it
    again changes nothing.
    """
    text = _UNWANTED.sub("", _NEWLINES.sub("\n", text))
    text = _BLANKS.sub(" ", _LONE_SURROGATE.sub("\ufffd", text))
    text = _MANY_NEWLINES.sub("\n\n", _AROUND_NEWLINE.sub("\n", text))
    return unicodedata.normalize("NFC", text.strip(" \n"))


# Where a run of code points begins and what each costs in tokens of multilingual-e5 (XLM-R's vocabulary),
# by least squares over the project's development listings and a parallel corpus of 53 languages; half of
# all texts come out within 8 % of the truth, nine in ten within 25 %.
_BLANK, _MARK, _DIGIT, _LATIN, _ACCENTED, _LETTER, _SOUTH_ASIAN, _HANGUL, _KANA, _HAN, _PICTURE = (
    0.40, 1.25, 0.36, 0.19, 0.35, 0.24, 0.29, 0.57, 0.50, 0.70, 1.50,
)  # fmt: skip
_COSTS = (
    (0x0000, _BLANK), (0x0021, _MARK), (0x0030, _DIGIT), (0x003A, _MARK), (0x0041, _LATIN), (0x005B, _MARK),
    (0x0061, _LATIN), (0x007B, _MARK), (0x00C0, _ACCENTED), (0x0370, _LETTER), (0x0E00, _SOUTH_ASIAN),
    (0x0F00, _LETTER), (0x1000, _SOUTH_ASIAN), (0x10A0, _LETTER), (0x1100, _HANGUL), (0x1200, _SOUTH_ASIAN),
    (0x1E00, _ACCENTED), (0x1F00, _LETTER), (0x2000, _BLANK), (0x200B, _MARK), (0x3000, _BLANK),
    (0x3001, _MARK), (0x3040, _KANA), (0x3100, _HAN), (0xAC00, _HANGUL), (0xD7B0, _MARK),
    (0xF900, _HAN), (0xFB00, _MARK), (0xFF10, _DIGIT), (0xFF1A, _MARK), (0xFF21, _LETTER), (0xFF5B, _MARK),
    (0xFF66, _KANA), (0xFFA0, _MARK), (0x10000, _PICTURE), (0x20000, _HAN), (0x32000, _PICTURE),
)  # fmt: skip
_COST_STARTS = np.array([start for start, _ in _COSTS], dtype=np.uint32)
_COST_VALUES = np.array([cost for _, cost in _COSTS], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a text: `text` is `whole[start:end]`."""

    start: int
    end: int
    text: str


def estimate_tokens(text: str) -> float:
    """About how many tokens an encoder's vocabulary makes of `text`, from its scripts alone."""
    return float(_running_cost(text)[-1])


# From the best place to cut to the worst: after a sentence or a line, after a clause, after a word.
# Whatever ends the stretch takes its closing quotes and the following blanks along. A full stop after a
# single letter is an initial.
_CLOSERS = r"[\"'”’»›）)\]」』】》]*"
_CUTS = (
    regex.compile(
        rf"(?:(?<![\s.]\p{{L}})\.{_CLOSERS}(?=\s)|[!?…]+{_CLOSERS}(?=\s)|[。！？｡]+{_CLOSERS}|[؟۔।॥։።]+{_CLOSERS}|\n)\s*"
    ),
    regex.compile(rf"(?:[,;:]{_CLOSERS}(?=\s)|[，、；：،؛]{_CLOSERS})\s*"),
    regex.compile(r"\s+"),
    regex.compile(r"\X"),
)


def split_passages(text: str, *, budget: int = DEFAULT_BUDGET) -> list[Passage]:
    """Cut a text into passages of at most `budget` estimated tokens, about equally long, at sentence ends.

    The passages follow each other without a gap or an overlap, so joined they are the text; a blank text
    has none. A sentence longer than the budget is cut at clauses, then words, then characters as readers
    see them (grapheme clusters, which are never broken, even one that alone exceeds the budget).
    """
    if budget < 1:
        raise ValueError(f"a passage needs a budget of at least one token, not {budget}")
    if not text.strip():
        return []
    cost = _running_cost(text)
    ends = _pack(list(_atoms(_Text(text, cost, _grapheme_ends(text)), (0, len(text)), budget)), cost, budget)
    return [Passage(start, end, text[start:end]) for start, end in pairwise([0, *ends])]


@dataclass(frozen=True, slots=True)
class _Text:
    text: str
    cost: NDArray[np.float64]
    grapheme_ends: frozenset[int]


def _running_cost(text: str) -> NDArray[np.float64]:
    """Shape (len(text) + 1,): the estimated tokens before each position."""
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    costs = _COST_VALUES[np.searchsorted(_COST_STARTS, points, side="right") - 1]
    return np.concatenate([[0.0], np.cumsum(costs)])


def _grapheme_ends(text: str) -> frozenset[int]:
    return frozenset(match.end() for match in regex.finditer(r"\X", text))


def _atoms(whole: _Text, span: tuple[int, int], budget: int, level: int = 0) -> Iterator[int]:
    """Ends of the pieces of `span`: finer cuts only where coarser ones leave a piece over the budget."""
    start, end = span
    if level and (whole.cost[end] - whole.cost[start] <= budget or level == len(_CUTS)):
        yield end
        return
    places = {match.end() for match in _CUTS[level].finditer(whole.text, start, end)} & whole.grapheme_ends
    for piece in pairwise([start, *sorted(places - {start, end}), end]):
        yield from _atoms(whole, piece, budget, level + 1)


def _pack(atoms: list[int], cost: NDArray[np.float64], budget: int) -> list[int]:
    """Choose passage ends among the ends of atoms, so that passages share the length evenly."""
    ends: list[int] = []
    start = previous = 0
    even = _even(cost[-1], budget)
    for end in atoms:
        middle = (cost[previous] + cost[end]) / 2
        # An atom joins the passage while it fits and more than half of it lies before the even length.
        if previous > start and (cost[end] - cost[start] > budget or middle - cost[start] > even):
            ends.append(previous)
            start = previous
            even = _even(cost[-1] - cost[start], budget)
        previous = end
    return [*ends, atoms[-1]]


def _even(rest: float, budget: int) -> float:
    """The length of a passage when the rest is shared by as few as the budget allows."""
    return float(rest / max(1.0, np.ceil(rest / budget)))


@dataclass(frozen=True, slots=True)
class Token:
    """A word as a lexical search compares it, and where in the text it stands."""

    form: str
    start: int
    end: int


_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+")
# Scripts written without blanks, and Korean, whose particles stick to the word: pairs of neighbours stand
# for words.
_UNSPACED = regex.compile(
    r"[[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}"
    r"\p{Script=Khmer}\p{Script=Myanmar}\u30fc]--\p{Nd}]+",
    regex.V1,
)
# Marks that readers leave out or type differently, in Latin, Greek, Cyrillic, Hebrew and Arabic. Those of
# the scripts of South Asia are vowels and stay.
_DIACRITICS = regex.compile(r"[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed]")
# The digits of Arabic, Thai or Devanagari text say the same number.
_FOREIGN_DIGIT = regex.compile(r"[\p{Nd}--[0-9]]", regex.V1)
_NO_DECOMPOSITION = str.maketrans({"ø": "o", "đ": "d", "ð": "d", "ł": "l", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe"})


def lexical_tokens(text: str) -> list[str]:
    """The words of `text`, casefolded, without diacritics; scripts without blanks as overlapping pairs."""
    return [token.form for token in lexical_spans(text)]


def lexical_spans(text: str) -> list[Token]:
    """The same tokens with their places in `text`, so that a snippet shows what was found as written."""
    return list(_tokens(text))


def _tokens(text: str) -> Iterator[Token]:
    for word in _WORD.finditer(text):
        position = word.start()
        for unspaced in _UNSPACED.finditer(text, word.start(), word.end()):
            yield from _spaced(text, position, unspaced.start())
            yield from _pairs(text, unspaced.start(), unspaced.end())
            position = unspaced.end()
        yield from _spaced(text, position, word.end())


def _spaced(text: str, start: int, end: int) -> Iterator[Token]:
    if form := fold(text[start:end]):
        yield Token(form, start, end)


def _pairs(text: str, start: int, end: int) -> Iterator[Token]:
    last = max(end - 1, start + 1)
    for position in range(start, last):
        stop = min(position + 2, end)
        if form := fold(text[position:stop]):
            yield Token(form, position, stop)


@lru_cache(maxsize=65_536)
def fold(word: str) -> str:
    """A word as the others compare it: small letters, no diacritics, compatibility forms and digits made plain."""
    if word.isascii():
        return word.lower()
    # Casefolding may decompose and compatibility forms may have a case, so the letters are folded on both
    # sides.
    bare = _DIACRITICS.sub("", unicodedata.normalize("NFKD", word.casefold())).casefold()
    bare = _FOREIGN_DIGIT.sub(lambda digit: str(unicodedata.digit(digit[0])), bare)
    # A ligature of several words, such as the Arabic ones of U+FDFA, decomposes with blanks in it.
    return unicodedata.normalize("NFC", bare.translate(_NO_DECOMPOSITION)).replace(" ", "")


def is_unspaced(character: str) -> bool:
    """Whether a character is of a script that is written without blanks, or of Korean."""
    return _UNSPACED.fullmatch(character) is not None
