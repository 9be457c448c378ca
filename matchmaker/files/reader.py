"""Read an uploaded file in a process of its own: `python -m matchmaker.files.reader TYPE SOURCE TARGET`.

Writes to TARGET what is kept: the same document without the names, places and devices that cameras and word processors
put into files, since an anonymous owner may not think of them. Prints the text that the file holds. What takes too
much time or memory ends the process, and the upload is refused.
"""

import re
import resource
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

from matchmaker.files import traces

# Seconds of processor time and bytes of address space; large scans need some of both.
SECONDS, MEMORY = 20, 1536 << 20
MOST_CHARACTERS = 60_000
MOST_PAGES = 300
MOST_PIXELS = 60_000_000

# Parts of a Word document that name people and programs, and what stands there instead.
_CORE = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    b'<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"/>'
)
_APP = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    b'<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties"/>'
)
_EMPTIED = {"docProps/core.xml": _CORE, "docProps/app.xml": _APP}
_DROPPED = {"docProps/custom.xml", "docProps/thumbnail.jpeg", "docProps/thumbnail.emf", "docProps/thumbnail.wmf"}


def pdf(source: Path, target: Path) -> str:
    """Without the document's properties, scripts and embedded files; text page by page."""
    # pypdf takes a moment to import, and only this kind needs it.
    from pypdf import PdfReader, PdfWriter  # noqa: PLC0415  (only PDF files need it)

    reader = PdfReader(source, strict=False)
    if reader.is_encrypted:
        raise ValueError("encrypted")
    words = [page.extract_text() or "" for page in reader.pages[:MOST_PAGES]]
    writer = PdfWriter(clone_from=reader)
    writer.metadata = None
    writer.xmp_metadata = None
    for name in ("/OpenAction", "/AA", "/JavaScript"):
        writer.root_object.pop(name, None)
    names = writer.root_object.get("/Names")
    if names is not None:
        for name in ("/JavaScript", "/EmbeddedFiles"):
            names.get_object().pop(name, None)
    for found in writer._objects:
        traces.pdf_object(found)
    # What nothing leads to any more would be written all the same.
    writer.compress_identical_objects(remove_duplicates=False, remove_unreferenced=True)
    writer.write(target)
    return "\n".join(words)


def docx(source: Path, target: Path) -> str:
    """Without properties, macros' names and authors of changes and comments; text of paragraphs and tables."""
    from docx import Document  # noqa: PLC0415  (only Word files need it)

    with zipfile.ZipFile(source) as before, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as after:
        # A custom part that is gone must not be announced either.
        for part in before.infolist():
            if part.filename in _DROPPED:
                continue
            contents = _EMPTIED.get(part.filename) or before.read(part)
            contents = traces.word_part(part.filename, contents)
            if part.filename in {"_rels/.rels", "[Content_Types].xml"}:
                contents = _without_dropped(contents)
            after.writestr(part.filename, contents)
    document = Document(str(target))
    words = [paragraph.text for paragraph in document.paragraphs]
    words += [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join(words)


def image(source: Path, target: Path) -> str:
    """The pixels alone: no place, no time, no camera; turned the way it was meant. An image holds no text."""
    from PIL import Image, ImageOps  # noqa: PLC0415  (only images need it)

    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    with Image.open(source) as opened:
        kind = opened.format
        opened.load()
        upright = ImageOps.exif_transpose(opened)
        clean = Image.new(upright.mode, upright.size)
        clean.paste(upright)
        if upright.mode == "P" and (palette := upright.getpalette()):
            clean.putpalette(palette)
        clean.save(target, format=kind)
    return ""


def _without_dropped(contents: bytes) -> bytes:
    """Relations and types without those of the parts that are left out."""
    for name in _DROPPED:
        escaped = re.escape(name.encode())
        contents = re.sub(rb"<(?:Relationship|Override)\b[^>]*" + escaped + rb'"[^>]*/>', b"", contents)
    return contents


READERS: dict[str, Callable[[Path, Path], str]] = {
    "application/pdf": pdf,
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": docx,
    "image/png": image,
    "image/jpeg": image,
    "image/webp": image,
}


def main() -> None:
    """Read one file within the limits; exit code 3 says that it is damaged, without repeating a word of it."""
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    media_type, source, target = sys.argv[1:4]
    try:
        text = READERS[media_type](Path(source), Path(target))
    except Exception as error:
        # Any library may fail anywhere in a file that somebody made to that end; its message may quote the file.
        sys.stderr.write(type(error).__name__)
        sys.exit(3)
    sys.stdout.buffer.write(text[:MOST_CHARACTERS].encode("utf-8", "replace"))


if __name__ == "__main__":
    main()
