"""The client of a translation service believes nothing: not the length, not the shape, not the address of an answer."""

import threading
from collections.abc import Iterator

import pytest

from matchmaker.listings.translator import MOST_BYTES, TranslationFailed, Translator, lost_figures, pieces
from tests.fakes.translation import Service, serving

TO_ENGLISH = ("sr", "en")


@pytest.fixture
def service() -> Iterator[Service]:
    with serving() as service:
        yield service


def client(service: Service, **changes: object) -> Translator:
    return Translator(service.url, **changes)  # type: ignore[arg-type]


def refused(service: Service, **changes: object) -> None:
    with pytest.raises(TranslationFailed):
        client(service, **changes).translate("Bušilica", TO_ENGLISH)


def test_a_text_is_sent_with_its_languages_and_the_key(service: Service) -> None:
    assert client(service, key="abc").translate("Bušilica", TO_ENGLISH) == "[en] Bušilica"
    assert service.asked == [{"q": "Bušilica", "source": "sr", "target": "en", "format": "text", "api_key": "abc"}]


def test_without_a_key_none_is_sent(service: Service) -> None:
    client(service).translate("Bušilica", TO_ENGLISH)
    assert "api_key" not in service.asked[0]


def test_the_services_own_codes_are_found_whatever_it_calls_chinese(service: Service) -> None:
    assert client(service).pair("sr", "zh") == ("sr", "zh-Hans")
    assert client(service).pair("zh", "en") == ("zh-Hans", "en")
    assert client(service).pair("fi", "en") is None


def test_a_service_that_names_no_targets_translates_all_to_all(service: Service) -> None:
    service.languages = [{"code": "sr"}, {"code": "en"}]
    assert client(service).pair("sr", "en") == ("sr", "en")


@pytest.mark.parametrize("languages", [{"error": "busy"}, "de", None])
def test_a_list_of_languages_that_is_none_is_an_error(service: Service, languages: object) -> None:
    service.languages = languages
    with pytest.raises(TranslationFailed):
        client(service).pair("sr", "en")


def test_odd_rows_among_the_languages_are_passed_over(service: Service) -> None:
    service.languages = [3, {"code": 5}, {"code": "sr", "targets": ["en", 7]}, {"code": "en"}]
    assert client(service).pair("sr", "en") == ("sr", "en")


def test_a_long_text_is_sent_in_pieces_and_keeps_its_lines(service: Service) -> None:
    text = "\n".join(f"Red {number} " + "a" * 900 for number in range(5)) + "\n\nKraj"
    said = client(service).translate(text, TO_ENGLISH)
    assert len(service.asked) > 1
    assert [line.removeprefix("[en] ") for line in said.split("\n")] == text.split("\n")


def test_pieces_fit_and_hold_all_that_was_there() -> None:
    text = "\n".join(["a" * 4100, "", "b" * 10, "c" * 1995])
    assert all(len(piece) <= 2000 for _, piece in pieces(text))
    assert "".join(before + piece for before, piece in pieces(text)).replace(" ", "") == text
    assert pieces("") == [("", "")]


def test_a_long_line_is_cut_between_sentences() -> None:
    sentence = "Bušilica sama menja šipke. "
    cut = pieces((sentence * 100).strip())
    assert len(cut) == 2
    assert all(piece.endswith(".") for _, piece in cut)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        [],
        "words",
        None,
        {"translatedText": None},
        {"translatedText": ["Drill"]},
        {"translatedText": "  "},
        {"error": "Slow down"},
        {"translatedText": "x" * 5000},
    ],
)
def test_json_of_another_shape_is_an_error(service: Service, answer: object) -> None:
    service.answer = lambda _wanted: answer
    refused(service)


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (200, {"Content-Type": "text/html"}, b"<html>Sign in</html>"),
        (200, {}, b"\xff\xfe{"),
        (200, {}, b"[" * 100_000),
        (200, {}, b'{"translatedText": "Dr'),
        (500, {}, b'{"translatedText": "Drill"}'),
        (403, {}, b'{"error": "Invalid API key"}'),
        (204, {}, b""),
        (200, {}, b'{"translatedText": "' + b"x" * (10 * MOST_BYTES) + b'"}'),
    ],
    ids=["html", "no utf-8", "deep", "cut off", "500", "403", "204", "10 MB"],
)
def test_an_answer_that_is_none_is_an_error(
    service: Service, status: int, headers: dict[str, str], body: bytes
) -> None:
    service.raw = (status, headers, body)
    refused(service)


def test_no_redirect_is_followed_not_even_to_the_same_machine(service: Service) -> None:
    with serving() as elsewhere:
        service.raw = (307, {"Location": f"{elsewhere.url}/translate"}, b"")
        refused(service)
        assert elsewhere.asked == []


def test_a_service_that_does_not_answer_is_given_up(service: Service) -> None:
    service.hang = threading.Event()
    refused(service, patience=0.2)


def test_a_service_that_is_not_there_is_an_error() -> None:
    with pytest.raises(TranslationFailed):
        Translator("http://127.0.0.1:9", patience=1).translate("Bušilica", TO_ENGLISH)


def test_a_translation_that_loses_a_figure_is_refused(service: Service) -> None:
    service.answer = lambda _wanted: {"translatedText": "The deviation is below 15 mm."}
    with pytest.raises(TranslationFailed, match="figures"):
        client(service).translate("Odstupanje je ispod 12 mm.", TO_ENGLISH)


def test_figures_may_be_grouped_in_another_way_and_myriads_be_said_in_words() -> None:
    assert lost_figures("1.500 mm und 85 %", "1,500 mm and 85 percent") == set()
    assert lost_figures("投资200万元，温度45℃", "2 million yuan at 45 °C") == set()
    assert lost_figures("３０毫米", "30 mm") == set()
    assert lost_figures("45 min", "three quarters of an hour") == {"45"}


@pytest.mark.parametrize(
    "text", ["", "   \n ", "\u202eabc", "א" * 5000, "煤矿 mine Bergwerk рудник", "\ud83d\ude00" * 1]
)
def test_any_text_can_be_asked_for(service: Service, text: str) -> None:
    service.answer = lambda wanted: {"translatedText": wanted["q"]}
    text = text.encode("utf-16", "surrogatepass").decode("utf-16")
    said = client(service).translate(text, TO_ENGLISH)
    assert said.replace("\n", "").strip() == text.replace("\n", "").strip() or len(text) > 2000
