"""Which pairs go on the desk: fair shares by hand, limits that always hold, and a market with a few famous results."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.evaluation.exposure import coverage, gini
from matchmaker.review.limits import Limits
from matchmaker.review.models import KeptOut
from matchmaker.review.quotas import OWNER, RESULT, Choice, Taken, Waiting, choose, owner, still_fitting, week_of

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
NO_BONUS = Limits(first_bonus=0, waiting_bonus=0)


def pair(id_: int, score: float = 0.5, **changes: object) -> Waiting:
    """A pair of its own need and result, whose organisations nobody else has."""
    own = Waiting(id_, 1000 + id_, 2000 + id_, frozenset({f"n{id_}", f"r{id_}"}), score, NOW)
    return replace(own, **changes)  # type: ignore[arg-type]


def ids(choice: Choice) -> list[int]:
    return [one.id for one, _ in choice.chosen]


@pytest.mark.parametrize(
    ("moment", "monday"),
    [
        (datetime(2026, 11, 25, 12, tzinfo=UTC), datetime(2026, 11, 23, tzinfo=UTC)),
        (datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 23, tzinfo=UTC)),
        (datetime(2026, 11, 22, 23, 59, 59, tzinfo=UTC), datetime(2026, 11, 16, tzinfo=UTC)),
        # Monday morning in Beijing is Sunday by UTC.
        (datetime.fromisoformat("2026-11-23T07:59:00+08:00"), datetime(2026, 11, 16, tzinfo=UTC)),
        (datetime(2027, 1, 1, tzinfo=UTC), datetime(2026, 12, 28, tzinfo=UTC)),
    ],
)
def test_a_week_begins_on_monday_by_utc(moment, monday):
    assert week_of(moment) == monday


def test_an_owner_is_an_account_or_a_name():
    assert owner(7, "ACME") == "#7"
    assert owner(None, "  Acme  GmbH ") == owner(None, "ACME gmbh") == "acme gmbh"
    assert owner(None, " ") is None


def test_an_empty_market_has_nothing_to_choose():
    assert choose([], Taken(), Limits(), NOW) == Choice([])


def test_what_fits_goes_on_the_desk_best_first():
    assert ids(choose([pair(1, 0.4), pair(2, 0.9), pair(3, 0.4)], Taken(), NO_BONUS, NOW)) == [2, 1, 3]


def test_an_organisation_gets_its_best_and_the_others_wait_for_the_week():
    mine = [pair(n, n / 100, owners=frozenset({"mine", f"o{n}"})) for n in range(40, 55)]
    found = choose(mine, Taken({(OWNER, "mine"): 2}), NO_BONUS, NOW)
    assert ids(found) == [54, 53, 52, 51, 50, 49, 48, 47]
    assert found.kept_out == dict.fromkeys(range(40, 47), KeptOut.WEEK)


def test_both_sides_of_an_organisation_count_together():
    limits = replace(NO_BONUS, per_organisation=1)
    as_need, as_result = pair(1, 0.9, owners=frozenset({"x", "a"})), pair(2, 0.8, owners=frozenset({"b", "x"}))
    assert ids(choose([as_need, as_result], Taken(), limits, NOW)) == [1]


def test_a_famous_result_stands_in_five_open_matches():
    famous = [pair(n, 0.9, result_id=7, owners=frozenset({f"n{n}"})) for n in range(1, 9)]
    found = choose(famous, Taken({(RESULT, 7): 3}), NO_BONUS, NOW)
    assert ids(found) == [1, 2]
    assert set(found.kept_out.values()) == {KeptOut.RESULT}


def test_fifty_near_identical_results_of_one_organisation_get_its_share_and_no_more():
    flood = [pair(n, 0.9, owners=frozenset({"flood"})) for n in range(50)]
    others = [pair(100 + n, 0.4) for n in range(5)]
    chosen = ids(choose([*flood, *others], Taken(), NO_BONUS, NOW))
    assert sorted(chosen) == [*range(10), *range(100, 105)]


def test_a_listing_that_was_never_suggested_has_a_head_start_with_its_best_pair_only():
    limits = Limits(per_organisation=1, first_bonus=5, waiting_bonus=0)
    known = pair(1, 0.62, owners=frozenset({"x"}))
    fresh = pair(2, 0.60, owners=frozenset({"x"}))
    second = pair(3, 0.59, result_id=fresh.result_id, need_id=known.need_id)
    taken = Taken(seen=frozenset({known.need_id, known.result_id, fresh.need_id}))
    found = choose([known, fresh, second], taken, limits, NOW)
    assert [(one.id, bonus) for one, bonus in found.chosen] == [(2, 0.05), (3, 0.0)]
    assert ids(choose([known, fresh], taken, replace(limits, first_bonus=0), NOW)) == [1]


def test_what_waits_gains_until_it_is_chosen_for_five_weeks_at_most():
    limits = Limits(per_organisation=1, first_bonus=0, waiting_bonus=2)
    for weeks, gap, first in ((2, 0.03, 2), (2, 0.05, 1), (50, 0.09, 2), (50, 0.11, 1)):
        young = pair(1, 0.5 + gap, owners=frozenset({"x"}))
        old = pair(2, 0.5, owners=frozenset({"x"}), found_at=NOW - timedelta(weeks=weeks))
        assert ids(choose([young, old], Taken(), limits, NOW)) == [first]


def test_a_choice_is_looked_at_again_when_places_were_filled_meanwhile():
    mine = [pair(n, n / 10, owners=frozenset({"mine"})) for n in (3, 4, 5)]
    choice = choose(mine, Taken(), NO_BONUS, NOW)
    fitting = still_fitting(choice, Taken({(OWNER, "mine"): 8}), NO_BONUS)
    assert [one.id for one, _ in fitting] == [5, 4]


PAIRS = st.lists(
    st.tuples(st.integers(35, 100), st.integers(1, 4), st.integers(1, 4), st.sets(st.sampled_from("abc"), max_size=2)),
    max_size=25,
).map(
    lambda rows: [
        Waiting(id_, need, result, frozenset(owners), score / 100, NOW)
        for id_, (score, need, result, owners) in enumerate(rows)
    ]
)


@settings(deadline=None, max_examples=100)
@given(PAIRS, st.integers(1, 4), st.integers(1, 4), st.dictionaries(st.sampled_from("abc"), st.integers(0, 5)))
def test_no_choice_goes_beyond_a_limit_and_everything_is_chosen_or_has_its_reason(pairs, per_owner, per_result, used):
    limits = Limits(per_organisation=per_owner, per_result=per_result)
    taken = Taken({(OWNER, key): count for key, count in used.items()})
    found = choose(pairs, taken, limits, NOW)
    owners = Counter(key for one, _ in found.chosen for key in one.owners)
    results = Counter(one.result_id for one, _ in found.chosen)
    assert all(count + used.get(key, 0) <= max(per_owner, used.get(key, 0)) for key, count in owners.items())
    assert all(count <= per_result for count in results.values())
    assert sorted([*ids(found), *found.kept_out]) == [one.id for one in pairs]
    assert still_fitting(found, taken, limits) == list(found.chosen)


def made_market(needs: int = 200, results: int = 200, hubs: int = 4) -> np.ndarray:
    """Seeded scores (needs, results): each need likes a few, and all of them a few famous ones."""
    random = np.random.default_rng(20261125)
    scores = 0.35 + 0.5 * random.beta(2, 5, (needs, results))
    scores[:, :hubs] += 0.25
    return np.minimum(scores, 1.0)


def test_with_limits_more_results_are_shown_and_more_evenly():
    scores = made_market()
    best = np.argsort(-scores, axis=1)[:, :5]
    before = np.bincount(best.ravel(), minlength=scores.shape[1]).astype(float)
    wider = np.argsort(-scores, axis=1)[:, :20]
    pairs = [
        Waiting(20 * need + n, need, 1000 + result, frozenset({f"n{need}", f"r{result}"}), scores[need, result], NOW)
        for need, row in enumerate(wider.tolist())
        for n, result in enumerate(row)
    ]
    found = choose(pairs, Taken(), Limits(), NOW)
    after = np.zeros_like(before)
    for one, _ in found.chosen:
        after[one.result_id - 1000] += 1
    assert coverage(after) > coverage(before)
    assert gini(after) < gini(before) - 0.3
    assert after.max() <= 5 < before.max()
