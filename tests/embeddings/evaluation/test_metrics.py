"""Every measure against an example worked out by hand."""

from math import log2

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.evaluation.metrics import hit, ndcg, own_language_excess, recall, reciprocal_rank

GRADES = {"a": 2, "b": 1, "c": 1}


def test_ndcg_is_the_share_of_the_best_possible_gain() -> None:
    # Found: b (1) at rank 1, a (3) at rank 3; the best order is a, b, c.
    gained = 1 / log2(2) + 3 / log2(4)
    best = 3 / log2(2) + 1 / log2(3) + 1 / log2(4)
    assert ndcg(["b", "x", "a"], GRADES, 10) == pytest.approx(gained / best)


def test_ndcg_looks_at_the_first_k_only_also_in_the_best_order() -> None:
    assert ndcg(["b", "x", "a"], GRADES, 2) == pytest.approx(1 / (3 + 1 / log2(3)))
    assert ndcg(["a"], GRADES, 1) == 1


def test_ndcg_of_the_best_order_is_one_and_of_nothing_is_zero() -> None:
    assert ndcg(["a", "c", "b"], GRADES, 10) == 1
    assert ndcg([], GRADES, 10) == ndcg(["x"], GRADES, 10) == ndcg(["a"], {}, 10) == 0


def test_a_hit_is_a_relevant_id_among_the_first_k() -> None:
    assert hit(["x", "y", "c"], GRADES, 3) == 1
    assert hit(["x", "y", "c"], GRADES, 2) == 0
    assert hit(["x"], {"x": 0}, 1) == 0


def test_the_reciprocal_rank_is_that_of_the_first_relevant_id() -> None:
    assert reciprocal_rank(["x", "y", "c", "a"], GRADES) == pytest.approx(1 / 3)
    assert reciprocal_rank(["x"], GRADES) == reciprocal_rank([], GRADES) == 0


def test_recall_is_the_share_of_the_relevant_ids_that_were_found() -> None:
    assert recall(["a", "x", "b", "c"], GRADES, 3) == pytest.approx(2 / 3)
    assert recall(["a"], {"a": 1, "b": 0}, 1) == 1
    assert recall(["a"], {}, 1) == recall(["a"], {"a": 0}, 1) == 0


def test_own_language_excess_is_the_share_shown_beyond_the_share_that_is_right() -> None:
    languages = {"a": "de", "b": "zh", "c": "zh", "x": "zh", "y": "zh"}
    # Three of four shown are Chinese, two of three right ones are.
    assert own_language_excess(["a", "b", "x", "y"], GRADES, languages, "zh", 10) == pytest.approx(3 / 4 - 2 / 3)
    assert own_language_excess(["b", "x", "a"], GRADES, languages, "zh", 2) == pytest.approx(1 - 2 / 3)
    assert own_language_excess(["a"], GRADES, languages, "zh", 10) == pytest.approx(-2 / 3)
    assert own_language_excess([], {"b": 1}, languages, "zh", 10) == -1


@settings(deadline=None, derandomize=True)
@given(st.permutations(["a", "b", "c", "x", "y"]), st.integers(1, 6))
def test_measures_stay_between_zero_and_one_and_better_is_more(ranked: list[str], k: int) -> None:
    for measure in (ndcg, hit, recall):
        assert 0 <= measure(ranked, GRADES, k) <= 1 + 1e-12
        assert measure(["a", "b", "c"], GRADES, k) >= measure(ranked, GRADES, k) - 1e-12
    assert 0 < reciprocal_rank(ranked, GRADES) <= 1
