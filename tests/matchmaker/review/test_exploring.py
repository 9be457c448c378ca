"""A draw from further down a list is fair, known, and the same each time."""

import pytest

from matchmaker.review.exploring import LEAST_CANDIDATES, draw

FOLLOWING = [f"candidate-{number}" for number in range(10)]


def drawn(lists=4000, following=FOLLOWING, share=0.1):
    return [draw(f"listing-{number}", following, best=5, share=share) for number in range(lists)]


def test_a_tenth_as_many_as_the_best_are_drawn_and_each_is_as_likely():
    found = [one for one in drawn() if one is not None]
    assert len(found) / 4000 == pytest.approx(0.5, abs=0.03)
    assert {one.propensity for one in found} == {0.05}
    for index in range(10):
        assert sum(one.index == index for one in found) / 4000 == pytest.approx(0.05, abs=0.015)


def test_the_same_list_draws_the_same_again():
    assert drawn(50) == drawn(50)


def test_a_list_that_loses_another_candidate_keeps_its_draw():
    for number, before in enumerate(drawn(200)):
        if before is not None and before.index != 9:
            after = draw(f"listing-{number}", FOLLOWING[:-1], best=5, share=0.1)
            assert after is not None
            assert after.index == before.index


def test_short_lists_and_a_share_of_none_draw_nothing():
    assert set(drawn(following=FOLLOWING[: LEAST_CANDIDATES - 6])) == {None}
    assert set(drawn(following=[])) == {None}
    assert set(drawn(share=0.0)) == {None}
    assert None not in drawn(share=0.5)
