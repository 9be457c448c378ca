"""Measuring ranks through the product's own code, beside plain cosine and BM25."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from flask import Flask

from embeddings.cache import VectorCache
from embeddings.encoders.hashing import HashingEncoder
from embeddings.evaluation.dataset import Dataset, read
from embeddings.evaluation.report import MEASURES
from matchmaker.matching.demo_task import demo
from matchmaker.matching.evaluation import Result, evaluate
from tests.matchmaker.matching.conftest import CountingEncoder

# Words that every text of a language shares: what a language adds to a vector of hashed words.
FILLERS = {"zh": "de shi zai you he", "de": "der die das und ist", "hu": "az egy hogy van nem"}
COUNTRIES = {"zh": "CN", "de": "DE", "hu": "HU"}
# Enough documents of each language to learn its mean from; only the first topics are asked for.
TOPICS, ASKED = 40, 8


def quiet(_: str) -> Callable[[int, int], None]:
    return lambda done, total: None


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Each topic once in each language; a query is one of the documents, and the others on its topic answer it."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    documents, queries, relevant = [], [], []
    for number in range(TOPICS):
        topic = f"robot{number} drill{number} seam{number}"
        for lang, filler in FILLERS.items():
            text = f"{filler} {filler} {topic}"
            row = {"id": f"{lang}{number}", "lang": lang, "country": COUNTRIES[lang], "title": topic, "text": text}
            documents.append(row)
            if number >= ASKED:
                continue
            queries.append({"id": f"q:{lang}{number}", "lang": lang, "country": COUNTRIES[lang], "text": text})
            # The task's own files judge a query's own document too.
            relevant += [f"q:{lang}{number}\t{other}{number}\t1" for other in FILLERS]
    (folder / "docs.jsonl").write_text("\n".join(map(json.dumps, documents)))
    (folder / "queries.jsonl").write_text("\n".join(map(json.dumps, queries)))
    (folder / "qrels.tsv").write_text("query\tdoc\tgrade\n" + "\n".join(relevant))
    return folder


def measured(dataset: Dataset, tmp_path: Path, encoder: HashingEncoder | None = None) -> Result:
    with VectorCache(tmp_path / "vectors.db") as cache:
        return evaluate(dataset, encoder or HashingEncoder(), cache, quiet)


def test_the_product_finds_across_languages_what_plain_cosine_does_not(folder: Path, tmp_path: Path) -> None:
    ways = measured(read(folder), tmp_path).ways
    product, plain = ways["product"]["all"].figures, ways["plain_cosine"]["all"].figures
    assert plain["own_language_excess"].mean > 0.5, "the planted words pull plain cosine into the own language"
    assert product["own_language_excess"].mean < plain["own_language_excess"].mean
    assert product["ndcg@10"].mean > 0.9 > plain["ndcg@10"].mean


def test_every_way_is_measured_in_both_scopes_and_every_pair_across_borders(folder: Path, tmp_path: Path) -> None:
    found = measured(read(folder), tmp_path).as_dict()
    assert list(found) == ["product", "plain_cosine", "bm25", "pairs", "pairs_among_all"]
    for way in ("product", "plain_cosine", "bm25"):
        scopes: Any = found[way]
        assert list(scopes) == ["all", "cross_border"]
        for figures in scopes.values():
            assert {*MEASURES, "queries"} <= set(figures)
            assert figures["queries"] == ASKED * len(FILLERS)
    pairs, among_all = (cast("dict[str, Any]", found[name]) for name in ("pairs", "pairs_among_all"))
    assert set(pairs) == set(among_all) == {f"{a}>{b}" for a in FILLERS for b in FILLERS if a != b}
    assert all(pair["queries"] == ASKED for pair in pairs.values())
    # Alone a right answer stands no further down than where those of other languages stand before it.
    assert all(pairs[pair]["mrr"] >= among_all[pair]["mrr"] for pair in pairs)
    assert any(pairs[pair]["mrr"] > among_all[pair]["mrr"] for pair in pairs)
    assert json.loads(json.dumps(found)) == found


def test_a_querys_own_document_is_never_among_its_answers(folder: Path, tmp_path: Path) -> None:
    dataset = read(folder)
    # If its own document were ranked, it would come first and push the best answer to the second place.
    own = Dataset(
        dataset.name, dataset.documents, dataset.queries, {q.id: {q.itself or "": 1} for q in dataset.queries}
    )
    for scopes in measured(own, tmp_path).ways.values():
        assert all(summary.queries == 0 for summary in scopes.values())
    ways = measured(dataset, tmp_path).ways
    assert ways["bm25"]["all"].figures["mrr"].mean == 1
    assert ways["product"]["all"].figures["mrr"].mean == 1


def test_measuring_again_encodes_nothing_and_finds_the_same(folder: Path, tmp_path: Path) -> None:
    encoder, dataset = CountingEncoder(), read(folder)
    first = measured(dataset, tmp_path, encoder)
    assert encoder.taken()
    assert measured(dataset, tmp_path, encoder).as_dict() == first.as_dict()
    assert encoder.taken() == []


def test_the_command_prints_one_json_object_and_nothing_else(app: Flask, folder: Path) -> None:
    done = app.test_cli_runner().invoke(args=["matching", "evaluate", str(folder), "--json"])
    assert done.exit_code == 0, done.output
    assert list(json.loads(done.stdout)) == ["product", "plain_cosine", "bm25", "pairs", "pairs_among_all"]


def test_without_a_folder_the_shipped_demo_is_the_task(app: Flask) -> None:
    dataset = demo()
    assert (len(dataset.documents), len({document.lang for document in dataset.documents})) == (72, 18)
    known = {document.id: document.country for document in dataset.documents}
    graded = [(query, id_) for query in dataset.queries for id_ in dataset.relevant[query.id]]
    assert len(graded) == 92
    assert all(known[id_] != query.country for query, id_ in graded)
    done = app.test_cli_runner().invoke(args=["matching", "evaluate", "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["product"]["cross_border"]["queries"] == len(dataset.queries)


def test_the_command_prints_a_table_for_people(app: Flask, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "240")
    done = app.test_cli_runner().invoke(args=["matching", "evaluate", str(folder)])
    assert done.exit_code == 0, done.output
    assert all(word in done.stdout for word in ("product", "plain_cosine", "bm25", "zh>de"))


def test_a_folder_that_is_no_task_is_one_line(app: Flask, tmp_path: Path) -> None:
    done = app.test_cli_runner().invoke(args=["matching", "evaluate", str(tmp_path), "--json"])
    assert done.exit_code != 0
    assert "no docs.jsonl" in str(done.exception)
    assert done.stdout == ""
