"""What of a listing is encoded: each language version in pieces, each piece under its title."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from embeddings.languages import detect_language
from embeddings.text import normalise, split_passages
from matchmaker.listings.models import ListingText, TextOrigin

# Longer texts are rare (some calls have 35,000 characters) and say the important things early.
MOST_PASSAGES = 24
# The fields in the order in which a reader meets them; notes on rights and terms say nothing about technology.
BODY = ("summary", "description", "advantages", "technical_spec", "indicators", "keywords")


@dataclass(frozen=True)
class Piece:
    """A passage to encode: `text` is what the author wrote, `encoded` what the encoder reads."""

    lang: str
    ordinal: int
    text: str
    encoded: str

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.encoded.encode()).hexdigest()


def pieces_of(texts: Sequence[ListingText]) -> list[Piece]:
    """The passages of all language versions that people wrote; the title alone when there is nothing else.

    A machine's version says nothing that its original does not, which is read in its own language as fairly.
    """
    return [piece for text in texts if text.origin is not TextOrigin.MACHINE for piece in _pieces(text)]


def _pieces(version: ListingText) -> Iterator[Piece]:
    body = normalise("\n".join(filter(None, (getattr(version, name) for name in BODY))))
    title = normalise(version.title)
    lang = detect_language(f"{title}\n{body}") if version.lang == "und" else version.lang
    for ordinal, (text, encoded) in enumerate(cut(title, body)):
        yield Piece(lang, ordinal, text, encoded)


def cut(title: str, body: str) -> list[tuple[str, str]]:
    """Pairs of (what is shown, what is encoded): every piece carries the title, so that it says what it is about."""
    chunks = [chunk.text.strip() for chunk in split_passages(body)][:MOST_PASSAGES]
    chunks = [chunk for chunk in chunks if chunk] or [title]
    return [(chunk, chunk if chunk == title or not title else f"{title}\n{chunk}") for chunk in chunks]
