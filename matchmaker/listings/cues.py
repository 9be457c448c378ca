"""Words that show what a listing speaks of, per language, from `data/articulation`; see the README there."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from matchmaker.config import ROOT

FOLDER = ROOT / "data" / "articulation"
# So many different words are enough to convince a reader.
MOST = 4

# Languages whose readers understand each other read with one list of words.
_SHARED = {"hr": "sr", "bs": "sr", "me": "sr"}
# Written without blanks: a cue may stand anywhere.
_UNSPACED = frozenset({"zh"})
# Letters that Unicode does not take apart, and Serbian's Cyrillic ones in the script of the list.
_LETTERS = {"ł": "l", "đ": "d", "ø": "o", "ı": "i", "æ": "ae", "œ": "oe", "’": "'"}
_SERBIAN = dict(zip("абвгдђежзијклмнопрстћуфхцчш", "abvgddezzijklmnoprstcufhccs", strict=True)) | {
    "љ": "lj",
    "њ": "nj",
    "џ": "dz",
}


@dataclass(frozen=True)
class Folded:
    """A text without capitals and accents; `places[i]` is where its character i stands in the original."""

    original: str
    text: str
    places: tuple[int, ...]

    def words(self, start: int, end: int) -> str:
        """What the original says from `start` to `end` of the folded text."""
        return self.original[self.places[start] : self.places[end - 1] + 1]


@dataclass(frozen=True)
class Lexicon:
    """The cues of one language."""

    lang: str
    patterns: Mapping[str, re.Pattern[str]]

    def find(self, element: str, text: str, most: int = MOST) -> list[str]:
        """The different words of the text that are cues of the element, as they are written, in their order."""
        folded = fold(text, self.lang)
        found: dict[str, str] = {}
        for match in self.patterns[element].finditer(folded.text):
            found.setdefault(match[0], folded.words(*match.span()))
            if len(found) == most:
                break
        return list(found.values())


def fold(text: str, lang: str = "") -> Folded:
    """The text as cues are compared with it."""
    pieces, places = [], []
    for place, character in enumerate(text):
        piece = _folded(character, serbian=lang == "sr")
        pieces.append(piece)
        places += [place] * len(piece)
    return Folded(text, "".join(pieces), tuple(places))


@cache
def languages() -> tuple[str, ...]:
    """Languages with a list of cues."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.tsv")))


def lexicon(lang: str) -> Lexicon | None:
    """The cues of a language, None where there is no list."""
    code = _SHARED.get(lang, lang)
    return _read(code) if code in languages() else None


@cache
def _read(lang: str) -> Lexicon:
    lines = (FOLDER / f"{lang}.tsv").read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines)
    return Lexicon(lang, {element: _pattern(cues.split(", "), lang) for element, cues in rows})


def _pattern(cues: Iterable[str], lang: str) -> re.Pattern[str]:
    # The longer of two cues that begin alike is the better evidence.
    written = sorted((fold(cue.strip(), lang).text for cue in cues), key=len, reverse=True)
    if lang in _UNSPACED:
        return re.compile("|".join(map(re.escape, written)))
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(_stem, written))})(?!\w)")


def _stem(cue: str) -> str:
    return re.escape(cue).replace(r"\*", r"\w*").replace(r"\ ", r"\s+")


@cache
def _folded(character: str, *, serbian: bool) -> str:
    lower = character.casefold()
    if serbian and lower in _SERBIAN:
        return _SERBIAN[lower]
    bare = "".join(c for c in unicodedata.normalize("NFKD", lower) if not unicodedata.combining(c))
    return _LETTERS.get(bare, bare)
