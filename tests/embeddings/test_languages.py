import pytest

from embeddings.languages import SUPPORTED_LANGUAGES, detect_language
from tests.embeddings.encoders.samples import SENTENCES

MORE = {
    "fr": "Nous cherchons un procédé pour recycler les batteries au lithium.",
    "it": "Cerchiamo un partner per la tracciabilità del tè e del caffè.",
    "es": "Buscamos una tecnología de bajo coste para depurar aguas residuales.",
    "pt": "Procuramos um parceiro para produzir embalagens biodegradáveis.",
    "nl": "Wij zoeken een goedkope manier om afvalwater te zuiveren.",
    "pl": "Szukamy partnera do produkcji robotów odpornych na wybuch.",
    "cs": "Hledáme technologii pro sušení ovoce při nízké teplotě.",
    "ro": "Căutăm o tehnologie pentru tratarea apelor uzate în comune mici.",
    "tr": "Atık suların düşük maliyetle arıtılması için teknoloji arıyoruz.",
    "sv": "Vi söker en partner som kan mäta frukters sötma utan att skada dem.",
    "fi": "Etsimme kumppania biohajoavien pakkausten valmistukseen.",
    "uk": "Шукаємо технологію очищення стічних вод для малих громад.",
    "bg": "Търсим технология за пречистване на отпадъчни води в малки общини.",
    "id": "Kami mencari teknologi pengolahan air limbah berbiaya rendah.",
}


@pytest.mark.parametrize(("language", "text"), [*SENTENCES.items(), *MORE.items()])
def test_one_sentence_is_enough(language: str, text: str) -> None:
    assert detect_language(text) == language.removesuffix("-tw")
    assert detect_language(text) in SUPPORTED_LANGUAGES


@pytest.mark.parametrize("text", ["", "   ", "12 345,6 %", "!?…", "🚁🚁", "TRL 6", "x", "https://"])
def test_too_little_text_has_no_language(text: str) -> None:
    assert detect_language(text) == "und"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("基于 LoRA 与 transformer 的多语言检索 adapter 技术", "zh"),
        ("关于“の”字的研究：汉语中的日语借词及其在现代广告语言里的使用情况", "zh"),
        ("水素燃料電池の開発", "ja"),
        ("AI 기반 공정 제어", "ko"),
        ("電池", "zh"),
        ("SEARCHING FOR A PARTNER IN WASTE WATER TREATMENT", "en"),
    ],
)
def test_terms_of_another_script_do_not_mislead(text: str, language: str) -> None:
    assert detect_language(text) == language


def test_a_very_long_text_is_judged_by_its_beginning() -> None:
    assert detect_language("Nous cherchons un partenaire industriel. " * 20_000) == "fr"
