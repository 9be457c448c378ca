"""The best set that the quotas allow: by hand, against every possible set, and with quotas that always hold."""

from collections import Counter
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matchmaker.matching.assignment import Assignment, Candidate, assign


def best_by_trying(candidates, quotas) -> float:
    best = 0.0
    for size in range(len(candidates) + 1):
        for chosen in combinations(candidates, size):
            used = Counter(key for one in chosen for key in one.uses)
            if all(used[key] <= quotas[key] for key in used if key in quotas):
                best = max(best, sum(one.value for one in chosen))
    return best


def test_without_candidates_nothing_is_chosen():
    assert assign([], {"a": 1}) == Assignment()


def test_what_no_quota_touches_is_taken():
    found = assign([Candidate(2, 0.1, ("x",)), Candidate(1, 0.9)], {"other": 0})
    assert found == Assignment((1, 2), {}, 1.0)


def test_the_total_counts_and_not_the_best_single_pair():
    # Taking the best pair (0.9) first leaves 0.9 + 0.1; the other two are worth 1.6.
    candidates = [
        Candidate(1, 0.9, ("need:1", "result:1")),
        Candidate(2, 0.8, ("need:1", "result:2")),
        Candidate(3, 0.8, ("need:2", "result:1")),
        Candidate(4, 0.1, ("need:2", "result:2")),
    ]
    quotas = dict.fromkeys(["need:1", "need:2", "result:1", "result:2"], 1)
    found = assign(candidates, quotas)
    assert found.chosen == (2, 3)
    assert found.value == pytest.approx(1.6)
    assert found.kept_out == {1: ("need:1", "result:1"), 4: ("need:2", "result:2")}


def test_only_the_quotas_that_are_full_are_named():
    found = assign([Candidate(1, 0.9, ("a", "b")), Candidate(2, 0.5, ("a", "c"))], {"a": 1, "b": 5, "c": 5})
    assert found.kept_out == {2: ("a",)}


def test_a_quota_of_nothing_keeps_everybody_out():
    assert assign([Candidate(1, 0.9, ("a",))], {"a": 0}) == Assignment((), {1: ("a",)}, 0.0)


def test_what_is_worth_nothing_is_not_taken_and_no_quota_is_blamed():
    found = assign([Candidate(1, 0.0, ("a",)), Candidate(2, -1.0)], {"a": 1})
    assert (found.chosen, found.kept_out) == ((), {1: (), 2: ()})


def test_among_equals_the_smaller_ids_are_taken_in_any_order():
    candidates = [Candidate(id_, 0.5, ("org",)) for id_ in (7, 3, 9, 1, 5)]
    for order in (candidates, candidates[::-1], sorted(candidates)):
        assert assign(order, {"org": 3}).chosen == (1, 3, 5)


def test_equals_that_differ_in_quotas_nobody_fights_for_are_equals_too():
    candidates = [Candidate(id_, 0.5, ("org", f"need:{id_}")) for id_ in (4, 2, 6)]
    assert assign(candidates, {"org": 2, "need:2": 5, "need:4": 5, "need:6": 5}).chosen == (2, 4)


def test_where_the_linear_programme_is_not_whole_the_answer_is_exact():
    # Three pairs, each two of them in one quota of one place: the relaxed solution takes half of each.
    triangle = [Candidate(1, 1.0, ("a", "b")), Candidate(2, 1.0, ("b", "c")), Candidate(3, 1.0, ("a", "c"))]
    found = assign(triangle, {"a": 1, "b": 1, "c": 1})
    assert found.value == 1.0
    assert len(found.chosen) == 1


@pytest.mark.parametrize(
    ("candidates", "quotas", "words"),
    [
        ([Candidate(1, float("nan"))], {}, "a number"),
        ([Candidate(1, float("inf"))], {}, "a number"),
        ([Candidate(1, 1.0), Candidate(1, 0.5)], {}, "same id"),
        ([Candidate(1, 1.0, ("a", "a"))], {}, "once"),
        ([Candidate(1, 1.0, ("a",))], {"a": -1}, "less than 0"),
    ],
)
def test_bad_input_is_refused(candidates, quotas, words):
    with pytest.raises(ValueError, match=words):
        assign(candidates, quotas)


KEYS = st.lists(st.sampled_from("abcdef"), max_size=4, unique=True).map(tuple)
VALUES = st.integers(-1, 20).map(lambda whole: whole / 20)
MARKETS = st.lists(st.tuples(VALUES, KEYS), max_size=9).map(
    lambda rows: [Candidate(id_, value, uses) for id_, (value, uses) in enumerate(rows)]
)
QUOTAS = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 3))


@settings(deadline=None, max_examples=200)
@given(MARKETS, QUOTAS)
def test_every_quota_holds_and_no_other_set_is_better(candidates, quotas):
    found = assign(candidates, quotas)
    by_id = {one.id: one for one in candidates}
    used = Counter(key for id_ in found.chosen for key in by_id[id_].uses)
    assert all(used[key] <= quotas[key] for key in used if key in quotas)
    assert found.value == pytest.approx(best_by_trying(candidates, quotas), abs=1e-6)
    assert set(found.chosen) | set(found.kept_out) == set(by_id)
    for id_, full in found.kept_out.items():
        assert bool(full) == (by_id[id_].value > 0)


@settings(deadline=None, max_examples=50)
@given(MARKETS, QUOTAS, st.randoms())
def test_the_order_of_arrival_changes_nothing(candidates, quotas, random):
    shuffled = list(candidates)
    random.shuffle(shuffled)
    assert assign(shuffled, quotas) == assign(candidates, quotas)
