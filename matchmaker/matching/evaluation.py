"""Measure the product's own ranking on a task, beside plain cosine and BM25."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import NDArray

from embeddings.assembly import pool_of
from embeddings.cache import VectorCache
from embeddings.encoders.base import Encoder, Progress, Vectors, unit_rows
from embeddings.encoders.ensemble import Block, blocks_of
from embeddings.evaluation.dataset import Dataset, Document
from embeddings.evaluation.report import Summary, pairs, summarise
from embeddings.fairness import reference
from embeddings.index.faiss import FaissIndex
from embeddings.lexical import Bm25
from embeddings.pool import Pool, Rows
from matchmaker.matching import scoring
from matchmaker.matching.judging import judge
from matchmaker.matching.passages import cut
from matchmaker.matching.ranking import is_long
from matchmaker.matching.schemas import Side

# Deep enough for recall@100; a first answer below this rank adds less than 1/200 to a query's MRR and counts as none.
DEPTH = 200
SCOPES = {"all": False, "cross_border": True}

Ranking = dict[str, list[str]]
Say = Callable[[str], Progress]


@dataclass(frozen=True)
class Result:
    """Figures of every way of ranking, by way and scope; and of the product per language pair (cross-border)."""

    ways: Mapping[str, Mapping[str, Summary]]
    pairs: Mapping[str, Summary]

    def as_dict(self) -> dict[str, object]:
        """The JSON of the command."""
        ways = {way: {scope: found.as_dict() for scope, found in scopes.items()} for way, scopes in self.ways.items()}
        return {**ways, "pairs": {pair: found.as_dict() for pair, found in self.pairs.items()}}


@dataclass(frozen=True)
class _Encoded:
    """Documents as the product stores them, and queries as a listing's passages."""

    rows: Rows
    queries: list[Vectors]
    firsts: NDArray[np.int64]


def evaluate(dataset: Dataset, encoder: Encoder, cache: VectorCache, say: Say) -> Result:
    """Rank every query of the task in every way; `say` opens a progress bar for a step."""
    encoded = _encode(dataset, encoder, cache, say)
    bm25 = Bm25([f"{document.title}\n{document.text}" for document in dataset.documents])
    ways: dict[str, dict[str, Summary]] = {"product": {}, "plain_cosine": {}, "bm25": {}}
    by_pair: dict[str, Summary] = {}
    pool = pool_of(encoded.rows, reference(encoder.name), blocks_of(encoder), build=FaissIndex.build)
    for scope, cross in SCOPES.items():
        keeps = list(_keeps(dataset, cross_border=cross))
        product = _product(dataset, encoded, pool, keeps, say(f"ranking, {scope}"))
        ways["product"][scope] = summarise(dataset, product, cross_border=cross)
        plain = _by_scores(dataset, keeps, _cosine(encoded, blocks_of(encoder)[0]))
        ways["plain_cosine"][scope] = summarise(dataset, plain, cross_border=cross)
        words = _by_scores(dataset, keeps, (bm25.scores(query.text) for query in dataset.queries))
        ways["bm25"][scope] = summarise(dataset, words, cross_border=cross)
        if cross:
            by_pair = {
                pair: summarise(dataset, product, cross_border=True, pair=pair)
                for pair in pairs(dataset, cross_border=True)
            }
    return Result(ways, by_pair)


def _encode(dataset: Dataset, encoder: Encoder, cache: VectorCache, say: Say) -> _Encoded:
    documents = [[encoded for _, encoded in cut(*_title_and_body(document))] for document in dataset.documents]
    flat = [text for texts in documents for text in texts]
    vectors = cache.encode(encoder, flat, progress=say("encoding documents"))
    lengths = np.array([len(texts) for texts in documents])
    owners = np.repeat(np.arange(len(documents), dtype=np.int64), lengths)
    languages = [dataset.documents[owner].lang for owner in owners]
    rows = Rows(owners, languages, np.arange(len(flat), dtype=np.int64), vectors)
    asked = [[encoded for _, encoded in cut("", query.text)] for query in dataset.queries]
    answers = cache.encode(encoder, [text for texts in asked for text in texts], progress=say("encoding queries"))
    ends = np.cumsum([len(texts) for texts in asked])[:-1]
    return _Encoded(rows, np.split(answers, ends), np.concatenate([[0], np.cumsum(lengths)[:-1]]))


def _title_and_body(document: Document) -> tuple[str, str]:
    return document.title, document.text


def _keeps(dataset: Dataset, *, cross_border: bool) -> Iterator[NDArray[np.bool_]]:
    """Per query, the documents that may be shown: never the query itself."""
    ids = np.array([document.id for document in dataset.documents])
    countries = np.array([document.country for document in dataset.documents])
    for query in dataset.queries:
        keep = ids != query.itself
        yield keep & (countries != query.country) if cross_border and query.country else keep


def _product(
    dataset: Dataset, encoded: _Encoded, pool: Pool, keeps: Sequence[NDArray[np.bool_]], progress: Progress
) -> Ranking:
    owners = pool.layers[0].owners
    ids = [document.id for document in dataset.documents]
    ranking: Ranking = {}
    nothing = Side()
    for number, query, vectors, keep in zip(count(1), dataset.queries, encoded.queries, keeps, strict=False):
        market = np.array([ids[owner] != query.itself for owner in owners])
        sought = pool.seek(vectors, [query.lang] * len(vectors))
        found = pool.search(sought, DEPTH, market=[market], keep=[keep[owners]], echo=is_long([query.text]))
        # A task says nothing but texts, so every other part of the score is the same for all.
        scored = sorted(found, key=lambda row: (-scoring.total(judge(nothing, nothing, row)), row.owner))
        ranking[query.id] = [ids[row.owner] for row in scored]
        progress(number, len(dataset.queries))
    return ranking


def _cosine(encoded: _Encoded, block: Block) -> Iterator[NDArray[np.float64]]:
    """Plain cosine over the same raw vectors of the first encoder, which knows all languages: the best pair."""
    documents = unit_rows(encoded.rows.vectors[:, block.start : block.stop])
    for vectors in encoded.queries:
        per_passage = (documents @ unit_rows(vectors[:, block.start : block.stop]).T).max(axis=1)
        yield np.maximum.reduceat(per_passage, encoded.firsts).astype(np.float64)


def _by_scores(dataset: Dataset, keeps: Sequence[NDArray[np.bool_]], scores: Iterator[NDArray[np.float64]]) -> Ranking:
    ranking: Ranking = {}
    for query, keep, row in zip(dataset.queries, keeps, scores, strict=True):
        order = np.argsort(-np.where(keep, row, -np.inf), kind="stable")[:DEPTH]
        ranking[query.id] = [dataset.documents[i].id for i in order if keep[i]]
    return ranking
