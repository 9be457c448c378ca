"""A task is read as it is meant, or refused with the file and the line."""

import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from embeddings.evaluation.dataset import Dataset, Document, Query, UnfitDataset, kept_back, read

DOCUMENTS = [
    {"id": "d1", "lang": "zh", "country": "CN", "title": "钻探", "text": "机器人"},
    {"id": "d2", "lang": "de", "country": "DE", "title": "Bohren", "text": "Roboter"},
    {"id": "d3", "text": "neither language nor country"},
]
QUERIES: list[dict[str, Any]] = [
    {"id": "q1", "lang": "de", "country": "DE", "text": "Bohrer", "self_id": "d2"},
    {"id": "q:d1", "lang": "zh", "country": "CN", "text": "钻"},
]
QRELS = "query_id\tdoc_id\tgrade\nq1\td1\t2\nq1\td3\t0\nq:d1\td2\t1\n"


def lines(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


@pytest.fixture
def task(tmp_path: Path) -> Path:
    folder = tmp_path / "task"
    folder.mkdir()
    (folder / "docs.jsonl").write_text(lines(DOCUMENTS), "utf-8")
    (folder / "queries.jsonl").write_text(lines(QUERIES), "utf-8")
    (folder / "qrels.tsv").write_text(QRELS, "utf-8")
    return folder


def refusal(folder: Path) -> str:
    with pytest.raises(UnfitDataset) as caught:
        read(folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_documents_queries_and_grades_are_read(task: Path) -> None:
    found = read(task)
    assert found.name == "task"
    assert found.documents[0] == Document("d1", "zh", "CN", "钻探", "机器人")
    assert found.documents[2] == Document("d3", "und", "", "", "neither language nor country")
    assert found.queries[0] == Query("q1", "de", "DE", "Bohrer", "d2")
    assert found.relevant == {"q1": {"d1": 2}, "q:d1": {"d2": 1}}


def test_a_query_knows_the_document_that_it_is_made_of(task: Path) -> None:
    queries = [*QUERIES, {"id": "d3", "text": "its own id"}, {"id": "q9", "text": "none"}]
    (task / "queries.jsonl").write_text(lines(queries), "utf-8")
    (task / "qrels.tsv").write_text(QRELS + "d3\td1\t1\nq9\td1\t1\n", "utf-8")
    assert [query.itself for query in read(task).queries] == ["d2", "d1", "d3", None]


@pytest.mark.parametrize("name", ["docs.jsonl", "queries.jsonl", "qrels.tsv"])
def test_every_file_may_be_compressed(task: Path, name: str) -> None:
    plain = read(task)
    content = (task / name).read_bytes()
    (task / name).unlink()
    (task / f"{name}.gz").write_bytes(gzip.compress(content, mtime=0))
    assert read(task) == plain


def test_queries_without_an_answer_are_not_asked(task: Path) -> None:
    (task / "qrels.tsv").write_text("q1\td1\t1\nq:d1\tnowhere\t1\nq:d1\td3\t0\n", "utf-8")
    assert [query.id for query in read(task).queries] == ["q1"]


def test_a_header_and_a_blank_last_line_are_no_errors(task: Path) -> None:
    (task / "qrels.tsv").write_text(QRELS + "\n", "utf-8")
    assert read(task).relevant["q1"] == {"d1": 2}


@pytest.mark.parametrize("name", ["docs.jsonl", "queries.jsonl", "qrels.tsv"])
def test_a_missing_file_is_named(task: Path, name: str) -> None:
    (task / name).unlink()
    assert f"no {name}" in refusal(task)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert "nowhere" in refusal(tmp_path / "nowhere")


@pytest.mark.parametrize("line", ["{", "[]", "7", '{"lang": "de"}', "plain words"])
@pytest.mark.parametrize("name", ["docs.jsonl", "queries.jsonl"])
def test_a_line_that_is_no_object_with_an_id_is_named(task: Path, name: str, line: str) -> None:
    (task / name).write_text((task / name).read_text("utf-8") + f"\n{line}\n", "utf-8")
    count = len((task / name).read_text("utf-8").splitlines())
    assert f"task/{name}, line {count}:" in refusal(task)


@pytest.mark.parametrize("line", ["q1\td1", "q1\td1\tmuch", "q1 d1 1", "q1\td1\t1\t2", "q1\td1\t--1", "q1\td1\t1.5"])
def test_a_line_of_judgements_that_cannot_be_read_is_named(task: Path, line: str) -> None:
    (task / "qrels.tsv").write_text(QRELS + line + "\n", "utf-8")
    assert "task/qrels.tsv, line 5:" in refusal(task)


def test_a_task_without_any_answer_is_refused(task: Path) -> None:
    (task / "qrels.tsv").write_text("query_id\tdoc_id\tgrade\n", "utf-8")
    assert "no query has a relevant document" in refusal(task)


def damaged(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + b"\xff\xff\xff\xff" + content[middle + 4 :]


@pytest.mark.parametrize(
    "spoil", [lambda _: b"no archive", lambda content: content[:-12], damaged], ids=["foreign", "cut off", "damaged"]
)
def test_a_damaged_archive_is_named(task: Path, spoil: Any) -> None:
    content = gzip.compress((task / "docs.jsonl").read_bytes())
    (task / "docs.jsonl").unlink()
    (task / "docs.jsonl.gz").write_bytes(spoil(content))
    assert "docs.jsonl.gz cannot be read" in refusal(task)


def test_a_file_that_is_no_text_is_named(task: Path) -> None:
    (task / "docs.jsonl").write_bytes(b'{"id": "\xff\xfe"}\n')
    assert "docs.jsonl cannot be read" in refusal(task)


def test_the_half_that_is_kept_back_is_always_the_same_and_about_a_half() -> None:
    queries = tuple(Query(f"q{i}", "de", "DE", "Bohrer", None) for i in range(400))
    whole = Dataset("task", (), queries, {query.id: {"d1": 1} for query in queries})
    half = kept_back(whole)
    assert set(half.queries) == set(kept_back(replace(whole, queries=queries[::-1])).queries)
    assert 160 < len(half.queries) < 240
    assert set(half.relevant) == {query.id for query in half.queries}
    assert kept_back(half) == half
