"""What advice says of a text: found with its words, missing with an example, and honest where a language is unknown."""

from typing import Any

import pytest

from matchmaker.listings.advice import ELEMENTS, Assessment, State, assess
from matchmaker.listings.cues import fold, languages, lexicon
from matchmaker.listings.models import Direction
from matchmaker.listings.schemas import ListingDraft, unfinished
from tests.factories.market import NEED, RESULT


def need(lang: str, description: str = "", **typed: Any) -> Assessment:
    return assess(unfinished(Direction.NEED, {"lang": lang, "description": description, **typed}))


def result(lang: str, description: str = "", **typed: Any) -> Assessment:
    return assess(unfinished(Direction.RESULT, {"lang": lang, "description": description, **typed}))


def states(assessment: Assessment) -> dict[str, State]:
    return {row.element.name: row.state for row in assessment.rows}


def words(assessment: Assessment, name: str) -> list[str]:
    return [piece.words for row in assessment.rows if row.element.name == name for piece in row.evidence]


# One need in the eleven languages whose words are known, said with all six elements.
NEEDS = {
    "zh": "铝合金铸件采用激光清洗工艺代替酸洗，提高焊缝的耐腐蚀性；需要一台用于汽车零件车间的设备，噪声≤85分贝。",
    "en": "Aluminium castings: laser cleaning to improve corrosion resistance; a "
    "machine for an automotive workshop, noise ≤ 85 dB.",
    "de": "Aluminiumguss: Laserverfahren, um die Korrosionsbeständigkeit zu "
    "erhöhen; Anlage für ein Werk, Lärm höchstens 85 dB.",
    "fr": "Pièces en aluminium : procédé laser pour améliorer la résistance ; "
    "une machine pour un atelier automobile, bruit ≤ 85 dB.",
    "es": "Piezas de aluminio: proceso láser para mejorar la resistencia; una "
    "máquina para la industria, ruido ≤ 85 dB.",
    "it": "Getti in alluminio: processo laser per migliorare la resistenza; una "
    "macchina per l'industria, rumore ≤ 85 dB.",
    "pt": "Peças de alumínio: processo a laser para melhorar a resistência; uma "
    "máquina para a indústria, ruído ≤ 85 dB.",
    "ru": "Отливки из алюминия: лазерный метод, чтобы повысить стойкость; установка для завода, шум не более 85 дБ.",
    "sr": "Odlivci od aluminijuma: laserski postupak da se poboljša otpornost; mašina za fabriku, buka najviše 85 dB.",
    "hu": "Alumínium öntvények: lézeres eljárással javítani az ellenállást; "
    "berendezés az autóiparban, zaj legfeljebb 85 dB.",
    "pl": "Odlewy z aluminium: proces laserowy, aby poprawić odporność; maszyna "
    "dla przemysłu, hałas co najwyżej 85 dB.",
}


@pytest.mark.parametrize("lang", sorted(NEEDS))
def test_every_element_of_a_need_is_found_in_its_writers_language(lang: str) -> None:
    found = need(lang, NEEDS[lang])
    assert {name: state for name, state in states(found).items() if state is not State.FOUND} == {}
    assert found.score == 100
    assert not found.partly


@pytest.mark.parametrize("lang", sorted(NEEDS))
def test_the_evidence_is_the_very_words_of_the_text(lang: str) -> None:
    found = need(lang, NEEDS[lang])
    assert all(piece.words in NEEDS[lang] for row in found.rows for piece in row.evidence)


@pytest.mark.parametrize("lang", sorted(NEEDS))
def test_a_text_that_says_nothing_scores_nothing_in_any_of_these_languages(lang: str) -> None:
    assert states(need(lang, "XYZ 7.")) == dict.fromkeys(states(need(lang)), State.MISSING)


def test_both_scripts_of_serbian_are_read_alike() -> None:
    cyrillic = (
        "Одливци од алуминијума: ласерски поступак да се побољша отпорност; машина за фабрику, бука највише 85 dB."
    )
    assert states(need("sr", cyrillic)) == states(need("sr", NEEDS["sr"]))
    assert "алуминијума" in words(need("sr", cyrillic), "material")
    assert need("bs", NEEDS["sr"]).score == 100


def test_accents_and_capitals_do_not_count() -> None:
    assert words(need("fr", "ACIER INOXYDABLE"), "material") == ["ACIER"]
    assert words(need("hu", "ACÉL es acel"), "material")[0] == "ACÉL"


def test_a_stem_is_no_word_inside_another() -> None:
    assert states(need("en", "The steelyard stonewall."))["material"] is State.FOUND  # steel* begins it
    assert states(need("en", "Nonsteel boring."))["material"] is State.MISSING


def test_a_filled_sector_says_where_a_need_is_used() -> None:
    assert states(need("en", "", nace="05.10"))["application"] is State.FOUND
    assert states(need("en", ""))["application"] is State.MISSING


@pytest.mark.parametrize(
    "figure",
    ["≥67%", "30毫米", "±0.5 °C", "10–20 mm", "1200 万吨", "GB/T 19001-2016", "ISO 9001", "EN 60079", "＞80％", "5 м³"],
)
def test_an_indicator_is_read_in_any_language(figure: str) -> None:
    assert states(need("fi", f"Tavoite on {figure} vuodessa"))["indicators"] is State.FOUND


@pytest.mark.parametrize("figure", ["2024", "in 2 parts", "phone 0123456", "de 3 a 5 piezas", "v1.2"])
def test_a_bare_number_is_no_indicator(figure: str) -> None:
    assert states(need("en", f"We need {figure}."))["indicators"] is State.MISSING


def test_a_count_beside_a_limit_is_an_indicator() -> None:
    assert words(need("zh", "使每条生产线效率达到每分钟30件。"), "indicators") == ["30"]
    assert words(need("en", "The line makes at least 30 parts."), "indicators") == ["30"]


def test_a_language_that_is_not_known_is_left_open_and_not_called_missing() -> None:
    found = need("fi", "Etsimme porausrobottia kaivokseen, melu alle 85 dB.")
    assert found.partly
    assert states(found) == {
        "material": State.UNREAD, "method": State.UNREAD, "efficacy": State.UNREAD, "product": State.UNREAD,
        "application": State.UNREAD, "indicators": State.FOUND,
    }  # fmt: skip


def test_an_empty_form_misses_everything_in_any_language() -> None:
    assert set(states(need("fi")).values()) == {State.MISSING}
    assert need("fi").score == 0


def test_an_advantage_needs_a_number_in_the_same_sentence() -> None:
    with_number = "Drying takes 40 minutes less than in today's kilns."
    without = "Drying is faster than in today's kilns. The kiln weighs 4 t."
    assert states(result("en", with_number))["advantage"] is State.FOUND
    assert words(result("en", with_number), "advantage") == [with_number]
    assert states(result("en", without))["advantage"] is State.THIN
    assert states(result("en", "It is a kiln."))["advantage"] is State.MISSING


def test_an_advantage_without_a_number_is_worth_half() -> None:
    (weight,) = {element.weight for element in ELEMENTS if element.name == "advantage"}
    assert result("en", "Faster.").score == round(weight / 2)


def test_in_an_unknown_language_a_number_among_the_advantages_counts() -> None:
    assert states(result("fi", "Kuivaa 40 min.", advantages="Kuivaa 40 min."))["advantage"] is State.FOUND
    assert states(result("fi", "Kuivaa 40 min."))["advantage"] is State.UNREAD


def test_filled_fields_answer_for_maturity_and_rights() -> None:
    found = states(result("fi", "Uuni.", stage="prototype", ipr_status="patent_granted"))
    assert found["maturity"] is found["ip"] is State.FOUND
    bare = states(result("fi", "Uuni."))
    assert bare["maturity"] is bare["ip"] is State.MISSING


def test_a_sum_of_money_speaks_of_economics_in_any_language() -> None:
    for sum_ in ("€ 90 000", "200万元", "1 500 EUR", "250 000 руб.", "RMB 3000"):
        assert states(result("fi", f"Uuni, {sum_}."))["economics"] is State.FOUND
    assert states(result("fi", "Uuni."))["economics"] is State.UNREAD


def test_the_weights_of_a_direction_are_a_hundred() -> None:
    for direction in Direction:
        assert sum(element.weight for element in ELEMENTS if element.direction is direction) == 100


@pytest.mark.parametrize("lang", languages())
def test_every_list_has_words_for_every_element_that_is_read_by_words(lang: str) -> None:
    found = lexicon(lang)
    assert found is not None
    asked = {element.name for element in ELEMENTS} - {"indicators", "advantage"}
    assert set(found.patterns) == asked | {"better", "target"}
    # A cue that matches nothing at all would match everywhere.
    assert [name for name, pattern in found.patterns.items() if pattern.search("")] == []


def test_folding_remembers_where_everything_stood() -> None:
    folded = fold("Maß Џемпер é", "sr")
    assert folded.text == "mass dzemper e"
    assert folded.words(0, 4) == "Maß"
    assert folded.words(5, 12) == "Џемпер"


@pytest.mark.parametrize(
    "text",
    ["1 " * 2500, "1," * 2500, "1'" * 2500, ">" * 5000, "5 5 " * 1250, "钢" * 5000, "אבג " * 1250, "\u202e1%" * 1000,
     "é\u0301" * 2500],
)  # fmt: skip
@pytest.mark.parametrize("lang", ["en", "zh", "ar", "und"])
@pytest.mark.timeout(5)
def test_no_text_is_slow_or_an_error(text: str, lang: str) -> None:
    for direction in Direction:
        assert 0 <= assess(unfinished(direction, {"lang": lang, "description": text})).score <= 100


def test_mixed_languages_are_read_by_the_one_that_was_named() -> None:
    text = "防爆钻机 explosion-proof drilling rig, Bohrgerät, ≤ 85 dB."
    assert words(need("zh", text), "product") == ["钻机"]
    assert states(need("en", text))["product"] is State.FOUND


def test_what_is_typed_wrongly_is_read_all_the_same() -> None:
    typed = {
        "lang": "xx",
        "title": "",
        "stage": "shoes",
        "nace": "99.99",
        "budget_min": "lots",
        "description": "9" * 20_000,
    }
    draft = unfinished(Direction.RESULT, typed)
    assert (draft.lang, draft.stage, draft.nace) == ("und", None, ())
    assert 0 <= assess(draft).score <= 100


def test_a_finished_draft_is_read_like_one_that_is_typed() -> None:
    for values in (NEED, RESULT):
        draft = ListingDraft(**values)
        assert states(assess(draft)) == states(assess(unfinished(draft.direction, values)))
