"""Who is shown how often: coverage, Gini and top share, checked by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.evaluation.exposure import coverage, exposure, gini, top_share


def counts(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float64)


def lists(*rows: list[int]) -> list[np.ndarray]:
    return [np.array(row, dtype=np.int64) for row in rows]


@pytest.mark.parametrize(
    ("given_", "wanted"), [(counts(3, 0, 1, 0), 0.5), (counts(1, 1), 1.0), (counts(0, 0), 0.0), (counts(), 0.0)]
)
def test_coverage_is_the_share_that_somebody_is_shown(given_, wanted):
    assert coverage(given_) == wanted


@pytest.mark.parametrize(
    ("given_", "wanted"),
    [
        (counts(2, 2, 2), 0.0),
        # One of four has all: 1 − 1/4.
        (counts(0, 0, 8, 0), 0.75),
        # Mean absolute difference of 1, 2, 3 is 8/9; half of it over the mean of 2 is 2/9.
        (counts(3, 1, 2), 2 / 9),
        (counts(0, 0), 0.0),
        (counts(), 0.0),
    ],
)
def test_gini_by_hand(given_, wanted):
    assert gini(given_) == pytest.approx(wanted)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=30).filter(any))
def test_gini_is_half_of_the_mean_difference_over_the_mean(values):
    row = counts(*values)
    differences = np.abs(row[:, None] - row[None]).mean()
    assert gini(row) == pytest.approx(differences / (2 * row.mean()))


def test_the_most_shown_hundredth_is_one_document_at_least():
    assert top_share(counts(1, 6, 2, 1)) == pytest.approx(0.6)
    # 150 documents: two are the hundredth.
    assert top_share(counts(*[1] * 148, 10, 42)) == pytest.approx(52 / 200)
    assert top_share(counts(0, 0)) == 0.0


def test_the_figures_count_every_place_and_every_document():
    found = exposure(lists([10, 30], [30], [30, 20]), np.array([30, 20, 40, 10]))
    # 30 three times, 20 and 10 once, 40 never.
    assert (found.askers, found.documents) == (3, 4)
    assert found.coverage.mean == 0.75
    assert found.gini.mean == pytest.approx(gini(counts(3, 1, 0, 1)))
    assert found.top_share.mean == pytest.approx(3 / 5)


def test_other_documents_are_left_out():
    found = exposure(lists([1, 2, 99], [0, 99]), np.array([2, 1]))
    assert found.coverage.mean == 1.0
    assert found.gini.mean == 0.0


def test_an_interval_holds_its_figure_and_is_the_same_every_time():
    random = np.random.default_rng(3)
    rows = [random.choice(60, 5, replace=False, p=np.arange(1, 61) / 1830) for _ in range(40)]
    found, again = (exposure(rows, np.arange(60)) for _ in range(2))
    assert found == again
    for name in ("coverage", "gini", "top_share"):
        figure = getattr(found, name)
        assert 0 <= figure.low < figure.mean < figure.high <= 1


def test_where_all_lists_are_the_same_nothing_is_uncertain():
    found = exposure(lists(*[[1, 2]] * 5), np.array([1, 2, 3]))
    assert (found.coverage.low, found.coverage.high) == pytest.approx((found.coverage.mean,) * 2)


@pytest.mark.parametrize(("rows", "documents"), [([], []), ([[1]], []), ([], [1, 2]), ([[], []], [1])])
def test_an_empty_market_has_figures_too(rows, documents):
    found = exposure(lists(*rows), np.array(documents, dtype=np.int64))
    assert (found.coverage.mean, found.gini.mean, found.top_share.mean) == (0.0, 0.0, 0.0)
    assert (found.coverage.low, found.coverage.high) == (0.0, 0.0)
    assert found.as_dict()["documents"] == len(documents)
