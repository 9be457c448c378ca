"""Rankings into figures: means with seeded bootstrap intervals, overall and per language pair."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embeddings.evaluation import metrics
from embeddings.evaluation.dataset import Dataset, Query

SEED = 20261122
SAMPLES = 1000
# A pair of languages with fewer queries says more about chance than about itself.
ENOUGH_QUERIES = 20
MEASURES = ("ndcg@10", "hit@10", "mrr", "recall@100", "own_language_excess")

Rankings = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Figure:
    """A mean over queries and its 95 % interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Summary:
    """The figures of one way of ranking in one scope."""

    queries: int
    figures: Mapping[str, Figure]

    def as_dict(self) -> dict[str, float | int | dict[str, list[float]]]:
        """The means by name, the count, and the intervals."""
        return {
            **{name: round(figure.mean, 6) for name, figure in self.figures.items()},
            "queries": self.queries,
            "intervals": {name: [round(figure.low, 6), round(figure.high, 6)] for name, figure in self.figures.items()},
        }


def summarise(dataset: Dataset, rankings: Rankings, *, cross_border: bool, pair: str = "") -> Summary:
    """Figures over the queries that have an answer in the scope; `pair` like "zh>de" keeps one pair of languages."""
    rows = measured(dataset, rankings, cross_border=cross_border, pair=pair)
    return Summary(len(rows), _intervals(rows))


def within(dataset: Dataset, rankings: Rankings, pair: str) -> Summary:
    """Figures of a pair of languages, where each query is answered from the foreign documents of the other one alone.

    Among documents of many languages a pair's figures say as much of how many others compete for the first places.
    """
    source, _, target = pair.partition(">")
    others = {document.id for document in dataset.documents if document.lang == target}
    asked = [query.id for query in dataset.queries if query.lang == source]
    alone = {id_: [found for found in rankings[id_] if found in others] for id_ in asked if id_ in rankings}
    return summarise(dataset, alone, cross_border=True, pair=pair)


def worth(dataset: Dataset, whole: Rankings, without: Rankings, *, cross_border: bool) -> Summary:
    """What is lost where something is left out: figures of the whole minus those without it, paired by query."""
    rows = measured(dataset, whole, cross_border=cross_border) - measured(dataset, without, cross_border=cross_border)
    return Summary(len(rows), _intervals(rows))


def worst_pair(by_pair: Mapping[str, Summary], measure: str) -> tuple[str, float]:
    """The worst pair of languages with enough queries, and its figure as a share of the mean over such pairs.

    ("", 1.0) where no pair has enough of them.
    """
    found = {pair: row.figures[measure].mean for pair, row in by_pair.items() if row.queries >= ENOUGH_QUERIES}
    mean = sum(found.values()) / len(found) if found else 0.0
    if not mean:
        return "", 1.0
    pair = min(found, key=lambda name: (found[name], name))
    return pair, found[pair] / mean


def measured(dataset: Dataset, rankings: Rankings, *, cross_border: bool, pair: str = "") -> NDArray[np.float64]:
    """Every measure of every query that has an answer in the scope, shape (queries, measures)."""
    languages = {document.id: document.lang for document in dataset.documents}
    countries = {document.id: document.country for document in dataset.documents}
    rows = []
    for query in dataset.queries:
        grades = _grades(dataset, query, countries if cross_border else None)
        if pair:
            source, _, target = pair.partition(">")
            grades = {id_: g for id_, g in grades.items() if languages[id_] == target} if query.lang == source else {}
        if grades:
            rows.append(_measure(rankings.get(query.id, ()), grades, languages, query))
    return np.array(rows, dtype=np.float64).reshape(-1, len(MEASURES))


def pairs(dataset: Dataset, *, cross_border: bool) -> list[str]:
    """Every pair of query language and answer language that the task has, as "zh>de"."""
    languages = {document.id: document.lang for document in dataset.documents}
    countries = {document.id: document.country for document in dataset.documents}
    found = {
        f"{query.lang}>{languages[id_]}"
        for query in dataset.queries
        for id_ in _grades(dataset, query, countries if cross_border else None)
    }
    return sorted(found)


def _grades(dataset: Dataset, query: Query, countries: Mapping[str, str] | None) -> dict[str, int]:
    return {
        id_: grade
        for id_, grade in dataset.relevant[query.id].items()
        if id_ != query.itself and (countries is None or not query.country or countries[id_] != query.country)
    }


def _measure(ranked: Sequence[str], grades: dict[str, int], languages: dict[str, str], query: Query) -> list[float]:
    return [
        metrics.ndcg(ranked, grades, 10),
        metrics.hit(ranked, grades, 10),
        metrics.reciprocal_rank(ranked, grades),
        metrics.recall(ranked, grades, 100),
        metrics.own_language_excess(ranked, grades, languages, query.lang, 10),
    ]


def _intervals(rows: NDArray[np.float64]) -> dict[str, Figure]:
    if len(rows) == 0:
        return dict.fromkeys(MEASURES, Figure(0.0, 0.0, 0.0))
    random = np.random.default_rng(SEED)
    means = np.stack([rows[random.integers(0, len(rows), len(rows))].mean(axis=0) for _ in range(SAMPLES)])
    low, high = np.percentile(means, [2.5, 97.5], axis=0)
    return {name: Figure(float(rows[:, i].mean()), float(low[i]), float(high[i])) for i, name in enumerate(MEASURES)}
