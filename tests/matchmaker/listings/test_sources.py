"""Files as people really send them, written byte by byte into a temporary folder."""

import gzip
import json
import zipfile
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.core.errors import Misconfigured
from matchmaker.listings import sources
from matchmaker.listings.sources import Row, read

Write = Callable[[str, bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def file(name: str, content: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return file


def workbook(path: Path, rows: list[list[object]]) -> Path:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append(row)
    book.create_sheet("second").append(["never", "read"])
    book.save(path)
    book.close()
    return path


def test_json_lines_are_rows_with_their_line_numbers(write: Write) -> None:
    path = write("a.jsonl", '{"title": "Füße"}\n\n{"title": "泵"}\n'.encode())
    assert list(read(path)) == [Row(1, {"title": "Füße"}), Row(3, {"title": "泵"})]


def test_a_byte_order_mark_and_windows_line_ends_are_no_part_of_the_words(write: Write) -> None:
    path = write("a.jsonl", b'\xef\xbb\xbf{"a": "1"}\r\n{"a": "2"}\r\n')
    assert [row.values for row in read(path)] == [{"a": "1"}, {"a": "2"}]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"{oops", "not JSON"),
        (b'"only a string"', "not a JSON object"),
        (b'{"a": "\xff"}', "not UTF-8"),
        (b"[" * 100_000, "not JSON"),
        (b'{"a": ' + b"[" * 500 + b"]" * 500 + b"}", "nested more than 20 levels deep"),
        (b'{"a": ' + b"9" * 10_000 + b"}", "not JSON"),
    ],
)
def test_a_bad_line_is_a_bad_row_and_not_the_end(write: Write, line: bytes, problem: str) -> None:
    bad, good = list(read(write("a.jsonl", line + b'\n{"a": "good"}\n')))
    assert bad.values is None
    assert bad.problem.startswith(problem)
    assert good == Row(2, {"a": "good"})


def test_an_endless_line_is_skipped_without_keeping_it(write: Write) -> None:
    endless = b'{"a": "' + b"x" * (sources.MAX_LINE * 2) + b'"}\n{"a": "good"}\n'
    bad, good = list(read(write("a.jsonl", endless)))
    assert bad.problem == "longer than 8 MiB"
    assert len(bad.raw) <= sources.MAX_RAW
    assert good == Row(2, {"a": "good"})


def test_gzipped_files_read_like_plain_ones(write: Write) -> None:
    path = write("a.jsonl.gz", gzip.compress(b'{"a": "1"}\n', mtime=0))
    assert [row.values for row in read(path)] == [{"a": "1"}]
    table = write("b.CSV.GZ", gzip.compress("名称,内容\n泵,耐磨\n".encode("gb18030"), mtime=0))
    assert [row.values for row in read(table)] == [{"名称": "泵", "内容": "耐磨"}]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_csv_is_read_in_the_usual_encodings_and_delimiters(write: Write, delimiter: str, encoding: str) -> None:
    lines = [delimiter.join(cells) for cells in (["标题", "内容"], ["阀门", '"两行\n以及""引号"""'], ["水泵", ""])]
    path = write("a.csv", "\r\n".join(lines).encode(encoding))
    assert list(read(path)) == [
        Row(2, {"标题": "阀门", "内容": '两行\n以及"引号"'}),
        Row(4, {"标题": "水泵", "内容": ""}),
    ]


def test_latin_letters_in_a_windows_encoding_are_not_taken_for_chinese(write: Write) -> None:
    path = write("a.csv", "title\nPrüfstände für Kühlmöbel größer 4 m³ (ältere Geräte)\n".encode("cp1252"))
    with pytest.raises(Misconfigured, match="save it as UTF-8"):
        list(read(path))


def test_a_quotation_mark_that_is_never_closed_is_told_with_the_lines_it_swallowed(write: Write) -> None:
    path = write("a.csv", b'title,text\ngood,one\n"bad,two\nlost,three\nlost,four\n')
    good, bad = list(read(path))
    assert good.values == {"title": "good", "text": "one"}
    assert bad.problem.startswith("lines 3 to 5:")


def test_cells_beyond_the_header_reject_the_row_since_its_columns_are_shifted(write: Write) -> None:
    shifted, trailing = list(read(write("a.csv", b"title,text\na,b,c\nd,e,,\n")))
    assert shifted.problem == "3 cells, but the header has 2 columns"
    assert trailing.values == {"title": "d", "text": "e"}


def test_a_workbook_gives_its_first_sheet_with_typed_cells(tmp_path: Path) -> None:
    day = datetime(2026, 3, 9)  # noqa: DTZ001 - Excel has no zones
    path = workbook(tmp_path / "a.xlsx", [[], ["标题 ", "date", None, "n"], [], ["泵", day, "no title", 7], ["阀"]])
    rows = list(read(path))
    assert [row.values for row in rows] == [{"标题": "泵", "date": day, "n": 7}, {"标题": "阀"}]
    assert [row.line for row in rows] == [4, 5]


def test_a_truncated_workbook_is_one_clear_line(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", [["title"], ["x" * 5000]])
    whole = path.read_bytes()
    for length in range(10, len(whole) - 1, len(whole) // 12):
        path.write_bytes(whole[:length])
        with pytest.raises(Misconfigured, match="damaged or no Excel workbook"):
            list(read(path))


def test_a_workbook_with_a_damaged_sheet_is_one_clear_line(tmp_path: Path) -> None:
    path, broken = workbook(tmp_path / "a.xlsx", [["title"], ["x"]]), tmp_path / "b.xlsx"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(broken, "w") as new:
        for part in old.namelist():
            content = old.read(part)
            new.writestr(part, content[: len(content) // 2] if part == "xl/worksheets/sheet1.xml" else content)
    with pytest.raises(Misconfigured, match="damaged or no Excel workbook"):
        list(read(broken))


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml"])
def test_a_zip_bomb_is_refused_before_it_expands(tmp_path: Path, part: str) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open(part, "w") as swollen:
        for _ in range(64):
            swollen.write(b"\x20" * (1 << 20))
    with pytest.raises(Misconfigured, match="would unpack to 64 MiB"):
        list(read(path))


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.txt", b"x", "can be read"),
        ("a.xlsx.gz", gzip.compress(b"x", mtime=0), "can be read"),
        ("a.jsonl", b"", "is empty"),
        ("a.xlsx", b"", "is empty"),
        ("a.jsonl.gz", gzip.compress(b"", mtime=0), "is empty"),
        ("a.csv", b"PK\x03\x04....", "an Excel or ZIP file, in spite of its name"),
        ("a.jsonl", b"\x1f\x8b\x08\x00", "compressed by gzip"),
        ("a.jsonl.gz", b'{"title": "not compressed"}\n', "is no .gz file"),
        ("a.xlsx", b"title,text\n", "is no .xlsx file"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1", "old or encrypted Excel"),
        ("a.csv", bytes(range(256)) * 4, "binary data"),
        ("a.jsonl", bytes(range(256)) * 4, "binary data"),
        ("a.jsonl", b'[{"title": "a"},\n{"title": "b"}]\n', "one JSON array"),
        ("a.jsonl", b'[\n{"title": "a"}\n]\n', "one JSON array"),
        ("a.jsonl.gz", gzip.compress(b'{"a": "1"}\n' * 9999, mtime=0)[:-30], "damaged or cut off"),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_one_clear_line(
    write: Write, name: str, content: bytes, problem: str
) -> None:
    with pytest.raises(Misconfigured, match=problem) as caught:
        list(read(write(name, content)))
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_folder_are_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="No such file"):
        list(read(tmp_path / "missing.jsonl"))
    (tmp_path / "folder.jsonl").mkdir()
    with pytest.raises(Misconfigured, match="Is a directory"):
        list(read(tmp_path / "folder.jsonl"))


def test_the_progress_ends_at_the_size_of_the_file(write: Write) -> None:
    path, heard = write("a.jsonl.gz", gzip.compress(b'{"a": "1"}\n' * 500, mtime=0)), []
    list(read(path, lambda done, total: heard.append((done, total))))
    size = path.stat().st_size
    assert heard == sorted(heard)
    assert heard[-1] == (size, size)


@given(content=st.binary(max_size=400), name=st.sampled_from(["a.jsonl", "a.csv", "a.xlsx", "a.csv.gz"]))
def test_whatever_the_bytes_are_there_are_rows_or_one_clear_line(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, name: str
) -> None:
    path = tmp_path_factory.mktemp("junk") / name
    path.write_bytes(content)
    with suppress(Misconfigured):
        assert all(row.values is not None or row.problem for row in read(path))


@given(st.lists(st.dictionaries(st.text(), st.text() | st.integers() | st.none(), min_size=1), max_size=5))
def test_what_json_wrote_comes_back(tmp_path_factory: pytest.TempPathFactory, objects: list[dict[str, object]]) -> None:
    path = tmp_path_factory.mktemp("lines") / "a.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in objects) or "\n")
    assert [row.values for row in read(path)] == objects
