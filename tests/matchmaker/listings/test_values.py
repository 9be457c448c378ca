"""Values as tables really hold them."""

from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.listings import values
from matchmaker.listings.models import Direction


@pytest.mark.parametrize(
    "written",
    [
        "2018-03-09",
        "2018/3/9",
        "2018.3.9",
        "20180309",
        20180309,
        20180309.0,
        "2018年3月9日",
        "March 09, 2018",
        "Mar 9, 2018",
        "9 March 2018",
        "9.3.2018",
        "2018-03-09T17:00:00+01:00",
        "2018-03-09 17:00",
        datetime(2018, 3, 9, 12),  # noqa: DTZ001 - as Excel gives it
        date(2018, 3, 9),
    ],
)
def test_a_day_is_read_however_it_is_written(written: object) -> None:
    assert values.as_date(written) == date(2018, 3, 9)


@pytest.mark.parametrize(
    ("written", "day"), [(1983, date(1983, 1, 1)), ("2019年", date(2019, 1, 1)), ("2018-07", date(2018, 7, 1))]
)
def test_a_year_or_month_counts_from_its_first_day(written: object, day: date) -> None:
    assert values.as_date(written) == day


def test_day_and_month_are_told_apart_only_where_one_reading_is_possible() -> None:
    assert values.as_date("25/12/2018") == values.as_date("12/25/2018") == date(2018, 12, 25)
    assert values.as_date("03/04/2018") is None


@pytest.mark.parametrize(
    "written", ["soon", "2018-02-30", "99999999", "43168", "", None, "31.13.2018", {}, "0001-01-01"]
)
def test_what_is_no_day_is_none(written: object) -> None:
    assert values.as_date(written) is None


@given(st.dates(date(1900, 1, 1), date(2200, 12, 31)))
def test_every_day_survives_the_ways_of_writing_it(day: date) -> None:
    forms = (
        f"{day:%Y-%m-%d}",
        f"{day:%Y%m%d}",
        f"{day.year}年{day.month}月{day.day}日",
        f"{day.day}.{day.month}.{day.year}",
    )
    assert {values.as_date(form) for form in forms} == {day}


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("1,500,000", "1500000"),
        ("50万元", "500000"),
        ("1.25亿", "125000000"),
        ("EUR 20000", "20000"),
        ("€ 1,000.50", "1000.50"),
        (12345, "12345"),
        (0.1, "0.10"),
        ("300 美元", "300"),
    ],
)
def test_money_is_exact(written: object, amount: str) -> None:
    assert values.as_amount(written) == Decimal(amount)


@pytest.mark.parametrize(
    "written", ["50.000", "面议", "-5", float("nan"), float("inf"), 10**16, "1,50", True, "", None]
)
def test_money_that_could_mean_two_sums_or_none_is_refused(written: object) -> None:
    assert values.as_amount(written) is None


def test_a_budget_may_have_two_ends() -> None:
    assert values.as_range("50-100万元") == (Decimal(500_000), Decimal(1_000_000))
    assert values.as_range("80万至1.2百万元") == (Decimal(800_000), Decimal(1_200_000))
    assert values.as_range("EUR 20000 – 50000") == (Decimal(20_000), Decimal(50_000))
    assert values.as_range("30万元") == values.as_range(300_000) == (None, Decimal(300_000))
    assert values.as_range("100-50万元") is None
    assert values.as_range("面议") is None


def test_a_currency_is_found_beside_the_sum() -> None:
    assert values.currency_in("50-100万元") == "CNY"
    assert values.currency_in("200 欧元") == "EUR"
    assert values.currency_in("USD 5000") == "USD"
    assert values.as_currency("人民币") == values.as_currency("cny") == "CNY"
    assert values.as_currency("$") is None


@pytest.mark.parametrize("written", ["zh", "zh-CN", "ZH_hans", "zho", "chi", "Chinese", "中文"])
def test_a_language_is_known_by_its_codes_and_names(written: str) -> None:
    assert values.as_language(written) == "zh"


def test_an_unknown_language_is_none() -> None:
    assert values.as_language("xx") is values.as_language("Klingon") is values.as_language("") is None


@pytest.mark.parametrize("written", ["DE", "de", "DEU", "Germany", "德国"])
def test_a_country_is_known_by_its_codes_and_names(written: str) -> None:
    assert values.as_country(written) == "DE"


def test_europe_is_a_country_here_and_1a_is_not() -> None:
    assert values.as_country("EU") == "EU"
    assert values.as_country("1A") is None


@pytest.mark.parametrize(
    "written",
    [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "www.example.org",
        "http:/x",
        "http://a b",
        "1",
        "http://[",
        "https://x/" + "a" * 3000,
    ],
)
def test_only_web_addresses_are_links(written: str) -> None:
    assert values.as_url(written) is None
    assert values.as_url("https://example.org/a?b=1") == "https://example.org/a?b=1"


@pytest.mark.parametrize(
    ("written", "level"),
    [("TRL 6", "6"), (6, "6"), (6.0, "6"), ("6级", "6"), ("trl5-6", "5"), ("10", None), ("", None)],
)
def test_readiness_is_a_level_from_one_to_nine(written: object, level: str | None) -> None:
    assert values.as_trl(written) == level


def test_directions_have_many_names_and_no_default() -> None:
    assert {values.as_direction(word) for word in ("need", "Demand", "需求", "technology request")} == {Direction.NEED}
    assert {values.as_direction(word) for word in ("offer", "RESULT", "成果")} == {Direction.RESULT}
    assert values.as_direction("both") is None


def test_lists_come_apart_at_the_separators_of_any_script() -> None:
    assert values.as_list("泵；阀门、 pump, valve;pump") == ["泵", "阀门", "pump", "valve"]
    assert values.as_list(["a, b", 7, None, ""]) == ["a, b", "7"]


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_no_value_is_so_odd_that_reading_it_fails(value: object) -> None:
    readers = (values.as_text, values.as_list, values.as_date, values.as_amount, values.as_range, values.as_language)
    more = (
        values.as_country,
        values.as_url,
        values.as_trl,
        values.as_currency,
        values.currency_in,
        values.as_direction,
    )
    for reader in (*readers, *more):
        reader(value)
