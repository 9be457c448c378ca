"""The order of the queue: who waits comes first, then what is worth most, and nothing is forgotten."""

from datetime import UTC, datetime, timedelta

import pytest

from matchmaker.review import desk_clock, queue
from matchmaker.review.models import Suggestion
from matchmaker.review.queue import AGED, PATIENCE, PRESSING, Case, priority
from tests.factories.matches import arena

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
TODAY = NOW.date()


def place(score=0.5, *, days=0.0, **case):
    return priority(Case(score, NOW - timedelta(days=days), **case), NOW)


def test_a_new_pair_is_worth_its_score():
    assert place(0.7) == 0.7


def test_age_grows_evenly_to_its_limit():
    assert place(0.5, days=7) == pytest.approx(0.5 + AGED / 2)
    assert place(0.5, days=PATIENCE.days) == place(0.5, days=400) == pytest.approx(0.5 + AGED)


def test_a_middling_pair_overtakes_a_better_new_one_by_waiting():
    assert place(0.6) > place(0.5, days=5)
    assert place(0.6) < place(0.5, days=10)


def test_the_day_of_the_need_presses_in_its_last_month_and_counts_against_it_afterwards():
    far, near, today, past = (place(need_by=TODAY + timedelta(days=days)) for days in (60, 10, 0, -1))
    assert far == 0.5
    assert far < near < today < 0.5 + PRESSING
    assert past == pytest.approx(0.5 - PRESSING)


def test_whoever_waits_for_a_word_comes_before_every_pair():
    waiting = place(0.01, is_interest=True, deadline_at=NOW + timedelta(days=7))
    assert waiting > place(1.0, days=100, need_by=TODAY)


def test_of_those_who_wait_the_one_whose_time_runs_out_comes_first():
    soon, later = (place(is_interest=True, deadline_at=NOW + timedelta(days=days)) for days in (1, 5))
    assert soon > later


def test_a_better_interest_comes_before_a_worse_one_with_the_same_deadline():
    assert place(0.9, is_interest=True, deadline_at=NOW) > place(0.3, is_interest=True, deadline_at=NOW)


def test_the_places_follow_the_days_and_nothing_else(engine, person):
    found = arena(engine, person)
    first = found.match()
    assert first.priority == pytest.approx(0.7, abs=0.001)
    assert desk_clock.reorder(engine) == 0
    week = first.created_at + timedelta(days=7)
    assert desk_clock.reorder(engine, at=week) == 1
    assert found.match().priority == pytest.approx(0.7 + AGED / 2, abs=0.001)
    assert found.match().revision == first.revision
    assert desk_clock.reorder(engine, at=week) == 0


def test_the_order_of_a_page_is_cut_from_an_index(session):
    columns = [[column.name for column in index.columns] for index in Suggestion.__table__.indexes]
    assert ["state", "broker_id", "priority"] in columns
    assert queue.TO_DECIDE
