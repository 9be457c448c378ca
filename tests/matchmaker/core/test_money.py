"""Currencies are codes with names in the reader's language."""

import pytest

from matchmaker.core.money import COMMON, currencies, is_currency


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
