"""Weights of any table of parts: older ones are completed, and what is shown is what was counted."""

import json

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError

from matchmaker.db.engine import reading_session
from matchmaker.db.uow import unit_of_work
from matchmaker.matching import weights
from matchmaker.matching.models import ScoreWeights, WeightsSwitch
from matchmaker.matching.schemas import Calibration, Weights
from matchmaker.matching.scoring import HAND, RULES


def switch(engine, shares, follows=0):
    with unit_of_work(engine) as uow:
        row = ScoreWeights(made_by="test", weights=json.dumps(shares))
        uow.session.add(row)
        uow.session.flush()
        uow.session.add(WeightsSwitch(follows=follows, weights_id=row.id, by="test"))


def test_until_somebody_switches_the_table_counts(session):
    assert weights.active(session) is HAND
    assert [rule.weight for rule in weights.table(HAND)] == [rule.weight for rule in RULES]


def test_a_part_that_older_weights_do_not_know_counts_what_the_hand_gives_it():
    found = weights.complete({"a": 0.6, "b": 0.4}, {"a": 0.5, "b": 0.3, "new": 0.2})
    assert found == pytest.approx({"a": 0.6 / 1.2, "b": 0.4 / 1.2, "new": 0.2 / 1.2})


def test_a_part_that_is_no_more_is_left_out():
    assert weights.complete({"a": 0.2, "gone": 0.8}, {"a": 1.0}) == {"a": 1.0}


def test_weights_that_leave_nothing_are_those_of_the_hand():
    assert weights.complete({"a": 0.0, "b": 0.0}, {"a": 0.7, "b": 0.3}) == {"a": 0.7, "b": 0.3}


def test_the_newest_switch_counts_and_a_score_of_one_stays_one(engine):
    switch(engine, {"text_fit": 1.0})
    with reading_session(engine) as session:
        found = weights.active(session)
    assert found.version == 1
    assert set(found.shares) == set(HAND.shares)
    assert sum(found.shares.values()) == pytest.approx(1)
    assert found.shares["text_fit"] > HAND.shares["text_fit"]


def test_two_switches_cannot_follow_the_same_one(engine):
    switch(engine, {"text_fit": 1.0})
    with pytest.raises(IntegrityError):
        switch(engine, {"maturity": 1.0})


@pytest.mark.parametrize("table", [ScoreWeights, WeightsSwitch])
@pytest.mark.parametrize("deed", [delete, lambda table: update(table).values(id=7)])
def test_what_was_kept_is_neither_changed_nor_removed(engine, table, deed):
    switch(engine, {"text_fit": 1.0})
    with pytest.raises(IntegrityError, match="only ever added to"), unit_of_work(engine) as uow:
        uow.session.execute(deed(table))


def test_a_chance_rises_with_the_score():
    found = Weights(1, {}, Calibration(slope=8, intercept=-4, verdicts=1000))
    assert found.chance(0.5) == pytest.approx(0.5)
    assert found.chance(0.9) == pytest.approx(1 / (1 + 2.718281828**-3.2))
    assert Weights(1, {}, Calibration(8, -4, verdicts=99)).chance(0.5) is None
