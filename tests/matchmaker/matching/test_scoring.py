"""A score is the sum of its parts, and each part says by a table what it makes of two listings."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matchmaker.matching import scoring
from matchmaker.matching.judging import fit
from matchmaker.matching.schemas import Part, Shared, Side
from matchmaker.matching.scoring import NEUTRAL, RULES, Pair, parts, total
from matchmaker.taxonomy import service as taxonomy
from matchmaker.web.presentation import percent, whole_points

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
NOTHING = Side()
Money = tuple[Decimal | None, Decimal | None]


def part(name: str, need: Side = NOTHING, result: Side = NOTHING, text: float = 0.5) -> Part:
    return next(each for each in parts(Pair(need, result, text, NOW)) if each.name == name)


def value(name: str, need: Side = NOTHING, result: Side = NOTHING) -> float:
    return part(name, need, result).value


def test_the_weights_of_all_rules_add_up_to_one() -> None:
    assert sum(rule.weight for rule in RULES) == pytest.approx(1)
    assert all(rule.weight > 0 for rule in RULES)
    assert len({rule.name for rule in RULES}) == len(RULES)


def test_every_rule_has_a_part_in_the_order_of_the_table() -> None:
    found = parts(Pair(NOTHING, NOTHING, 0.5, NOW))
    assert [each.name for each in found] == [rule.name for rule in RULES]
    assert [each.weight for each in found] == [rule.weight for rule in RULES]
    assert all(str(each.title) and str(each.words) for each in found)


COUNTRIES = st.sampled_from(["", "CN", "DE", "HU"])
CODES = {
    "ipc": st.lists(st.sampled_from(["E21B", "E21C", "A01G", "H01M"]), max_size=2).map(tuple),
    "nace": st.lists(st.sampled_from(["05.10", "05.20", "28.92"]), max_size=2).map(tuple),
    "partnerships": st.lists(st.sampled_from(["licence", "joint_venture"]), max_size=2).map(tuple),
    "target_countries": st.lists(st.sampled_from(["EU", "CN", "DE"]), max_size=2).map(tuple),
}
SIDES = st.builds(
    Side,
    country=COUNTRIES,
    trl=st.sampled_from([None, *"123456789"]),
    dated=st.none() | st.datetimes(timezones=st.just(UTC)),
    deadline=st.none() | st.dates(),
    **CODES,
)
PAIRS = st.builds(Pair, SIDES, SIDES, st.floats(0, 1), st.just(NOW))


@settings(deadline=None, max_examples=60, derandomize=True)
@given(PAIRS)
def test_a_score_is_the_sum_of_its_points_between_zero_and_one(pair: Pair) -> None:
    found = parts(pair)
    assert total(found) == sum(each.value * each.weight for each in found)
    assert 0 <= total(found) <= 1 + 1e-9
    assert all(0 <= each.value <= 1 and 0 <= each.points <= each.weight for each in found)


# Parts of what the two texts say, which is never nothing.
SAID = {"text_fit", "shared_words"}


def test_what_nobody_says_neither_helps_nor_hurts() -> None:
    found = parts(Pair(NOTHING, NOTHING, 0.3, NOW))
    assert {each.name: each.value for each in found if each.name not in SAID} == {
        rule.name: NEUTRAL for rule in RULES if rule.name not in SAID
    }
    unsaid = sum(rule.weight for rule in RULES if rule.name not in SAID)
    assert total(found) == pytest.approx(0.3 * RULES[0].weight + NEUTRAL * unsaid)


def test_shared_words_count_and_are_named() -> None:
    found = parts(Pair(NOTHING, NOTHING, 0.3, NOW, Shared(0.6, ("ISO 12944", "PVDF"))))
    words = next(each for each in found if each.name == "shared_words")
    assert (words.value, str(words.words)) == (0.6, "Both say: ISO 12944, PVDF.")
    assert part("shared_words").value == 0


@pytest.mark.parametrize(
    ("need", "result", "expected"),
    [
        (Side(), Side(kind="enterprise"), NEUTRAL),
        (Side(partner_types=("any",)), Side(kind="enterprise"), NEUTRAL),
        (Side(partner_types=("university",)), Side(kind="university"), 1.0),
        (Side(partner_types=("university",)), Side(kind="enterprise"), 0.0),
        (Side(partner_types=("university",), partner_sizes=("small",)), Side(kind="university", size="large"), 0.25),
    ],
)
def test_each_side_is_asked_for_the_partner_it_is(need: Side, result: Side, expected: float) -> None:
    assert value("partner", need, result) == expected


@pytest.mark.parametrize(
    ("budget", "price", "currencies", "expected"),
    [
        ((None, None), (Decimal(5), None), ("EUR", "EUR"), NEUTRAL),
        ((None, Decimal(10)), (Decimal(5), None), ("EUR", "EUR"), 1.0),
        ((None, Decimal(10)), (Decimal(20), None), ("EUR", "EUR"), 0.5),
        ((None, Decimal(10)), (Decimal(20), None), ("EUR", "CNY"), NEUTRAL),
    ],
)
def test_a_budget_is_held_against_a_price_of_the_same_currency(
    budget: Money, price: Money, currencies: tuple[str, str], expected: float
) -> None:
    need, result = Side(budget=budget, currency=currencies[0]), Side(budget=price, currency=currencies[1])
    assert value("money", need, result) == expected


def test_what_would_raise_the_score_is_asked_of_the_side_that_is_silent() -> None:
    assert "result could give its TRL" in str(part("maturity", Side(trl="5")).hint)
    assert "need could say which TRL" in str(part("maturity", Side(), Side(trl="5")).hint)
    assert "result could name an IPC" in str(part("common_fields", Side(ipc=("E21B",))).hint)
    assert not part("maturity", Side(trl="5"), Side(trl="5")).hint


def test_text_fit_is_the_fit_of_the_texts_in_four_wordings() -> None:
    fits = (0.0, 0.2, 0.25, 0.49, 0.5, 0.74, 0.75, 1.0)
    found = [part("text_fit", text=text) for text in fits]
    assert [each.value for each in found] == list(fits)
    said = [str(each.words) for each in found]
    assert said[0] == said[1] != said[2] == said[3] != said[4] == said[5] != said[6] == said[7]


@pytest.mark.parametrize(
    ("wanted", "reached", "expected"),
    [
        ("5", "5", 1.0), ("5", "9", 1.0), ("5", "4", 0.75), ("5", "3", 0.5), ("9", "5", 0.0), ("9", "1", 0.0),
        (None, "5", NEUTRAL), ("5", None, NEUTRAL), (None, None, NEUTRAL),
    ],
)  # fmt: skip
def test_maturity_loses_a_quarter_for_each_missing_level(wanted: str, reached: str, expected: float) -> None:
    assert value("maturity", Side(trl=wanted), Side(trl=reached)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("need", "result", "expected"),
    [
        (("licence",), ("investment", "licence"), 1.0),
        (("licence",), ("investment",), 0.0),
        ((), ("licence",), NEUTRAL),
        (("licence",), (), NEUTRAL),
    ],
)
def test_partnership_asks_for_one_type_in_common(
    need: tuple[str, ...], result: tuple[str, ...], expected: float
) -> None:
    assert value("partnership", Side(partnerships=need), Side(partnerships=result)) == expected


@pytest.mark.parametrize(
    ("need", "result", "expected"),
    [
        # (country, targets) of each side.
        (("CN", ()), ("DE", ()), NEUTRAL),
        (("CN", ("DE",)), ("DE", ()), 1.0),
        (("CN", ("EU",)), ("DE", ()), 1.0),
        (("CN", ("EU",)), ("RS", ()), 0.0),
        (("CN", ("DE", "HU")), ("HU", ("CN",)), 1.0),
        (("CN", ("DE",)), ("DE", ("RU",)), 0.25),
        (("CN", ("HU",)), ("DE", ("RU",)), 0.0),
        # Nobody knows where the other one is.
        (("CN", ("DE",)), ("", ()), NEUTRAL),
        (("", ()), ("DE", ("CN",)), NEUTRAL),
    ],
)
def test_countries_asks_whether_each_side_looks_to_the_other(
    need: tuple[str, tuple[str, ...]], result: tuple[str, tuple[str, ...]], expected: float
) -> None:
    sides = (Side(country=country, target_countries=targets) for country, targets in (need, result))
    assert value("countries", *sides) == expected


@pytest.mark.parametrize(
    ("days_need", "days_result", "expected"),
    [(0, 0, 1.0), (0, 730, 0.5), (1460, 0, 0.25), (None, 730, 0.5), (None, None, NEUTRAL), (-5, -5, 1.0)],
)
def test_freshness_halves_in_two_years_by_the_older_listing(
    days_need: int | None, days_result: int | None, expected: float
) -> None:
    sides = (Side(dated=None if d is None else NOW - timedelta(days=d)) for d in (days_need, days_result))
    assert value("freshness", *sides) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("deadline", "expected"), [(date(2026, 11, 21), 0.0), (date(2026, 11, 22), 1.0), (date(2027, 1, 1), 1.0)]
)
def test_a_need_whose_deadline_has_passed_is_not_fresh(deadline: date, expected: float) -> None:
    assert value("freshness", Side(dated=NOW, deadline=deadline), Side(dated=NOW)) == expected


@pytest.mark.parametrize(("name", "codes", "near", "far"), [
    ("common_fields", ("E21B", "E21B"), ("E21B", "E21C"), ("E21B", "A01G")),
    ("common_sectors", ("05.10", "05.10"), ("05.10", "05.20"), ("05.10", "28.92")),
])  # fmt: skip
def test_the_nearer_two_codes_are_the_more_they_count(
    name: str, codes: tuple[str, str], near: tuple[str, str], far: tuple[str, str]
) -> None:
    scheme = "ipc" if name == "common_fields" else "nace"
    values = [value(name, Side(**{scheme: (a,)}), Side(**{scheme: (b,)})) for a, b in (codes, near, far)]
    assert values == [taxonomy.similarity(scheme, a, b) for a, b in (codes, near, far)]
    assert 1 >= values[0] > values[1] > values[2] == 0


@pytest.mark.parametrize("name", ["common_fields", "common_sectors"])
def test_codes_that_one_side_does_not_give_are_neutral(name: str) -> None:
    scheme = "ipc" if name == "common_fields" else "nace"
    code = ("E21B",) if scheme == "ipc" else ("05.10",)
    assert value(name, Side(**{scheme: code}), NOTHING) == value(name, NOTHING, Side(**{scheme: code})) == NEUTRAL


def test_of_several_codes_the_closest_two_count() -> None:
    need, result = Side(ipc=("A01G", "E21B")), Side(ipc=("H01M", "E21B"))
    assert value("common_fields", need, result) == taxonomy.similarity("ipc", "E21B", "E21B")
    assert "E21B" in taxonomy.closest("ipc", need.ipc, result.ipc)


@settings(deadline=None, derandomize=True)
@given(st.lists(st.floats(-3, 5), min_size=2, max_size=20, unique_by=lambda x: round(x, 3)))
def test_a_fit_keeps_the_order_of_standings_strictly(standings: list[float]) -> None:
    ordered = sorted(standings)
    fits = [fit(standing, 0.3) for standing in ordered]
    assert all(0 < each < 1 for each in fits)
    assert all(a < b for a, b in pairwise(fits))


@pytest.mark.parametrize("standing", [-47.0, 47.0])
def test_even_the_most_extreme_standing_has_a_fit(standing: float) -> None:
    assert 0 <= fit(standing, 0.3) <= 1


def test_what_stands_out_where_nothing_is_near_counts_little() -> None:
    assert fit(3.0, 0.4) > 0.8
    assert fit(3.0, 0.2) < 0.25
    assert 0 < fit(3.0, 0.0) < 0.1


@settings(deadline=None, max_examples=60, derandomize=True)
@given(PAIRS)
def test_a_better_text_fit_never_lowers_the_score(pair: Pair) -> None:
    better = scoring.Pair(pair.need, pair.result, min(1.0, pair.fit + 0.1), pair.now)
    assert total(parts(better)) >= total(parts(pair))


@settings(deadline=None, max_examples=60, derandomize=True)
@given(PAIRS)
def test_the_points_that_a_reader_sees_add_up_to_the_score_that_a_reader_sees(pair: Pair) -> None:
    found = parts(pair)
    assert sum(points for _, points in whole_points(found)) == percent(total(found))
    for each, points in whole_points(found):
        assert abs(points - 100 * each.points) < 1 + 1e-9
        assert 0 <= points <= percent(each.weight)


def test_who_names_every_area_has_less_in_common_than_who_names_theirs() -> None:
    need = Side(ipc=("E21B",))
    own, all_areas = (
        Side(ipc=("E21B", "B25J")),
        Side(ipc=("E21B", "A61B", "B25J", "C08L", "D06M", "F16H", "G06T", "H02J")),
    )
    honest, stuffed = (
        next(part for part in parts(scoring.Pair(need, result, 0.5, NOW)) if part.name == "common_fields")
        for result in (own, all_areas)
    )
    assert stuffed.value == pytest.approx(honest.value / 2)
    assert "so many areas" in str(stuffed.words)
