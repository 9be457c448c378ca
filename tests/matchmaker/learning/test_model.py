"""The prior, the weighting by propensity and the calibration, by hand; then brokers with a taste of their own."""

from dataclasses import replace

import numpy as np
import pytest

from matchmaker.learning.measures import auc
from matchmaker.learning.model import (
    MOST_WEIGHT,
    OUTSIDE,
    Example,
    calibrate,
    inverse_propensities,
    learn,
    scores,
    teaching,
)
from matchmaker.matching.scoring import HAND, NEUTRAL
from matchmaker.review.models import Audience
from tests.matchmaker.learning.brokers import NAMES, judged, taste


def flags(examples):
    return np.array([one.yes for one in examples])


def distance(weights, other=HAND.shares):
    return sum(abs(weights[name] - other[name]) for name in other)


@pytest.fixture(scope="module")
def later():
    """Many verdicts of the same brokers, to measure by."""
    return judged(8000, 999, taste())


# Propensities


def test_an_unlikely_match_counts_more_but_not_without_end():
    row = Example(Audience.DESK, True, {})
    found = inverse_propensities([row, replace(row, propensity=0.5), replace(row, propensity=0.001)])
    assert found[1] == pytest.approx(2 * found[0])
    assert found[2] == pytest.approx(MOST_WEIGHT * found[0])


def test_all_together_count_as_their_effective_number():
    row = Example(Audience.DESK, True, {})
    assert inverse_propensities([row] * 7).sum() == pytest.approx(7)
    # (1 + 1 + 2)² / (1 + 1 + 4)
    assert inverse_propensities([row, row, replace(row, propensity=0.5)]).sum() == pytest.approx(16 / 6)


# What teaches


def test_a_no_of_a_side_for_a_reason_outside_of_the_pair_teaches_nothing():
    reason = next(iter(OUTSIDE))
    side, desk = (Example(by, False, {}, reason=reason) for by in (Audience.NEED, Audience.DESK))
    assert teaching([side, desk, replace(side, reason="wrong_field")]) == [desk, replace(side, reason="wrong_field")]


def test_a_part_that_was_not_known_when_it_was_shown_is_neutral():
    assert scores([Example(Audience.DESK, True, {"a": 1.0})], {"a": 0.6, "b": 0.4}) == pytest.approx(
        [0.6 + 0.4 * NEUTRAL]
    )


# The prior


def test_without_verdicts_the_weights_are_the_current_ones_exactly():
    assert learn([], HAND.shares) == HAND.shares


@pytest.mark.parametrize("said", [True, False])
def test_verdicts_that_all_say_the_same_change_no_weight(said):
    rows = [replace(row, yes=said) for row in judged(300, 1, taste())]
    assert learn(rows, HAND.shares) == HAND.shares


def test_twenty_verdicts_move_the_weights_hardly_and_two_thousand_decide():
    few, many = (learn(judged(count, 3, taste()), HAND.shares) for count in (20, 2000))
    assert distance(few) < 0.35 < distance(HAND.shares, taste())
    assert distance(many, taste()) < distance(few, taste()) / 2
    assert distance(many, taste()) < 0.3


def test_weights_are_never_negative_and_always_one_together():
    upside_down = [replace(row, yes=not row.yes) for row in judged(1000, 4, taste())]
    for rows in (judged(50, 5, taste()), upside_down):
        found = learn(rows, HAND.shares)
        assert min(found.values()) >= 0
        assert sum(found.values()) == pytest.approx(1)


def test_a_part_that_was_the_same_for_all_keeps_its_share_beside_the_texts():
    rows = [replace(row, parts={**row.parts, "countries": NEUTRAL}) for row in judged(400, 6, HAND.shares)]
    found = learn(rows, HAND.shares)
    assert found["countries"] / found["text_fit"] == pytest.approx(
        HAND.shares["countries"] / HAND.shares["text_fit"], rel=0.5
    )


def test_any_table_of_parts_can_be_learned():
    rows = [
        replace(row, parts={"x": row.parts["text_fit"], "y": row.parts["maturity"]}) for row in judged(2000, 7, taste())
    ]
    found = learn(rows, {"x": 0.9, "y": 0.1})
    assert found["y"] == pytest.approx(0.5, abs=0.1)


# Brokers with a taste of their own


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_with_two_thousand_verdicts_later_matches_come_in_a_better_order(later, seed):
    found = learn(judged(2000, seed, taste()), HAND.shares)
    assert auc(scores(later, found), flags(later)) > auc(scores(later, HAND.shares), flags(later)) + 0.03


@pytest.mark.parametrize("seed", range(1, 9))
def test_with_twenty_verdicts_the_order_is_not_worse_than_by_hand(later, seed):
    found = learn(judged(20, seed, taste()), HAND.shares)
    assert auc(scores(later, found), flags(later)) > auc(scores(later, HAND.shares), flags(later)) - 0.01


@pytest.mark.parametrize("count", [20, 100, 2000])
def test_where_the_hand_was_right_little_is_lost(count):
    judges = judged(8000, 998, HAND.shares)
    found = learn(judged(count, 8, HAND.shares), HAND.shares)
    assert auc(scores(judges, found), flags(judges)) > auc(scores(judges, HAND.shares), flags(judges)) - 0.01


# Calibration


def test_without_verdicts_there_is_no_chance():
    assert calibrate(np.array([]), np.array([], dtype=bool)) is None


@pytest.mark.parametrize(("said", "chance"), [(True, 9 / 10), (False, 1 / 10)])
def test_verdicts_that_all_say_the_same_tell_the_base_rate_alone(said, chance):
    found = calibrate(np.linspace(0, 1, 8), np.full(8, said))
    assert found is not None
    assert (found.slope, found.verdicts) == (0, 8)
    assert found.chance(0.1) == found.chance(0.9) == pytest.approx(chance)


def test_two_verdicts_claim_no_certainty():
    found = calibrate(np.array([0.2, 0.8]), np.array([False, True]))
    assert found is not None
    # Platt's targets: as if one more of each kind had been seen.
    assert found.chance(0.8) == pytest.approx(2 / 3, abs=1e-3)
    assert found.chance(0.2) == pytest.approx(1 / 3, abs=1e-3)


def test_a_score_that_foretells_the_opposite_says_nothing():
    found = calibrate(np.linspace(0, 1, 100), np.linspace(0, 1, 100) < 0.5)
    assert found is not None
    assert found.slope == 0


def test_the_curve_is_found_again():
    random = np.random.default_rng(1)
    values = random.random(20_000)
    yes = random.random(20_000) < 1 / (1 + np.exp(-(6 * values - 3)))
    found = calibrate(values, yes)
    assert found is not None
    assert (found.slope, found.intercept) == pytest.approx((6, -3), abs=0.25)


def test_the_names_of_the_simulation_are_those_of_the_table():
    assert sum(taste().values()) == pytest.approx(1)
    assert set(taste()) == set(NAMES)
