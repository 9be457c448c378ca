"""A page knows where it stands in the whole list."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.core.paging import Page


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ((1, 20, 0), (1, 0, 0)),
        ((1, 20, 1), (1, 1, 1)),
        ((1, 20, 20), (1, 1, 20)),
        ((2, 20, 21), (2, 21, 21)),
        ((3, 7, 20), (3, 15, 20)),
    ],
)
def test_a_page_counts_from_one(asked, told):
    number, size, total = asked
    page = Page(list(range(total))[(number - 1) * size : number * size], number, size, total)
    assert (page.pages, page.first, page.last) == told


def test_beyond_the_end_there_is_no_first_and_no_last():
    page: Page[int] = Page([], 9, 20, 21)
    assert (page.pages, page.first, page.last) == (2, 0, 0)


@given(st.integers(0, 200), st.integers(1, 30))
def test_the_pages_together_are_the_list(total, size):
    rows = list(range(total))
    pages = [Page(rows[(n - 1) * size : n * size], n, size, total) for n in range(1, -(-total // size) + 1)]
    assert [row for page in pages for row in page.rows] == rows
    assert all(page.pages == len(pages) for page in pages)
    assert all(page.last - page.first + 1 == len(page.rows) for page in pages)
    assert not pages or pages[-1].last == total
