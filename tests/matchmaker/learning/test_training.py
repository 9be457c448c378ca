"""A proposal is judged by verdicts that came later than those it was learned from."""

import json
from dataclasses import replace

import pytest

from matchmaker.learning.training import LEAST_LATER, Why, propose
from matchmaker.matching.scoring import HAND
from matchmaker.review.models import Audience
from tests.matchmaker.learning.brokers import judged, taste


def test_with_two_thousand_verdicts_it_beats_the_hand_on_later_ones():
    found = propose(judged(2000, 11, taste()), HAND)
    assert found.why is None
    assert found.held_out is not None
    assert (found.held_out.earlier, found.held_out.later) == (1600, 400)
    assert found.held_out.difference["auc"].low > 0
    assert found.held_out.difference["log_loss"].high < 0
    assert found.held_out.difference["ndcg"].value > 0


def test_its_chances_are_calibrated():
    found = propose(judged(4000, 12, taste()), HAND)
    assert found.held_out is not None
    assert found.held_out.proposed["ece"].value < 0.05
    assert sum(each.count for each in found.held_out.bins) == found.held_out.later


def test_what_came_later_is_not_learned_from_before_it_is_measured_by():
    rows = judged(500, 13, taste())
    turned = [*rows[:400], *(replace(row, yes=not row.yes) for row in rows[400:])]
    before, after = propose(rows, HAND).held_out, propose(turned, HAND).held_out
    assert before is not None
    assert after is not None
    # The later verdicts turned round, so that what was learned of the earlier ones foretells the opposite.
    assert after.proposed["auc"].value == pytest.approx(1 - before.proposed["auc"].value)


def test_without_verdicts_nothing_is_proposed_but_what_counts():
    found = propose([], HAND)
    assert (found.weights, found.calibration, found.why, found.held_out) == (HAND.shares, None, Why.NONE, None)


@pytest.mark.parametrize(("said", "why"), [(True, Why.ALL_YES), (False, Why.ALL_NO)])
def test_verdicts_that_all_say_the_same_change_the_base_rate_and_say_why(said, why):
    found = propose([replace(row, yes=said) for row in judged(120, 14, taste())], HAND)
    assert (found.weights, found.why) == (HAND.shares, why)
    assert found.calibration is not None
    assert found.calibration.chance(0.5) == pytest.approx(121 / 122 if said else 1 / 122)


def test_too_few_later_ones_judge_nothing_and_it_says_so():
    found = propose(judged(LEAST_LATER, 15, taste()), HAND)
    assert (found.why, found.held_out) == (Why.TOO_FEW, None)


def test_the_answers_of_the_sides_teach_and_are_not_what_a_brokers_chance_is_read_off():
    rows = judged(400, 16, taste())
    sides = [replace(row, by=Audience.NEED, yes=True) for row in rows[:100]]
    found = propose([*sides, *rows], HAND)
    assert (found.verdicts, found.sides) == (400, 100)
    assert found.calibration is not None
    assert found.calibration.verdicts == 400


def test_the_figures_can_be_kept():
    kept = json.loads(json.dumps(propose(judged(300, 17, taste()), HAND).figures()))
    assert kept["verdicts"] == 300
    assert set(kept["held_out"]["proposed"]) == {"auc", "log_loss", "ndcg", "ece"}
