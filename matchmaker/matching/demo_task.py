"""The shipped demo as a task: its needs, its results, and which of these an expert would call right answers.

The demo's results that answer no need are among the documents. Two constants of the score's text part were read off
these pairs (judging.py); they change no order, so what is measured of an order here was not fitted to them.
"""

import csv
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from embeddings.evaluation.dataset import Dataset, Document, Query
from matchmaker.listings.demo import FOLDER
from matchmaker.listings.models import Direction
from matchmaker.matching.passages import BODY

NAME = "demo"


def demo(folder: Path = FOLDER) -> Dataset:
    """Originals only, as their owners wrote them; raises OSError or ValueError where a file is missing or damaged."""
    countries = {row["key"]: str(row["country"]) for row in _rows(folder / "organisations.jsonl")}
    rows = _rows(folder / "listings.jsonl")
    relevant: dict[str, dict[str, int]] = {}
    with (folder / "expected.tsv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            relevant.setdefault(row["need_key"], {})[row["result_key"]] = int(row["grade"])
    queries = [row for row in rows if row["direction"] == Direction.NEED and row["key"] in relevant]
    results = [row for row in rows if row["direction"] == Direction.RESULT]
    return Dataset(
        NAME,
        tuple(Document(r["key"], r["lang"], countries[r["org"]], r["title"], _said(r, BODY)) for r in results),
        tuple(Query(r["key"], r["lang"], countries[r["org"]], _said(r, ("title", *BODY)), None) for r in queries),
        relevant,
    )


def _said(row: Mapping[str, Any], names: Iterable[str]) -> str:
    """The texts of these fields, one under the other."""
    values = [row[name] for name in names if row.get(name)]
    return "\n".join(value if isinstance(value, str) else "\n".join(value) for value in values)


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
