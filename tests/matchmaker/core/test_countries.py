import pycountry
import pytest

from matchmaker.core.countries import (
    COUNTRIES,
    REGION_MEMBERS,
    countries,
    country_name,
    covers,
    is_country,
    parse_country,
)


@pytest.mark.parametrize(
    ("code", "lang", "name"),
    [
        ("CN", "zh", "中国"),
        ("CN", "en", "China"),
        ("IT", "zh-CN", "意大利"),
        ("RS", "sr", "Србија"),
        ("RS", "sr-Latn", "Srbija"),
        ("HU", "hu", "Magyarország"),
        ("EU", "de", "Europäische Union"),
    ],
)
def test_a_country_is_named_in_the_language_of_the_reader(code, lang, name):
    assert country_name(code, lang) == name


def test_a_reader_of_an_unknown_language_sees_english():
    assert country_name("IT", "xx") == "Italy"


def test_an_unknown_code_is_its_own_name():
    assert country_name("1A", "zh") == "1A"


def test_every_iso_country_has_a_name_in_the_shipped_languages():
    unnamed = {(c, lang) for lang in ("zh", "en") for c in COUNTRIES if country_name(c, lang) == c}
    assert not unnamed


def test_the_list_holds_all_countries_once_and_the_union_first():
    codes = [code for code, _name in countries("en")]
    assert codes[0] == "EU"
    assert sorted(codes[1:]) == sorted(country.alpha_2 for country in pycountry.countries)


def test_regions_can_be_left_out():
    assert "EU" not in dict(countries("en", regions=False))
    assert is_country("EU")
    assert not is_country("EU", regions=False)


def test_accents_do_not_push_a_name_behind_z():
    names = [name for _code, name in countries("de", regions=False)]
    assert names[:3] == ["Afghanistan", "Ägypten", "Ålandinseln"]


def test_chinese_names_sort_by_pinyin():
    codes = [code for code, _name in countries("zh")]
    expected = ["AL", "AU", "BR", "DE", "RU", "FR", "FJ", "CU", "KR", "NR", "RS", "IT", "CN"]
    assert sorted(expected, key=codes.index) == expected


@pytest.mark.parametrize("code", ["", "cn", "XX", "1A", "CHN", "中国", "EU "])
def test_what_is_not_an_upper_case_code_is_no_country(code):
    assert not is_country(code)


@pytest.mark.parametrize(
    ("text", "code"),
    [(" it ", "IT"), ("ITA", "IT"), ("UK", "GB"), ("el", "GR"), ("EU", "EU"), ("1A", None), ("", None)],
)
def test_codes_are_read_as_sources_write_them(text, code):
    assert parse_country(text) == code


def test_the_union_covers_its_27_members_and_nobody_else():
    assert sum(covers("EU", country) for country in COUNTRIES) == 27
    assert covers("EU", "IT")
    assert not covers("EU", "RS")
    assert covers("CN", "CN")
    assert not covers("CN", "EU")


def test_every_member_of_a_region_is_a_country():
    assert all(members <= COUNTRIES for members in REGION_MEMBERS.values())
