"""Excel workbooks row by row: the first sheet, its first filled row being the header.

A workbook is a ZIP of XML that an unfriendly hand can make expand without end, so that its declared sizes are
checked first, and its table of shared strings is kept in a temporary file instead of in memory.
"""

import tempfile
import warnings
from array import array
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import IO, overload
from xml.etree.ElementTree import iterparse
from zipfile import ZipFile

from openpyxl.cell.text import Text
from openpyxl.reader.excel import ExcelReader
from openpyxl.xml.constants import SHARED_STRINGS, SHEET_MAIN_NS

from matchmaker.core.errors import Misconfigured
from matchmaker.core.text import clean_line

MAX_UNPACKED = 2 << 30
# Parts other than sheets and strings are read at once.
MAX_SMALL_PART = 16 << 20
# Tables of words shrink to a tenth; deflate's limit of 1:1,000 is reached only by repetition.
MAX_RATIO = 200
_STREAMED = ("xl/worksheets/", "xl/sharedStrings", "xl/media/")


def workbook_rows(name: str, file: IO[bytes]) -> Iterator[tuple[int, dict[str, object]]]:
    """Yield (line, cells by column title); raises Misconfigured when the workbook is damaged or a bomb."""
    try:
        _refuse_bomb(name, file)
        yield from _rows(name, file)
    except Misconfigured:
        raise
    except Exception as error:
        # A damaged workbook can fail anywhere in the ZIP, the XML or openpyxl's model of it.
        raise Misconfigured(f"{name} is damaged or no Excel workbook ({type(error).__name__})") from error


def _refuse_bomb(name: str, file: IO[bytes]) -> None:
    with ZipFile(file) as archive:
        parts = archive.infolist()
    packed, unpacked = sum(p.compress_size for p in parts), sum(p.file_size for p in parts)
    small = max((p.file_size for p in parts if not p.filename.startswith(_STREAMED)), default=0)
    swollen = unpacked > MAX_SMALL_PART and unpacked > MAX_RATIO * packed
    if unpacked > MAX_UNPACKED or small > MAX_SMALL_PART or swollen:
        raise Misconfigured(f"{name} would unpack to {unpacked >> 20} MiB, which no honest table does; refused")
    file.seek(0)


def _rows(name: str, file: IO[bytes]) -> Iterator[tuple[int, dict[str, object]]]:
    with closing(_Reader(file, read_only=True, data_only=True, keep_links=False)) as reader:
        header: list[str] | None = None
        for line, cells in enumerate(_cells(name, reader), start=1):
            if all(cell is None or cell == "" for cell in cells):
                continue
            if header is None:
                header = ["" if cell is None else clean_line(str(cell)) for cell in cells]
            else:
                yield line, {title: cell for title, cell in zip(header, cells, strict=False) if title}


def _cells(name: str, reader: "_Reader") -> Iterator[tuple[object, ...]]:
    with _unimpressed():
        reader.read()
    if not reader.wb.worksheets:
        raise Misconfigured(f"{name} has no sheet with cells")
    sheet = reader.wb.worksheets[0]
    # The size that a sheet declares may be wrong, or absurd.
    sheet.reset_dimensions()
    rows = sheet.iter_rows(values_only=True)
    while True:
        with _unimpressed():
            cells = next(rows, None)
        if cells is None:
            return
        yield cells


@contextmanager
def _unimpressed() -> Iterator[None]:
    """openpyxl warns of missing styles and odd dates, which concern nobody who imports words."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


class _Reader(ExcelReader):  # type: ignore[misc]
    """openpyxl's reader with the shared strings on disk."""

    def close(self) -> None:
        self.archive.close()
        if isinstance(self.shared_strings, _StoredStrings):
            self.shared_strings.close()

    def read_strings(self) -> None:
        part = self.package.find(SHARED_STRINGS)
        if part is None:
            return
        with self.archive.open(part.PartName[1:]) as source:
            self.shared_strings = _StoredStrings(source)


class _StoredStrings(Sequence[str]):
    """The workbook's strings in a temporary file; memory holds only where each begins."""

    def __init__(self, source: IO[bytes]) -> None:
        # The file lives as long as this sequence does.
        self._file = tempfile.TemporaryFile()  # noqa: SIM115
        self._starts = array("Q", [0])
        events = iterparse(source, events=("start", "end"))  # noqa: S314 - expat refuses entity bombs, sizes are bounded
        _event, root = next(events)
        for event, node in events:
            if event == "end" and node.tag == f"{{{SHEET_MAIN_NS}}}si":
                text = Text.from_tree(node).content.replace("x005F_", "")
                self._starts.append(self._starts[-1] + self._file.write(text.encode("utf-8", "replace")))
                root.clear()

    def close(self) -> None:
        self._file.close()

    def __len__(self) -> int:
        return len(self._starts) - 1

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        if not 0 <= index < len(self):
            raise IndexError(index)
        self._file.seek(self._starts[index])
        return self._file.read(self._starts[index + 1] - self._starts[index]).decode()
