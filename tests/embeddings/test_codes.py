"""Codes are one token however they are written, and beside it their parts."""

from time import perf_counter

import pytest

from embeddings.codes import LONGEST, code_spans, is_code, lexical_terms


def forms(text: str) -> list[str]:
    return [token.form for token in lexical_terms(text)]


@pytest.mark.parametrize(
    ("code", "ways"),
    [
        ("iso12944", ["ISO 12944", "ISO12944", "EN ISO 12944-5:2018", "ＩＳＯ　１２９４４", "符合ISO 12944标准的膜"]),
        ("iso12944-5", ["ISO 12944-5", "DIN EN ISO 12944—5", "ISO 12944–5:2018"]),
        ("gbt4754", ["GB/T 4754", "GB/T4754—2017"]),
        ("гост9544", ["ГОСТ 9544", "ГОСТ 9544-2015"]),
        ("h2so4", ["H2SO4", "H₂SO₄", "Ｈ２ＳＯ４"]),
        ("al2o3", ["Al2O3", "Al₂O₃/TiO₂"]),
        ("covid19", ["COVID-19", "Covid 19".upper(), "covid‑19"]),
        ("ip67", ["IP67", "IP 67", "ip67", "IP-67"]),
        ("5axis", ["5-axis", "5–AXIS"]),
        ("m12x1.75", ["M12x1.75", "M12×1,75", "m12X1.75"]),
        ("ti6al4v", ["Ti-6Al-4V", "Ti6Al4V", "钛合金Ti-6Al-4V。"]),
        ("co2", ["CO2", "CO₂", "СО2"]),
        ("un38.3", ["UN 38.3", "UN38.3"]),
        ("pm2.5", ["PM2.5", "PM 2.5".replace(" ", "")]),
        ("2.3dimethylphenol", ["2,3-dimethylphenol", "2,3-Dimethylphenol"]),
        ("rs485", ["RS-485", "RS485", "RS 485"]),
        ("1234", ["١٢٣٤", "๑๒๓๔", "१२३४", "１２３４"]),
    ],
)
def test_a_code_is_the_same_token_in_every_writing(code: str, ways: list[str]) -> None:
    for way in ways:
        assert code in forms(way), way
        assert is_code(code)


def test_the_parts_of_a_code_stay_beside_it() -> None:
    assert forms("ISO 12944-5") == ["iso", "iso12944", "iso12944-5", "12944", "5"]
    assert forms("Bacillus subtilis") == ["bacillus", "subtilis"]


@pytest.mark.parametrize(
    "text",
    ["anti-corrosion", "2020-2024", "3.5", "and/or", "E. coli", "7-轴机器人", "Crème-brûlée", "", "-/.", "30 kW"],
)
def test_what_is_no_code_is_joined_to_none(text: str) -> None:
    assert code_spans(text) == []


@pytest.mark.parametrize("form", ["pvdf", "12", "2024", "电池", "5轴", "", "水", "x" * 60])
def test_a_word_is_no_code(form: str) -> None:
    assert not is_code(form)


def test_each_token_stands_where_it_is_written() -> None:
    text = "涂层: EN ISO 12944-5, Ti-6Al-4V"
    assert {token.form: text[token.start : token.end] for token in code_spans(text)} == {
        "iso12944": "ISO 12944",
        "iso12944-5": "ISO 12944-5",
        "ti6al4v": "Ti-6Al-4V",
    }


@pytest.mark.parametrize(
    "endless", ["A" * 100_000, "A1/" * 33_000, "1," * 50_000, "水" * 100_000, "a-" * 50_000, "\0\ud800" * 9]
)
def test_endless_texts_are_read_once(endless: str) -> None:
    before = perf_counter()
    found = lexical_terms(endless)
    assert perf_counter() - before < 30  # a pattern that looks back and forth would need minutes
    assert all(0 < len(token.form) <= LONGEST for token in found)
