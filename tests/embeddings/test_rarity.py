"""Rare words are chosen and compared as by hand."""

from math import log

import pytest

from embeddings.rarity import (
    LEAST_WEIGHT,
    MOST_TERMS,
    ORDINARY_TOKENS,
    Frequencies,
    Term,
    agreement,
    as_written,
    function_words,
    rare,
)

KNOWN = Frequencies(
    {"en": 100, "zh": 60, "de": 40},
    {
        "iso12944": {"en": 2, "zh": 1, "de": 1},
        "pvdf": {"en": 5, "zh": 3},
        "coating": {"en": 4, "de": 0},
        "steel": {"en": 30},
        "技术": {"zh": 30},
        "der": {"de": 4},
        "the": {"en": 15},
        "alone": {"en": 1},
        "2024": {"en": 2},
        "x": {"en": 2},
        "quoted": {"en": 40, "zh": 1},
    },
)


def test_the_rarest_come_first_with_the_weight_of_the_formula() -> None:
    found = rare({"iso12944", "pvdf", "coating", "alone"}, KNOWN)
    assert [term.form for term in found] == ["alone", "iso12944", "coating", "pvdf"]
    assert [term.weight for term in found] == pytest.approx([log(200), log(50), log(50), log(25)])


def test_what_says_nothing_is_never_a_term() -> None:
    assert rare({"the", "der", "steel", "技术", "2024", "x", "7", "quoted"}, KNOWN) == []


def test_what_one_text_alone_says_can_be_left_out() -> None:
    assert [term.form for term in rare({"alone", "pvdf", "unheard"}, KNOWN, least=2)] == ["pvdf"]
    assert "unheard" not in [term.form for term in rare({"unheard"}, KNOWN)]


def test_codes_and_words_of_several_languages_need_no_translation() -> None:
    found = {term.form: term for term in rare({"iso12944", "pvdf", "coating"}, KNOWN)}
    assert {form: term.crosses for form, term in found.items()} == {"iso12944": True, "pvdf": True, "coating": False}
    assert found["coating"].languages == {"en"}
    assert found["iso12944"].may_be_said_in(["sr"])
    assert not found["coating"].may_be_said_in(["sr"])


def test_no_more_terms_are_given_than_are_asked_for() -> None:
    many = Frequencies({"en": 1000}, {f"word{chr(97 + i)}": {"en": 2} for i in range(26)})
    assert len(rare(many.saying, many)) == MOST_TERMS
    assert len(rare(many.saying, many, most=3)) == 3
    assert rare(many.saying, many, most=0) == rare(set(), many) == rare({"a"}, Frequencies({}, {})) == []


def term(form: str, weight: float, *languages: str) -> Term:
    return Term(form, weight, 2, frozenset(languages))


TERMS = [term("iso12944", 8, "de"), term("beschichtung", 6, "de"), term("pvdf", 6, "de", "en")]


def test_the_value_is_the_share_of_what_could_be_said() -> None:
    # Asked of English: 8 + 6; 6 of them said is a share of 3/7, of which half is enough. One word of several languages
    # is two thirds of a proof, a code is one.
    found = agreement(TERMS, {"pvdf", "membrane"}, ["en"])
    assert found.value == pytest.approx(6 / 14 / 0.5 * 2 / 3)
    assert [each.form for each in found.terms] == ["pvdf"]
    assert agreement(TERMS, {"pvdf"}, ["de"]).value == pytest.approx(6 / 20 / 0.5 * 2 / 3)
    assert agreement(TERMS, {"pvdf", "iso12944"}, ["en"]).value == 1.0
    assert agreement(TERMS, {"membrane"}, ["en"]).value == agreement([], {"pvdf"}, ["en"]).value == 0.0


def test_a_need_of_one_weak_word_is_not_answered_by_it() -> None:
    assert agreement([term("pump", 2, "en")], {"pump"}, ["en"]).value == pytest.approx(2 / LEAST_WEIGHT / 0.5 / 3)


def test_one_word_may_be_chance_and_three_are_not() -> None:
    words = [term(name, 9, "en") for name in ("rotary", "kiln", "clinker")]
    values = [agreement(words, {each.form for each in words[:n]}, ["en"]).value for n in (1, 2, 3)]
    assert values == pytest.approx([2 / 3 / 3, 2 / 3, 1.0])


def test_units_and_what_joins_chinese_words_say_nothing() -> None:
    known = Frequencies({"en": 500, "zh": 500}, {form: {"en": 2} for form in ("mwh", "hectare", "min", "clinker")})
    known = Frequencies(known.texts, {**known.saying, "的自": {"zh": 2}, "与硫": {"zh": 2}, "电池": {"zh": 2}})
    assert {each.form for each in rare(known.saying, known)} == {"clinker", "电池"}


def test_who_says_everything_gets_less_than_who_says_what_is_asked() -> None:
    said = {each.form for each in TERMS}
    stuffed = said | {f"word{number}" for number in range(4 * ORDINARY_TOKENS - len(said))}
    assert agreement(TERMS, stuffed, ["de"]).value == pytest.approx(0.25)
    assert agreement(TERMS, said, ["de"]).value == 1.0


def test_terms_are_shown_as_they_are_written() -> None:
    text = "锂电池按照 EN ISO 12944-5 涂层；锂电池"
    assert as_written(text, {"锂电", "电池", "iso", "12944", "iso12944"}) == ["锂电池", "ISO 12944"]
    assert as_written("PVDF and pvdf", {"pvdf"}) == ["PVDF"]
    assert as_written("", {"pvdf"}) == as_written("text", set()) == []
    assert as_written("alpha beta gamma", {"alpha", "beta", "gamma"}, most=2) == ["alpha", "beta"]


def test_function_words_are_kept_for_most_languages() -> None:
    assert {"the", "and", "with"} <= function_words()["en"]
    assert "und" in function_words()["de"]
    assert "је" in function_words()["sr"]
    assert len(function_words()) > 40
