"""Which files are taken, told by their first bytes and not by what the browser says."""

from dataclasses import dataclass
from typing import IO
from zipfile import BadZipFile, ZipFile

from flask_babel import LazyString

from matchmaker.i18n import lazy

MiB = 1 << 20


@dataclass(frozen=True)
class FileKind:
    """One kind of file: its media type, the endings it may have, and the most bytes of it."""

    name: str
    media_type: str
    endings: tuple[str, ...]
    limit: int
    title: LazyString


KINDS: tuple[FileKind, ...] = (
    FileKind("pdf", "application/pdf", (".pdf",), 20 * MiB, lazy("PDF document")),
    FileKind(
        "docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        (".docx",),
        20 * MiB,
        lazy("Word document"),
    ),
    FileKind("png", "image/png", (".png",), 10 * MiB, lazy("PNG image")),
    FileKind("jpeg", "image/jpeg", (".jpg", ".jpeg"), 10 * MiB, lazy("JPEG image")),
    FileKind("webp", "image/webp", (".webp",), 10 * MiB, lazy("WebP image")),
)
BY_TYPE: dict[str, FileKind] = {kind.media_type: kind for kind in KINDS}
IMAGES = frozenset({"image/png", "image/jpeg", "image/webp"})
MOST_BYTES = max(kind.limit for kind in KINDS)

# An honest document unpacks to a few times its size; a bomb to a thousand times.
MOST_UNPACKED = 200 * MiB
MOST_PARTS = 2000
MOST_RATIO = 200


class Bomb(Exception):
    """The archive would unpack to more than any honest document."""


def kind_of(file: IO[bytes]) -> FileKind | None:
    """The kind of an open file, or None when it is none that is taken; raises Bomb. The file is rewound."""
    head = file.read(16)
    file.seek(0)
    found = {
        "pdf": head.startswith(b"%PDF-"),
        "png": head.startswith(b"\x89PNG\r\n\x1a\n"),
        "jpeg": head.startswith(b"\xff\xd8\xff"),
        "webp": head[:4] == b"RIFF" and head[8:12] == b"WEBP",
        "docx": head.startswith(b"PK\x03\x04") and _is_word(file),
    }
    file.seek(0)
    return next((kind for kind in KINDS if found[kind.name]), None)


def _is_word(file: IO[bytes]) -> bool:
    """Whether a ZIP archive is a Word document; its directory is read, nothing is unpacked."""
    try:
        with ZipFile(file) as archive:
            parts = archive.infolist()
    except (BadZipFile, OSError, ValueError, NotImplementedError):
        return False
    names = {part.filename for part in parts}
    if not {"[Content_Types].xml", "word/document.xml"} <= names:
        return False
    packed, unpacked = sum(part.compress_size for part in parts), sum(part.file_size for part in parts)
    swollen = unpacked > 16 * MiB and unpacked > MOST_RATIO * max(packed, 1)
    if len(parts) > MOST_PARTS or unpacked > MOST_UNPACKED or swollen:
        raise Bomb("the archive would unpack to more than any honest document")
    return True
