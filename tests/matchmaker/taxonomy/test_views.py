"""The type-ahead that code pickers ask, and the filter that prints codes in words."""

import pytest


def answers(client, scheme, query, lang="en"):
    response = client.get(f"/taxonomy/{scheme}.json", query_string={"q": query, "lang": lang})
    assert response.status_code == 200
    return response.get_json()["results"]


def test_a_word_finds_a_field_of_technology_with_what_it_belongs_to(client):
    found = {row["code"]: row for row in answers(client, "ipc", "drilling")}
    assert "drilling" in found["E21B"]["label"]
    assert found["E21B"]["within"] == found["E21"]["label"]


def test_a_code_comes_first_however_it_is_written(client):
    assert answers(client, "ipc", "e21b")[0]["code"] == "E21B"
    assert answers(client, "nace", "0510")[0]["code"] == "05.10"


def test_titles_are_in_the_readers_language(client):
    english, chinese = (answers(client, "ipc", "E21B", lang)[0]["label"] for lang in ("en", "zh"))
    assert english != chinese
    assert any("一" <= character <= "鿿" for character in chinese)


@pytest.mark.parametrize(("query", "lang"), [("ital", "en"), ("意大利", "zh"), ("IT", "en")])
def test_a_country_is_found_by_its_name_or_its_code(client, query, lang):
    assert answers(client, "countries", query, lang)[0]["code"] == "IT"


def test_no_query_has_no_answers(client):
    assert answers(client, "ipc", "") == []
    assert answers(client, "countries", "  ") == []


def test_a_telephone_is_not_sent_the_whole_classification(client):
    assert len(answers(client, "nace", "a")) == 12


def test_a_query_as_long_as_a_book_is_cut(client):
    response = client.get("/taxonomy/ipc.json", query_string={"q": "ä" * 5000})
    assert response.status_code == 200
    assert len(response.get_json()["query"]) == 100


def test_there_is_no_such_vocabulary(client):
    assert client.get("/taxonomy/shoes.json?q=a").status_code == 404


@pytest.mark.parametrize(
    ("code", "vocabulary", "words"),
    [
        ("E21B", "ipc", "drilling"),
        ("licence", "PartnershipType", "Licence"),
        ("CNY", "Currency", "Chinese Yuan"),
        ("RS", "countries", "Serbia"),
        ("no-such-code", "PartnershipType", "no-such-code"),
        ("ZZ", "countries", "ZZ"),
        (None, "Trl", ""),
    ],
)
def test_the_label_filter_prints_a_code_in_words(app, code, vocabulary, words):
    with app.test_request_context(headers={"Accept-Language": "en"}):
        printed = app.jinja_env.filters["label"](code, vocabulary)
    assert words in printed
    assert bool(printed) == bool(words)
