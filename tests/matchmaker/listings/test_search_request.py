"""A search address is read as far as it makes sense."""

import pytest
from werkzeug.datastructures import MultiDict

from matchmaker.listings.models import Direction
from matchmaker.listings.search_request import CODES_LIMIT, LAST_PAGE, PAGE_SIZE, TEXT_LIMIT, SearchRequest


def read(*pairs: tuple[str, str]) -> SearchRequest:
    return SearchRequest.read(MultiDict(pairs))


def test_an_empty_address_asks_for_the_first_page_of_everything():
    assert read() == SearchRequest()
    assert read().slice == (1, PAGE_SIZE)


def test_filters_are_repeated_parameters():
    wanted = read(("direction", "need"), ("countries", "CN"), ("countries", "DE"), ("trls", "7"))
    assert wanted.filters.direction is Direction.NEED
    assert wanted.filters.countries == ("CN", "DE")
    assert wanted.filters.trls == ("7",)


def test_the_same_filter_twice_counts_once():
    assert read(("languages", "zh"), ("languages", "zh")).filters.languages == ("zh",)


@pytest.mark.parametrize("direction", ["", "both", "NEED", "need'--"])
def test_a_direction_that_does_not_exist_means_both(direction: str):
    assert read(("direction", direction)).filters.direction is None


@pytest.mark.parametrize("code", ["", "DE OR 1=1", "<b>", "x" * 17, "中国", "a\x00b"])
def test_a_value_that_cannot_be_a_code_is_left_out(code: str):
    assert read(("countries", code), ("countries", "IT")).filters.countries == ("IT",)


def test_more_codes_than_anybody_ticks_are_cut():
    assert len(read(*(("ipc_sections", f"A{n}") for n in range(500))).filters.ipc_sections) == CODES_LIMIT


@pytest.mark.parametrize(
    ("text", "page"),
    [("2", 2), ("0", 1), ("-3", 1), ("x", 1), ("", 1), ("1e9", 1), ("999999", LAST_PAGE), ("9" * 400, 1), ("²", 1)],
)
def test_a_page_is_a_number_within_reason(text: str, page: int):
    assert read(("page", text)).page == page


def test_a_question_is_cleaned_and_cut():
    wanted = read(("q", "  \u202erobot\x00 for   mines \n" + "x" * 5000))
    assert wanted.text.startswith("robot for mines")
    assert len(wanted.text) <= TEXT_LIMIT
