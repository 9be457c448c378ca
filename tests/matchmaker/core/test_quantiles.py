"""The nearest rank: a value that was measured, never one between two."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.core.quantiles import quantile


def test_it_is_the_smallest_that_so_many_do_not_exceed():
    values = [float(n) for n in range(1, 101)]
    assert [quantile(values[::-1], share) for share in (0.01, 0.5, 0.95, 1.0)] == [1, 50, 95, 100]
    assert quantile([7.0], 0.95) == 7.0
    # 0.95 × 20 is a little more than 19 in binary.
    assert quantile(values[:20], 0.95) == 19


@given(st.lists(st.floats(-9, 9), min_size=1, max_size=60), st.floats(0.01, 1))
def test_so_many_values_do_not_exceed_it(values, share):
    found = quantile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-6


def test_of_nothing_there_is_none():
    with pytest.raises(ValueError, match="no values"):
        quantile([], 0.5)
