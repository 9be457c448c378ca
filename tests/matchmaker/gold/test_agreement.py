"""Agreement, checked by hand and against another implementation."""

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from matchmaker.gold.agreement import agreement, distance, weighted_kappa


def test_kappa_of_full_agreement_is_one():
    assert weighted_kappa([0, 1, 2, 3], [0, 1, 2, 3]) == pytest.approx(1.0)


def test_kappa_by_hand():
    # Squared distances 0, 1, 4, 0: mean 1.25. By chance: the mean of a² is 3.5, of b² 3.25, of a 1.5, of b 1.25;
    # 3.5 + 3.25 - 2 * 1.5 * 1.25 = 3. So 1 - 1.25 / 3.
    assert weighted_kappa([0, 1, 2, 3], [0, 2, 0, 3]) == pytest.approx(0.58333, abs=1e-5)


def test_kappa_of_opposites_is_minus_one():
    # Distances 3 and 3: 9; by chance 4.5 + 4.5 - 2 * 1.5 * 1.5 = 4.5.
    assert weighted_kappa([0, 3], [3, 0]) == pytest.approx(-1.0)


def test_kappa_is_that_of_scikit_learn():
    random = np.random.default_rng(5)
    for _ in range(20):
        a, b = random.integers(0, 4, size=(2, 30)).tolist()
        expected = cohen_kappa_score(a, b, labels=[0, 1, 2, 3], weights="quadratic")
        assert weighted_kappa(a, b) == pytest.approx(expected)


@pytest.mark.parametrize("same", [[], [2, 2, 2]])
def test_where_all_say_the_same_nothing_can_be_told(same):
    assert weighted_kappa(same, same) is None


def test_shares_by_hand():
    found = agreement({1: {10: 2, 11: 2}, 2: {10: 0, 11: 1}, 3: {10: 0, 11: 3}, 4: {10: 1}})
    assert found.items == 3
    assert found.same == pytest.approx(1 / 3)
    assert found.near == pytest.approx(2 / 3)


def test_of_three_graders_it_is_the_mean_over_their_pairs_by_items_in_common():
    grades = {
        1: {10: 0, 11: 0, 12: 1},
        2: {10: 3, 11: 2, 12: 3},
        3: {10: 1, 11: 2},
        4: {11: 0, 12: 3},
        5: {10: 2, 12: 0},
    }
    pairs = []
    for one, other in ((10, 11), (10, 12), (11, 12)):
        common = [(g[one], g[other]) for g in grades.values() if one in g and other in g]
        pairs.append((len(common), weighted_kappa(*map(list, zip(*common, strict=True)))))
    expected = sum(n * kappa for n, kappa in pairs) / sum(n for n, _ in pairs)
    assert agreement(grades).kappa.value == pytest.approx(expected)


def test_a_graders_own_agreement_leaves_out_what_others_have_among_themselves():
    grades = {1: {10: 0, 11: 0, 12: 3}, 2: {10: 3, 11: 3, 12: 0}, 3: {11: 1, 12: 1}}
    assert agreement(grades, grader=10).items == 2
    assert agreement(grades, grader=10).same == pytest.approx(1 / 2)


def test_the_interval_holds_the_value_narrows_with_items_and_is_the_same_each_time():
    random = np.random.default_rng(3)
    true = random.integers(0, 4, 400)
    noisy = np.clip(true + random.integers(-1, 2, 400), 0, 3)
    grades = {i: {1: int(a), 2: int(b)} for i, (a, b) in enumerate(zip(true, noisy, strict=True))}
    few = {i: grades[i] for i in range(40)}
    wide, narrow = agreement(few).kappa, agreement(grades).kappa
    assert wide.low < wide.value < wide.high
    assert narrow.low < narrow.value < narrow.high
    assert narrow.high - narrow.low < (wide.high - wide.low) / 2
    assert agreement(few).kappa == wide


def test_few_items_have_shares_and_no_kappa_and_none_have_nothing():
    few = {n: {1: n % 4, 2: 3 - n % 4} for n in range(4)}
    assert (agreement(few).same, agreement(few).kappa) == (0.0, None)
    assert agreement({**few, 4: {1: 1, 2: 1}}).kappa is not None
    assert agreement({1: {1: 0}, 2: {}}).items == 0
    assert agreement({}).kappa is None


def test_distance_is_between_the_extremes():
    assert [distance(x) for x in ((), (2,), (1, 1), (0, 1, 3))] == [0, 0, 0, 3]
