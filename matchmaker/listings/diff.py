"""What changed between two texts, piece by piece: words where words are written apart, else single characters."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum


class Op(StrEnum):
    """What became of a piece of text."""

    SAME = "same"
    OUT = "out"
    IN = "in"


@dataclass(frozen=True)
class Piece:
    """A stretch of text; all that are not IN are the old text, all that are not OUT the new one, to the character."""

    op: Op
    text: str


# Scripts that put no blanks between words: Chinese, Japanese, Thai, Lao, Khmer, Burmese.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
# A character of those; a word of any other; a run of blanks; or anything else, each by itself.
_TOKEN = re.compile(rf"[{_UNSPACED}]|(?:(?![{_UNSPACED}])\w)+|\s+|.", re.S)
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
# Comparing costs about as many steps as there are pairs of equal tokens; more than this would keep a reader waiting.
MOST_PAIRS = 2_000_000


def compare(old: str, new: str) -> list[Piece]:
    """The pieces of both texts in reading order; no character is lost, whatever the texts are."""
    for pattern in (_TOKEN, _LINE):
        before, after = pattern.findall(old), pattern.findall(new)
        if _pairs(before, after) <= MOST_PAIRS:
            return list(_pieces(before, after))
    return [piece for piece in (Piece(Op.OUT, old), Piece(Op.IN, new)) if piece.text]


def compare_lists(old: Sequence[str], new: Sequence[str]) -> list[Piece]:
    """The same for lists of values, each a piece of its own, in the order of the new one with the old ones first."""
    gone = [Piece(Op.OUT, value) for value in old if value not in new]
    return gone + [Piece(Op.SAME if value in old else Op.IN, value) for value in new]


def _pairs(before: Sequence[str], after: Sequence[str]) -> int:
    counted = Counter(after)
    return sum(count * counted[token] for token, count in Counter(before).items())


def _pieces(before: Sequence[str], after: Sequence[str]) -> Iterator[Piece]:
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for tag, begin, end, start, stop in matcher.get_opcodes():
        if tag == "equal":
            yield Piece(Op.SAME, "".join(before[begin:end]))
            continue
        if begin < end:
            yield Piece(Op.OUT, "".join(before[begin:end]))
        if start < stop:
            yield Piece(Op.IN, "".join(after[start:stop]))
