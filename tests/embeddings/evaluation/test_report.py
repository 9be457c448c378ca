"""Figures are means over the queries that have an answer, with intervals that anybody can reproduce."""

import numpy as np
import pytest

from embeddings.evaluation.dataset import Dataset, Document, Query
from embeddings.evaluation.report import MEASURES, pairs, summarise

DOCUMENTS = (
    Document("cn1", "zh", "CN", "", ""),
    Document("cn2", "zh", "CN", "", ""),
    Document("de1", "de", "DE", "", ""),
    Document("de2", "de", "DE", "", ""),
    Document("xx", "en", "", "", ""),
)
QUERIES = (
    Query("q1", "zh", "CN", "", "cn1"),
    Query("q2", "de", "DE", "", None),
    Query("q3", "zh", "", "", None),
)
TASK = Dataset(
    "task",
    DOCUMENTS,
    QUERIES,
    {"q1": {"cn1": 2, "cn2": 1, "de1": 1}, "q2": {"de2": 1}, "q3": {"cn1": 1, "xx": 1}},
)
RANKINGS = {"q1": ["cn2", "de1"], "q2": ["cn1", "de2"], "q3": ["xx", "cn2"]}


def means(cross_border: bool, pair: str = "") -> dict[str, float]:
    return {name: f.mean for name, f in summarise(TASK, RANKINGS, cross_border=cross_border, pair=pair).figures.items()}


def test_a_figure_is_the_mean_over_all_queries() -> None:
    found = means(cross_border=False)
    assert tuple(found) == MEASURES
    assert found["hit@10"] == 1
    assert found["mrr"] == pytest.approx((1 + 1 / 2 + 1) / 3)
    # A query's own document is no answer: q1 has cn2 and de1 left, and both were found.
    assert found["recall@100"] == pytest.approx((1 + 1 + 1 / 2) / 3)
    assert found["ndcg@10"] == pytest.approx((1 + 1 / np.log2(3) + 1 / (1 + 1 / np.log2(3))) / 3)
    # Shown minus right, of the own language: q1 1/2 - 1/2, q2 1/2 - 1, q3 1/2 - 1/2.
    assert found["own_language_excess"] == pytest.approx((0 - 1 / 2 + 0) / 3)


def test_across_borders_an_answer_of_the_own_country_does_not_count() -> None:
    rankings = {"q1": ["de1"], "q2": ["cn1"], "q3": ["xx"]}
    found = summarise(TASK, rankings, cross_border=True)
    # q2 has no foreign answer, so it is not counted; q3 does not say where it is from and keeps both.
    assert found.queries == 2
    assert found.figures["recall@100"].mean == pytest.approx((1 + 1 / 2) / 2)


def test_a_pair_of_languages_counts_its_queries_and_its_answers_only() -> None:
    assert summarise(TASK, RANKINGS, cross_border=False, pair="zh>de").queries == 1
    assert means(cross_border=False, pair="zh>de")["mrr"] == pytest.approx(1 / 2)
    assert summarise(TASK, RANKINGS, cross_border=False, pair="zh>zh").queries == 2
    assert summarise(TASK, RANKINGS, cross_border=False, pair="zh>hu").queries == 0


def test_pairs_are_those_that_the_task_has_in_the_scope() -> None:
    assert pairs(TASK, cross_border=False) == ["de>de", "zh>de", "zh>en", "zh>zh"]
    assert pairs(TASK, cross_border=True) == ["zh>de", "zh>en", "zh>zh"]


def test_a_query_that_was_not_ranked_counts_as_nothing_found() -> None:
    found = summarise(TASK, {}, cross_border=False)
    assert found.queries == 3
    assert found.figures["mrr"].mean == 0


def test_no_queries_have_figures_of_zero() -> None:
    found = summarise(TASK, RANKINGS, cross_border=False, pair="fr>fr")
    assert {f.mean for f in found.figures.values()} == {0.0}
    assert found.as_dict()["queries"] == 0


def many() -> tuple[Dataset, dict[str, list[str]]]:
    queries = tuple(Query(f"q{i}", "de", "DE", "", None) for i in range(60))
    relevant = {query.id: {"cn1": 1} for query in queries}
    rankings = {query.id: ["cn1"] if i % 3 else ["cn2", "de1", "cn1"] for i, query in enumerate(queries)}
    return Dataset("many", DOCUMENTS, queries, relevant), rankings


def test_intervals_are_the_same_every_time_and_hold_the_mean() -> None:
    dataset, rankings = many()
    first, second = (summarise(dataset, rankings, cross_border=True) for _ in range(2))
    assert first == second
    for figure in first.figures.values():
        assert figure.low <= figure.mean <= figure.high
    mrr = first.figures["mrr"]
    assert mrr.mean == pytest.approx((40 + 20 / 3) / 60)
    # The spread of a mean of 60 values that are 1 or 1/3, two thirds of them 1.
    error = 1.96 * (np.sqrt(2 / 9) * 2 / 3) / np.sqrt(60)
    assert mrr.high - mrr.low == pytest.approx(2 * error, rel=0.15)


def test_the_json_has_every_measure_the_count_and_the_intervals() -> None:
    dataset, rankings = many()
    found = summarise(dataset, rankings, cross_border=True).as_dict()
    assert set(found) == {*MEASURES, "queries", "intervals"}
    assert found["queries"] == 60
    assert found["hit@10"] == 1.0
    intervals = found["intervals"]
    assert isinstance(intervals, dict)
    assert intervals["hit@10"] == [1.0, 1.0]
