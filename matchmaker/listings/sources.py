"""Tables in files: JSON lines, CSV and Excel, plain or gzipped, read row by row whatever their size.

What is wrong with one row is that row's `problem`; what is wrong with the file raises Misconfigured.
"""

import codecs
import csv
import gzip
import io
import json
import os
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from matchmaker.core.errors import Misconfigured
from matchmaker.core.text import clean_line
from matchmaker.listings.workbooks import workbook_rows

# No row of words is as long; a file without line ends would otherwise fill the memory.
MAX_LINE = 8 << 20
# A rejected line is shown as far as this.
MAX_RAW = 2_000
# A listing with its language versions has three levels; whoever reads a row may recurse into it.
MAX_DEPTH = 20
_CHUNK = 1 << 20
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

Values = dict[str, object]
# Hears how many bytes of how many are read.
Watch = Callable[[int, int], None]


@dataclass(frozen=True)
class Row:
    """One row; `values` is None when it cannot be read, `problem` then says why and `raw` is what stood there."""

    line: int
    values: Values | None
    problem: str = ""
    raw: str = ""


def unwatched(_position: int, _size: int) -> None:
    """Nobody looks at the progress."""


def read(path: Path, watch: Watch = unwatched) -> Iterator[Row]:
    """Yield the rows; raises Misconfigured, at whatever row, when the file is damaged or not what it seems."""
    suffix, zipped = _kind(path)
    try:
        with path.open("rb") as file:
            _refuse_wrong_kind(path.name, file.read(8), ".gz" if zipped else suffix)
            size = file.seek(0, os.SEEK_END)
            file.seek(0)
            content = cast(IO[bytes], gzip.GzipFile(fileobj=file)) if zipped else file
            for row in _rows(path.name, content, suffix):
                watch(file.tell(), size)
                yield row
            watch(size, size)
    except (EOFError, zlib.error) as error:
        raise Misconfigured(f"{path.name} is damaged or cut off: {error}") from error
    except gzip.BadGzipFile as error:
        raise Misconfigured(f"{path.name} is damaged: {error}") from error
    except OSError as error:
        raise Misconfigured(f"{path.name} cannot be read: {error.strerror or error}") from error


def _kind(path: Path) -> tuple[str, bool]:
    name = path.name.lower()
    zipped = name.endswith(".gz")
    suffix = Path(name.removesuffix(".gz")).suffix
    if suffix not in _READERS and not (suffix == ".xlsx" and not zipped):
        raise Misconfigured(f"{path.name}: only .jsonl, .csv (both also .gz) and .xlsx can be read")
    return suffix, zipped


# How files begin whose name promises something else.
_BEGINNINGS: dict[bytes, tuple[str, str]] = {
    b"PK\x03\x04": (".xlsx", "an Excel or ZIP file"),
    b"\x1f\x8b": (".gz", "compressed by gzip (.gz)"),
    b"\xd0\xcf\x11\xe0": (".xls", "an old or encrypted Excel file; save it as .xlsx without a password"),
    b"%PDF": (".pdf", "a PDF"),
}


def _refuse_wrong_kind(name: str, head: bytes, suffix: str) -> None:
    if not head:
        raise Misconfigured(f"{name} is empty")
    found = next((what for magic, what in _BEGINNINGS.items() if head.startswith(magic)), ("", ""))
    if found[0] and found[0] != suffix:
        raise Misconfigured(f"{name} is {found[1]}, in spite of its name")
    if suffix in {".xlsx", ".gz"} and found[0] != suffix:
        raise Misconfigured(f"{name} is no {suffix} file, in spite of its name")


def _rows(name: str, file: IO[bytes], suffix: str) -> Iterator[Row]:
    if suffix == ".xlsx":
        for line, cells in workbook_rows(name, file):
            yield Row(line, cells)
        return
    head = file.read(4096)
    file.seek(0)
    _refuse_wrong_kind(name, head, suffix)
    if b"\x00" in head and not head.startswith(_UTF_16):
        raise Misconfigured(f"{name} holds binary data, not text")
    yield from _READERS[suffix](name, file)


def _json_lines(name: str, file: IO[bytes]) -> Iterator[Row]:
    number = 0
    while line := file.readline(MAX_LINE + 1):
        number += 1
        if len(line) > MAX_LINE:
            while line and not line.endswith(b"\n"):
                line = file.readline(MAX_LINE)
            yield Row(number, None, f"longer than {MAX_LINE >> 20} MiB")
            continue
        line = line.removeprefix(codecs.BOM_UTF8).strip() if number == 1 else line.strip()
        if number == 1 and (line == b"[" or line.startswith(b"[{")):
            raise Misconfigured(f"{name} is one JSON array; write one object on each line instead")
        if line:
            yield _json_row(number, line)


def _json_row(number: int, line: bytes) -> Row:
    try:
        values = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError:
        return Row(number, None, "not UTF-8", line.decode("utf-8", "replace")[:MAX_RAW])
    except (ValueError, RecursionError) as error:
        return Row(number, None, f"not JSON: {error}"[:200], line.decode("utf-8")[:MAX_RAW])
    if not isinstance(values, dict):
        return Row(number, None, "not a JSON object", line.decode("utf-8")[:MAX_RAW])
    if _deeper_than(values, MAX_DEPTH):
        return Row(number, None, f"nested more than {MAX_DEPTH} levels deep", line.decode("utf-8")[:MAX_RAW])
    return Row(number, values)


def _deeper_than(value: object, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_deeper_than(part, levels - 1) for part in inner)


def _csv_rows(name: str, file: IO[bytes]) -> Iterator[Row]:
    text = io.TextIOWrapper(file, encoding=_encoding(name, file), newline="")
    try:
        yield from _table_rows(name, text)
    finally:
        # The file is closed by who opened it.
        text.detach()


def _table_rows(name: str, text: io.TextIOWrapper) -> Iterator[Row]:
    delimiter = _delimiter(text.readline(MAX_LINE))
    text.seek(0)
    csv.field_size_limit(MAX_LINE)
    # Strict, since a quotation mark that is never closed would swallow the rows behind it in silence.
    reader = csv.reader(_bounded(name, text), delimiter=delimiter, strict=True)
    header: list[str] | None = None
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Row(line, None, f"lines {line} to {reader.line_num}: {error}")
            continue
        if not any(cell.strip() for cell in cells):
            continue
        if header is None:
            header = [clean_line(cell) for cell in cells]
        else:
            yield _csv_row(line, header, cells, delimiter)


def _csv_row(line: int, header: list[str], cells: list[str], delimiter: str) -> Row:
    if any(cell.strip() for cell in cells[len(header) :]):
        problem = f"{len(cells)} cells, but the header has {len(header)} columns"
        return Row(line, None, problem, delimiter.join(cells)[:MAX_RAW])
    return Row(line, {name: cell for name, cell in zip(header, cells, strict=False) if name})


def _bounded(name: str, text: io.TextIOWrapper) -> Iterator[str]:
    number = 0
    while line := text.readline(MAX_LINE):
        number += 1
        if len(line) == MAX_LINE:
            raise Misconfigured(f"{name}: line {number} is longer than {MAX_LINE >> 20} MiB")
        yield line


def _delimiter(header: str) -> str:
    outside_quotes = re.sub(r'"[^"]*"', "", header)
    return max(",;\t", key=outside_quotes.count)


def _encoding(name: str, file: IO[bytes]) -> str:
    """The encoding of the whole file: UTF-8, UTF-16 with its mark, or GB 18030 when the bytes look Chinese."""
    head = file.read(4)
    file.seek(0)
    candidates = ["utf-16"] if head.startswith(_UTF_16) else ["utf-8-sig", "gb18030"]
    for encoding in candidates:
        decodes = _decodes(file, encoding)
        file.seek(0)
        if decodes:
            return encoding
    raise Misconfigured(f"{name} is neither UTF-8 nor GB 18030; save it as UTF-8")


# Bytes of Chinese come in pairs above 0xA0 nearly always; the accented letters of Latin encodings stand among
# ASCII letters, which GB 18030 would turn into rare characters without complaint.
_PAIRS = re.compile(rb"[\xa1-\xfe][\xa1-\xfe]")
_HIGH = re.compile(rb"[\x80-\xff]")


def _decodes(file: IO[bytes], encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    high = paired = 0
    try:
        while chunk := file.read(_CHUNK):
            decoder.decode(chunk)
            if encoding == "gb18030":
                high += len(_HIGH.findall(chunk))
                paired += 2 * len(_PAIRS.findall(chunk))
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return encoding != "gb18030" or paired > 0.9 * high


_READERS: dict[str, Callable[[str, IO[bytes]], Iterator[Row]]] = {
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".csv": _csv_rows,
    ".tsv": _csv_rows,
}
