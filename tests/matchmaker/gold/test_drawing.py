"""Draws are fair to small languages, and anybody can repeat them."""

from collections import Counter
from random import Random

from matchmaker.gold.drawing import chance, first_for, least_seen, seats, stratified
from matchmaker.gold.models import Origin
from matchmaker.gold.pooling import union


def test_a_small_language_is_drawn_as_often_as_a_large_one():
    strata = {n: "zh" for n in range(1000)} | {1000 + n: "fi" for n in range(3)} | {2000: "el"}
    drawn = stratified(strata, 9, chance(1))
    assert Counter(strata[id_] for id_ in drawn) == {"zh": 5, "fi": 3, "el": 1}


def test_the_same_seed_draws_the_same_and_another_one_something_else():
    strata = {n: "zh" for n in range(100)}
    assert stratified(strata, 10, chance(1)) == stratified(strata, 10, chance(1))
    assert stratified(strata, 10, chance(1)) != stratified(strata, 10, chance(2))


def test_where_fewer_are_there_than_were_asked_for_all_are_drawn():
    assert sorted(stratified({1: "zh", 2: "de"}, 10, chance(1))) == [1, 2]
    assert stratified({}, 10, chance(1)) == []


def test_least_seen_languages_come_first_and_chance_decides_between_equals():
    seen = {"en": 9, "de": 2}
    found = {tuple(least_seen(["en", "de", "fi", "el"], seen, 2, Random(n))) for n in range(20)}
    assert found == {("fi", "el"), ("el", "fi")}
    assert least_seen(["en", "de", "fi", "el"], seen, 3, Random(1))[2] == "de"


def test_the_share_of_pairs_with_two_seats_is_the_one_asked_for():
    assert {seats(100, chance(1, n)) for n in range(50)} == {2}
    assert {seats(0, chance(1, n)) for n in range(50)} == {1}
    assert 200 < sum(seats(25, chance(1, n)) == 2 for n in range(1000)) < 300


def walk(person: int) -> list[tuple[int, int]]:
    """All pairs in the order in which this grader sees them."""
    waiting, order = [(need * 10 + n, need) for need in range(8) for n in range(4)], []
    while waiting:
        pair = first_for(person, 7, waiting)
        order.append(next(one for one in waiting if one[0] == pair))
        waiting.remove(order[-1])
    return order


def test_each_grader_has_an_order_of_their_own_that_does_not_move():
    assert walk(1) == walk(1)
    assert walk(1) != walk(2)
    assert sorted(walk(1)) == sorted(walk(2))


def test_the_results_of_one_need_stay_together():
    needs = [need for _, need in walk(1)]
    assert len([n for n, need in enumerate(needs) if n == 0 or needs[n - 1] != need]) == 8


def test_a_pool_is_the_union_with_each_ranks_own_place_and_nothing_that_is_not_eligible():
    found = union({Origin.PRODUCT: [5, 6, 7], Origin.WORDS: [7, 5]}, {5: "de", 7: "it"})
    assert found == {5: {Origin.PRODUCT: 1, Origin.WORDS: 2}, 7: {Origin.PRODUCT: 3, Origin.WORDS: 1}}
