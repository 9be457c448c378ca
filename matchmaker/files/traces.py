"""What documents tell of who made them without showing it: names in their bones, and in the pictures within them."""

import re
from typing import Any

_NAMED = re.compile(rb"(\s(?:\w+:)?(?:author|initials)=)(?:\"[^\"]*\"|'[^']*')")
# Where a template or a linked picture lay, which names people's folders and their employer's servers.
_PLACES = re.compile(rb'(\sTarget=)"(?:file:|[A-Za-z]:|\\\\)[^"]*"', re.IGNORECASE)
_NOBODY = b'<w15:people xmlns:w15="http://schemas.microsoft.com/office/word/2012/wordml"/>'
_CUSTOM = re.compile(r"customXml/item\d+\.xml|docMetadata/.*\.xml")
_PICTURE = re.compile(r"word/media/.*\.(?:jpe?g|png)", re.IGNORECASE)

# Segments of a JPEG and chunks of a PNG that hold words: Exif and XMP, Photoshop's records, comments.
_JPEG_WORDS = frozenset({0xE1, 0xED, 0xFE})
_JPEG_IMAGE, _JPEG_BARE = 0xDA, frozenset({0x01, *range(0xD0, 0xD8)})
_PNG_HEAD, _PNG_WORDS = b"\x89PNG\r\n\x1a\n", frozenset({b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME"})


def word_part(name: str, contents: bytes) -> bytes:
    """A part of a Word document without them."""
    if name == "word/people.xml":
        return _NOBODY
    if _CUSTOM.fullmatch(name):
        return b"<removed/>"
    if name.endswith(".rels"):
        return _PLACES.sub(rb'\1"file:///"', contents)
    if name.startswith("word/") and name.endswith(".xml"):
        return _NAMED.sub(rb'\1""', contents)
    return picture(contents) if _PICTURE.fullmatch(name) else contents


def picture(contents: bytes) -> bytes:
    """A JPEG or PNG file without words in it, its pixels untouched; anything else as it is."""
    if contents.startswith(b"\xff\xd8"):
        return _jpeg(contents)
    return _png(contents) if contents.startswith(_PNG_HEAD) else contents


def pdf_object(found: Any) -> None:
    """Take out of one object of a PDF file who commented, which program kept what, and the files within it."""
    if isinstance(found, list):
        for each in found:
            pdf_object(each)
    if not isinstance(found, dict):
        return
    for name in ("/Metadata", "/PieceInfo", "/LastModified", "/EF", "/AF"):
        found.pop(name, None)
    if "/Rect" in found and found.get("/Subtype") != "/Widget":
        found.pop("/T", None)
    if found.get("/Type") == "/Filespec":
        for name in ("/F", "/UF", "/Desc"):
            found.pop(name, None)
    data = getattr(found, "_data", None)
    if isinstance(data, bytes) and data.startswith(b"\xff\xd8"):
        found._data = picture(data)  # type: ignore[attr-defined]  # a stream is a dict with data
    for each in found.values():
        pdf_object(each)


def _jpeg(contents: bytes) -> bytes:
    kept, at = [contents[:2]], 2
    while at + 4 <= len(contents) and contents[at] == 0xFF:
        marker = contents[at + 1]
        if marker == _JPEG_IMAGE:
            break
        size = 0 if marker in _JPEG_BARE else int.from_bytes(contents[at + 2 : at + 4], "big")
        end = at + 2 + size
        if marker not in _JPEG_WORDS:
            kept.append(contents[at:end])
        at = end
    return b"".join([*kept, contents[at:]])


def _png(contents: bytes) -> bytes:
    kept, at = [_PNG_HEAD], len(_PNG_HEAD)
    while at + 12 <= len(contents):
        end = at + 12 + int.from_bytes(contents[at : at + 4], "big")
        if contents[at + 4 : at + 8] not in _PNG_WORDS:
            kept.append(contents[at:end])
        at = end
    return b"".join(kept)
