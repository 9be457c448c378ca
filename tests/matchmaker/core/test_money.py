"""Currencies are codes with names in the reader's language."""

from decimal import Decimal

import pytest

from matchmaker.core.money import COMMON, currencies, currency_name, is_currency, parse_amount


def test_the_common_currencies_come_first_in_every_language():
    for lang in ("en", "zh", "sr", "ar"):
        assert tuple(code for code, _ in currencies(lang))[: len(COMMON)] == COMMON


def test_each_currency_is_there_once():
    codes = [code for code, _ in currencies("en")]
    assert len(codes) == len(set(codes)) > 150
    assert all(is_currency(code) for code in codes)


def test_a_currency_is_named_in_the_readers_language():
    assert dict(currencies("en"))["EUR"] == "Euro"
    assert dict(currencies("zh"))["CNY"] == "人民币"
    assert dict(currencies("xx"))["EUR"] == "Euro"


@pytest.mark.parametrize("code", ["", "EURO", "eur", "ZZZ", "E1R", "€"])
def test_what_is_no_code_is_no_currency(code):
    assert not is_currency(code)


def test_what_is_no_legal_tender_any_more_is_not_offered_but_still_has_its_name():
    offered = dict(currencies("en"))
    assert not {"DEM", "ITL", "YUM", "CSD", "XAU", "XTS", "CHE"} & set(offered)
    assert currency_name("DEM", "en") == "German Mark"


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("250000", "250000"),
        ("1999.50", "1999.50"),
        ("5,000,000", "5000000"),
        ("5 000 000", "5000000"),
        ("5\u202f000\u00a0000", "5000000"),
        ("1'250'000.50", "1250000.50"),
        ("1’250’000", "1250000"),
        ("1,250", "1250"),
        ("1.250,50", "1250.50"),
        ("1.250.000", "1250000"),
        ("5 000,5", "5000.50"),
        ("２００", "200"),
        ("１，５００，０００", "1500000"),
        ("200万", "2000000"),
        ("２．５亿", "250000000"),
        ("1.255 万", "12550"),
        ("3百万", "3000000"),
        ("2萬", "20000"),
        ("0", "0"),
    ],
)
def test_a_sum_is_read_as_people_write_it(written, amount):
    assert parse_amount(written) == Decimal(amount)


@pytest.mark.parametrize(
    "written",
    ["", "万", "50.000", "1,50", "5,00,000", "5,000 000", "0,500", "-5", "1e6", "NaN", "1,250.505", "10,0000", "20 EUR",
     "9" * 16, "9" * 400, "1,,000", "1..5", "5 00"],
)  # fmt: skip
def test_what_could_be_two_sums_or_is_none_is_refused(written):
    assert parse_amount(written) is None
