from concurrent.futures import ThreadPoolExecutor

import pytest

from matchmaker.core.errors import NotFound
from matchmaker.taxonomy import service


def codes(concepts):
    return [concept.code for concept in concepts]


@pytest.mark.parametrize(
    ("scheme", "code", "lang", "title"),
    [
        ("ipc", "E21", "en", "Earth or rock drilling; mining"),
        ("ipc", "E21", "zh", "土层或岩石的钻进；采矿"),
        ("ipc", "E21", "zh-Hans-CN", "土层或岩石的钻进；采矿"),
        ("ipc", "E21", "hu", "Earth or rock drilling; mining"),
        ("nace", "10.8", "it", "Produzione di altri prodotti alimentari"),
        ("nace", "C", "de", "Verarbeitendes Gewerbe/Herstellung von Waren"),
        ("sdg", "9", "zh", "产业、创新和基础设施"),
        ("trl", "1", "en", "Basic principles observed"),
    ],
)
def test_a_code_is_titled_in_the_language_of_the_reader_or_in_english(scheme, code, lang, title):
    assert service.label(scheme, code, lang) == title


def test_a_deep_code_borrows_the_nearest_title_in_the_language_of_the_reader():
    assert service.label("ipc", "H10D", "es") == service.label("ipc", "H10", "es")
    assert service.label("ipc", "H10D", "es") != service.label("ipc", "H10D", "en")


def test_an_unknown_code_is_its_own_title_and_no_concept():
    assert service.label("ipc", "X99Z", "zh") == "X99Z"
    assert service.concept("ipc", "X99Z", "zh") is None
    assert not service.exists("ipc", "X99Z")


def test_a_concept_knows_its_place():
    concept = service.concept("nace", "05.10", "en")
    assert concept == service.Concept("nace", "05.10", "05.1", "Mining of hard coal", 4)
    assert service.ancestors("nace", "05.10") == ("05.1", "05", "B")
    assert service.ancestors("nace", "B") == service.ancestors("nace", "??") == ()


def test_options_come_in_the_order_of_the_scheme():
    assert codes(service.options("sdg", "zh")) == [str(goal) for goal in range(1, 18)]
    assert codes(service.options("nace", "zh", level=1)) == list("ABCDEFGHIJKLMNOPQRSTU")
    assert codes(service.options("ipc", "en"))[:3] == ["A", "A01", "A01B"]
    assert service.options("ipc", "en", level=9) == ()


@pytest.mark.parametrize(
    ("scheme", "a", "b", "expected"),
    [
        ("ipc", "E21B", "E21B", 1.0),
        ("ipc", "E21B", "E21C", 0.6),
        ("ipc", "E21B", "E21", 0.6),
        ("ipc", "E21B", "E04B", 0.2),
        ("ipc", "E21B", "A01B", 0.0),
        ("ipc", "E21", "E21", 0.6),
        ("nace", "10.81", "10.81", 1.0),
        ("nace", "10.81", "10.82", 0.8),
        ("nace", "10.8", "10.51", 0.4),
        ("nace", "10.8", "28.93", 0.1),
        ("nace", "10.8", "01.1", 0.0),
        ("sdg", "7", "7", 1.0),
        ("sdg", "7", "13", 0.0),
        ("ipc", "E21B", "nothing", 0.0),
        ("ipc", "nothing", "nothing", 0.0),
    ],
)
def test_codes_are_as_alike_as_the_deepest_concept_they_share(scheme, a, b, expected):
    assert service.similarity(scheme, a, b) == service.similarity(scheme, b, a) == expected


def test_the_closest_pair_of_two_lists_names_what_they_share():
    assert service.closest("ipc", ["A01B", "E21C"], ["E21B", "G01N"]) == (0.6, "E21")
    assert service.closest("ipc", ["A01B"], ["G01N"]) == (0.0, None)
    assert service.closest("ipc", [], ["G01N"]) == service.closest("ipc", ["G01N"], []) == (0.0, None)


def test_a_sector_has_an_isic_code():
    assert service.isic("10.81") == "1072"
    assert service.isic("99.99") is None


@pytest.mark.parametrize(
    ("scheme", "text", "code"),
    [
        ("ipc", " e21b ", "E21B"),
        ("ipc", "E21B 7/04", "E21B"),
        ("ipc", "E21", "E21"),
        ("ipc", "E2", None),
        ("nace", "0510", "05.10"),
        ("nace", "C10.84", "10.84"),
        ("nace", "108", "10.8"),
        ("nace", "c", "C"),
        ("nace", "5.10", None),
        ("sdg", "SDG 07", "7"),
        ("sdg", "18", None),
        ("trl", "TRL 6", "6"),
        ("trl", "0", None),
        ("ipc", "", None),
        ("nace", "9" * 5000, None),
    ],
)
def test_codes_are_read_as_people_write_them(scheme, text, code):
    assert service.parse_code(scheme, text) == code


@pytest.mark.parametrize(
    ("scheme", "text", "lang", "first"),
    [
        ("ipc", "E21", "zh", "E21"),
        ("ipc", "e21b 7/04", "en", "E21B"),
        ("ipc", "rock drilling", "en", "E21"),
        ("ipc", "钻进", "zh", "E21"),
        ("ipc", "钻进", "en", "E21"),
        ("nace", "0510", "en", "05.10"),
        ("nace", "getranke", "de", "11"),
        ("nace", "煤", "zh", "05"),
        ("nace", "lait", "en", "10.5"),
        ("sdg", "能源", "zh", "7"),
    ],
)
def test_a_search_finds_by_code_and_by_words_of_any_language(scheme, text, lang, first):
    assert codes(service.search(scheme, text, lang))[0] == first


def test_a_search_answers_in_the_language_of_the_reader():
    assert service.search("ipc", "rock drilling", "zh")[0].label == "土层或岩石的钻进；采矿"


def test_words_may_stand_in_any_order():
    assert "E21B" in codes(service.search("ipc", "drilling rock", "en"))


@pytest.mark.parametrize("text", ["", "   ", "qqqq", "\x00", "😀", "%", "' OR 1=1", "x" * 100_000])
def test_what_no_label_holds_finds_nothing(text):
    assert service.search("nace", text, "zh") == []


def test_a_search_gives_no_more_than_was_asked_for():
    assert len(service.search("nace", "manufacture", "en", limit=3)) == 3
    assert service.search("nace", "manufacture", "en", limit=0) == []


def test_an_unknown_scheme_is_an_error_and_not_an_empty_answer():
    with pytest.raises(NotFound):
        service.options("cpv", "en")


def test_threads_that_come_at_once_see_the_same_labels():
    service.scheme.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: service.label("nace", "10.8", "de"), range(64)))
    assert set(found) == {"Herstellung von sonstigen Nahrungsmitteln"}
