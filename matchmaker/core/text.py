"""Clean what people paste: one Unicode form, no invisible controls, no broken halves of characters."""

import re
import unicodedata

# Controls other than tab and newline, the bidirectional overrides that can disguise a text, and byte order marks.
_UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_BLANKS = re.compile(r"[ \t\u00a0]+")
_EMPTY_LINES = re.compile(r"\n{3,}")


def clean_text(text: str) -> str:
    """NFC text of several lines, without controls, blanks at line ends or runs of empty lines."""
    text = re.sub("\r\n|[\r\u2028\u2029]", "\n", text)
    # What is invisible goes first: it may stand between a letter and its accent.
    text = unicodedata.normalize("NFC", _UNWANTED.sub("", text))
    lines = (_BLANKS.sub(" ", line).strip() for line in text.split("\n"))
    return _EMPTY_LINES.sub("\n\n", "\n".join(lines)).strip()


def clean_line(text: str) -> str:
    """The same on a single line."""
    return " ".join(clean_text(text).split())


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, cut where a word or sentence ends when one is near."""
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    cut = max(head.rfind(mark) for mark in (" ", "。", "，", "；", ".", ";", "\n"))
    return (head[: cut + 1] if cut > limit * 2 // 3 else head).rstrip() + "…"


def has_rtl(text: str) -> bool:
    """Whether any letter of the text runs from right to left."""
    return any(unicodedata.bidirectional(letter) in {"R", "AL"} for letter in text)
