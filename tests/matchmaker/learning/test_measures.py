"""Measures by hand."""

from math import log

import numpy as np
import pytest

from matchmaker.learning.measures import auc, bins, compare, ece, log_loss, ndcg


def floats(*values):
    return np.array(values, dtype=np.float64)


def flags(*values):
    return np.array(values, dtype=bool)


def test_auc_counts_the_pairs_in_the_right_order():
    # Of the four pairs (yes, no), three are right.
    assert auc(floats(0.9, 0.4, 0.5, 0.1), flags(1, 1, 0, 0)) == 0.75


def test_auc_counts_a_tie_as_half():
    assert auc(floats(0.5, 0.5), flags(1, 0)) == 0.5


@pytest.mark.parametrize("said", [(1, 1, 1), (0, 0, 0)])
def test_auc_of_one_kind_says_nothing(said):
    assert auc(floats(0.1, 0.2, 0.3), flags(*said)) == 0.5


def test_log_loss_is_the_mean_surprise():
    assert log_loss(floats(0.8, 0.4), flags(1, 0)) == pytest.approx(-(log(0.8) + log(0.6)) / 2)


def test_log_loss_of_a_certain_mistake_is_finite():
    assert log_loss(floats(1.0), flags(0)) == pytest.approx(-log(1e-6), rel=1e-3)


def test_ndcg_is_one_when_all_endorsed_come_first_and_less_when_one_comes_third():
    assert ndcg(floats(0.9, 0.8, 0.1), flags(1, 1, 0)) == pytest.approx(1)
    # Gains at places 1 and 3, over those at 1 and 2.
    assert ndcg(floats(0.9, 0.1, 0.8), flags(1, 1, 0)) == pytest.approx((1 + 0.5) / (1 + 1 / np.log2(3)))
    assert ndcg(floats(0.9, 0.1), flags(0, 0)) == 0


def test_ece_is_the_mean_gap_between_what_was_said_and_what_happened():
    # Two in the bin from 0.2: said 0.25, happened 0.5. Two in the last one: said 0.95, happened 1. One said 1.0 too.
    found = bins(floats(0.2, 0.3 - 1e-9, 0.9, 1.0), flags(0, 1, 1, 1))
    assert [(each.low, each.count) for each in found] == [(0.2, 2), (0.9, 2)]
    assert ece(found) == pytest.approx((2 * 0.25 + 2 * 0.05) / 4, abs=1e-6)
    assert ece([]) == 0


def test_intervals_are_the_same_each_time_and_hold_the_value():
    values = np.linspace(0, 1, 50)
    old, new, difference = compare(lambda rows: values[rows].mean(), lambda rows: values[rows].mean() + 0.1, 50)
    assert old.value == pytest.approx(0.5)
    assert old.low < 0.5 < old.high
    assert (new.value, difference.value) == pytest.approx((0.6, 0.1))
    # The same rows are drawn for both, so nothing but the difference is left.
    assert (difference.low, difference.high) == pytest.approx((0.1, 0.1))
    assert compare(lambda rows: values[rows].mean(), lambda rows: values[rows].mean(), 50)[0] == old
