"""Rankings are joined by reciprocal rank."""

import pytest

from embeddings.fusion import fuse


def test_ranks_are_summed_as_by_hand() -> None:
    # a: 1/61 + 1/63 = 0.03227, b: 1/62 + 1/61 = 0.03252, c: 1/63 = 0.01587, d: 1/62 = 0.01613
    assert fuse([["a", "b", "c"], ["b", "d", "a"]]) == ["b", "a", "d", "c"]


def test_a_smaller_constant_lets_a_first_place_weigh_more() -> None:
    # k = 0: a: 1 + 1/6, b: 1/2 + 1/2; k = 60: a: 1/61 + 1/66, b: 2/62
    rankings = [["a", "b"], ["v", "b", "x", "y", "z", "a"]]
    assert fuse(rankings, k=0)[0] == "a"
    assert fuse(rankings)[0] == "b"


def test_one_ranking_stays_as_it_is_and_equals_as_they_are_met() -> None:
    assert fuse([[3, 1, 2]]) == [3, 1, 2]
    assert fuse([[5], [4]]) == [5, 4]
    assert fuse([[], []]) == fuse([]) == []


def test_what_is_named_twice_counts_at_its_better_place() -> None:
    assert fuse([["a", "b", "a"], ["b"]]) == ["b", "a"]


def test_a_negative_constant_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 0"):
        fuse([["a"]], k=-1)
