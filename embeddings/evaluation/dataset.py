"""A retrieval task in a folder: documents, queries, and which document answers which query."""

import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any


class UnfitDataset(ValueError):
    """A file of the task is missing or cannot be read; the message is one line."""


@dataclass(frozen=True)
class Document:
    """Something that can be found; `country` is empty when the task does not say."""

    id: str
    lang: str
    country: str
    title: str
    text: str


@dataclass(frozen=True)
class Query:
    """Something to find; `itself` is the document that the query was made of, which is never its answer."""

    id: str
    lang: str
    country: str
    text: str
    itself: str | None


@dataclass(frozen=True)
class Dataset:
    """`relevant` is query id → document id → grade (above 0)."""

    name: str
    documents: tuple[Document, ...]
    queries: tuple[Query, ...]
    relevant: dict[str, dict[str, int]]


def read(folder: Path) -> Dataset:
    """Read `docs.jsonl`, `queries.jsonl` (either may end in .gz) and `qrels.tsv`; raises UnfitDataset."""
    documents = tuple(_document(row) for row in _rows(folder, "docs.jsonl"))
    known = {document.id for document in documents}
    queries = tuple(_query(row, known) for row in _rows(folder, "queries.jsonl"))
    relevant: dict[str, dict[str, int]] = {}
    for number, line in enumerate(_lines(folder, "qrels.tsv"), 1):
        cells = line.rstrip("\n").split("\t")
        if len(cells) != 3 or not cells[2].removeprefix("-").isdecimal():
            if number == 1 or not line.strip():
                continue  # the header, or a blank line at the end
            raise UnfitDataset(f"{folder.name}/qrels.tsv, line {number}: not query, document, grade")
        if int(cells[2]) > 0 and cells[1] in known:
            relevant.setdefault(cells[0], {})[cells[1]] = int(cells[2])
    asked = tuple(query for query in queries if query.id in relevant)
    if not asked:
        raise UnfitDataset(f"{folder.name}: no query has a relevant document")
    return Dataset(folder.resolve().name, documents, asked, relevant)


def kept_back(dataset: Dataset) -> Dataset:
    """The half of a task's queries (odd checksums of their ids) that the recipe's constants were not chosen on."""
    asked = tuple(query for query in dataset.queries if zlib.crc32(query.id.encode()) % 2)
    return replace(dataset, queries=asked, relevant={query.id: dataset.relevant[query.id] for query in asked})


def _document(row: dict[str, Any]) -> Document:
    return Document(
        str(row["id"]),
        str(row.get("lang") or "und"),
        str(row.get("country") or ""),
        str(row.get("title") or ""),
        str(row.get("text") or ""),
    )


def _query(row: dict[str, Any], known: set[str]) -> Query:
    id_ = str(row["id"])
    itself = row.get("self_id") or (id_[2:] if id_.startswith("q:") else id_)
    return Query(
        id_,
        str(row.get("lang") or "und"),
        str(row.get("country") or ""),
        str(row.get("text") or ""),
        str(itself) if itself in known else None,
    )


def _rows(folder: Path, name: str) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(_lines(folder, name), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            if not isinstance(row, dict) or "id" not in row:
                raise ValueError
        except ValueError:
            raise UnfitDataset(f"{folder.name}/{name}, line {number}: not a JSON object with an id") from None
        yield row


def _lines(folder: Path, name: str) -> Iterator[str]:
    for path in (folder / name, folder / f"{name}.gz"):
        if path.is_file():
            try:
                with (
                    gzip.open(path, "rt", encoding="utf-8")
                    if path.suffix == ".gz"
                    else path.open(encoding="utf-8") as file
                ):
                    yield from file
            except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
                raise UnfitDataset(f"{folder.name}/{path.name} cannot be read: {error}") from None
            return
    raise UnfitDataset(f"{folder} has no {name} and no {name}.gz")
