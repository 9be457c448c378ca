"""What of a listing is encoded: each language version in pieces, each piece under its title; what is hidden apart."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from embeddings.languages import detect_language
from embeddings.text import normalise, split_passages
from matchmaker.listings.models import ListingText, TextOrigin

# Longer texts are rare (some calls have 35,000 characters) and say the important things early.
MOST_PASSAGES = 24
# The fields in the order in which a reader meets them; notes on rights and terms say nothing about technology.
SHORT = ("summary",)
BODY = ("summary", "description", "advantages", "technical_spec", "indicators", "keywords")


@dataclass(frozen=True)
class Piece:
    """A passage to encode: `text` is what the author wrote, `encoded` what the encoder reads."""

    lang: str
    ordinal: int
    text: str = field(repr=False)
    encoded: str = field(repr=False)
    # Compared, and never shown or stored as a text.
    sealed: bool = False

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.encoded.encode()).hexdigest()


@dataclass(frozen=True)
class Hidden:
    """What of a listing is compared but not shown: a sealed text, and during an embargo all but title and summary.

    And what its files say that the owner lets be compared: `files` those of the open part.
    """

    sealed: str = field(default="", repr=False)
    embargo: bool = False
    files: Sequence[str] = field(default=(), repr=False)
    sealed_files: Sequence[str] = field(default=(), repr=False)


OPEN = Hidden()


def pieces_of(texts: Sequence[ListingText], hidden: Hidden = OPEN) -> list[Piece]:
    """The passages of all language versions, the original first; the title alone when there is nothing else.

    The open pieces are the same whatever is hidden; those of files come last. A hidden piece that says no more than an
    open one is left out. A machine's version says nothing that its original does not, which is read in its own language
    as fairly.
    """
    versions = [text for text in texts if text.origin is not TextOrigin.MACHINE]
    shown = [piece for text in versions for piece in _pieces(text, SHORT if hidden.embargo else BODY)]
    kept = [piece for text in versions if hidden.embargo for piece in _pieces(text, BODY)]
    if versions:
        title = normalise(versions[0].title)
        if hidden.sealed:
            kept += _cut(_language(versions[0], SHORT if hidden.embargo else BODY), title, normalise(hidden.sealed))
        (kept if hidden.embargo else shown).extend(_of_files(title, hidden.files))
        kept += _of_files(title, hidden.sealed_files)
    known = {piece.digest for piece in shown}
    return shown + [replace(piece, sealed=True) for piece in kept if piece.digest not in known]


def _of_files(title: str, texts: Sequence[str]) -> list[Piece]:
    """The passages of files, each in the language that it seems to be in; as many as of a text in all."""
    read = (normalise(text) for text in texts)
    return [piece for text in read if text for piece in _cut(detect_language(text), title, text)][:MOST_PASSAGES]


def _pieces(version: ListingText, fields: Sequence[str]) -> Iterator[Piece]:
    return _cut(_language(version, fields), normalise(version.title), _body(version, fields))


def _cut(lang: str, title: str, body: str) -> Iterator[Piece]:
    for ordinal, (text, encoded) in enumerate(cut(title, body)):
        yield Piece(lang, ordinal, text, encoded)


def _body(version: ListingText, fields: Sequence[str]) -> str:
    return normalise("\n".join(filter(None, (getattr(version, name) for name in fields))))


def _language(version: ListingText, fields: Sequence[str]) -> str:
    """The version's language, guessed from these fields where the source does not say."""
    if version.lang != "und":
        return version.lang
    return detect_language(f"{normalise(version.title)}\n{_body(version, fields)}")


def cut(title: str, body: str) -> list[tuple[str, str]]:
    """Pairs of (what is shown, what is encoded): every piece carries the title, so that it says what it is about."""
    chunks = [chunk.text.strip() for chunk in split_passages(body)][:MOST_PASSAGES]
    chunks = [chunk for chunk in chunks if chunk] or [title]
    return [(chunk, chunk if chunk == title or not title else f"{title}\n{chunk}") for chunk in chunks]
