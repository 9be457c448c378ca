import pytest

from matchmaker.core.languages import (
    LISTING_LANGUAGES,
    collation_key,
    endonym,
    is_language,
    is_rtl,
    language_name,
    languages,
    main_language,
)


def test_listings_may_be_written_in_every_current_iso_639_1_language():
    assert len(LISTING_LANGUAGES) == 183
    assert {"zh", "en", "sr", "hu", "ar", "uk"} <= set(LISTING_LANGUAGES)
    assert "sh" not in LISTING_LANGUAGES
    assert list(LISTING_LANGUAGES) == sorted(LISTING_LANGUAGES)


@pytest.mark.parametrize(
    ("code", "lang", "name"),
    [
        ("zh", "en", "Chinese"),
        ("sr", "zh", "塞尔维亚语"),
        ("sr-Latn", "en", "Serbian (Latin)"),
        ("pt-BR", "en", "Brazilian Portuguese"),
        ("de", "xx", "German"),
    ],
)
def test_a_language_is_named_in_the_language_of_the_reader(code, lang, name):
    assert language_name(code, lang) == name


@pytest.mark.parametrize(
    ("code", "name"),
    [("zh", "中文"), ("sr", "Српски"), ("it", "Italiano"), ("ar", "العربية"), ("ty", "Tahitian")],
)
def test_a_language_names_itself_where_it_can(code, name):
    assert endonym(code) == name


def test_every_listing_language_has_a_name_in_the_shipped_languages():
    unnamed = {(c, lang) for lang in ("zh", "en") for c in LISTING_LANGUAGES if language_name(c, lang) == c}
    assert not unnamed


@pytest.mark.parametrize("code", ["ar", "fa", "he", "ur", "ug", "pa-Arab"])
def test_some_languages_run_from_right_to_left(code):
    assert is_rtl(code)


@pytest.mark.parametrize("code", ["zh", "en", "pa", "sr", "xx", ""])
def test_others_and_unknown_ones_run_from_left_to_right(code):
    assert not is_rtl(code)


@pytest.mark.parametrize("code", ["", "x", "../en", "en\x00", "zz-" * 2000, "😀", "-", "_"])
def test_garbage_is_no_language_and_is_shown_as_it_came(code):
    assert not is_language(code)
    assert language_name(code, code) == code
    assert endonym(code) == code


def test_the_list_for_a_reader_is_sorted_by_name():
    assert sorted(code for code, _name in languages("en")) == list(LISTING_LANGUAGES)
    assert [name for _code, name in languages("en")][:3] == ["Abkhazian", "Afar", "Afrikaans"]
    assert languages("zh-CN") == languages("zh")


def test_case_and_accents_do_not_matter_when_sorting():
    assert sorted(["Zypern", "łódź", "Äther", "Maß"], key=lambda t: collation_key(t, "de")) == [
        "Äther", "łódź", "Maß", "Zypern",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("country", "lang"),
    [("CN", "zh"), ("HK", "zh"), ("IT", "it"), ("RS", "sr"), ("US", "en"), ("EU", None), ("", None)],
)
def test_a_country_has_a_main_language_that_a_listing_can_be_written_in(country, lang):
    assert main_language(country) == lang
