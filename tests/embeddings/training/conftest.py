"""Parallel texts that are small enough to learn from in a moment."""

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from random import Random

import pytest

from embeddings.training import pairs
from embeddings.training.heldout import KNOWN

LANGUAGES = (*KNOWN, "de", *pairs.KEPT_OUT)
WORDS = ("drill", "coal", "a", "e", "l", "o", "电", "池")


def gz(path: Path, rows: Iterable[object]) -> Path:
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The two files of parallel texts: every text begins with its language and says which line or title it is."""
    draw = Random(1)
    found = tmp_path / "parallel"
    found.mkdir()
    lines = (
        {"line": n, "texts": {lang: f"{lang} line{n} {' '.join(draw.choices(WORDS, k=3))}" for lang in LANGUAGES}}
        for n in range(pairs.FIRST_HELD_OUT_LINE + 6)
    )
    gz(found / "ntrex_first1000.jsonl.gz", lines)
    symbols = [
        f"{a}{n:02}{b}{group}/{sub:02}"
        for a in "AB"
        for n in (1, 2, 3)
        for b in "ABCDE"
        for group in (1, 2)
        for sub in range(6)
    ]
    titles = ({"symbol": s, "texts": {lang: f"{lang} title of {s}" for lang in ("zh", "en", "es")}} for s in symbols)
    gz(found / "ipc_titles_zh_en_es.jsonl.gz", titles)
    return found
