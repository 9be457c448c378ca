"""A form is parsed by a schema, and what is wrong is said per field in the reader's language."""

from datetime import date
from decimal import Decimal

import pytest
from flask_babel import force_locale
from pydantic import BaseModel, model_validator
from pydantic_core import PydanticCustomError
from werkzeug.datastructures import MultiDict

from matchmaker.web import forms


class Order(BaseModel):
    name: str
    day: date | None = None
    amount: Decimal | None = None
    tags: list[str] = []

    @model_validator(mode="after")
    def _no_empty_order(self):
        if self.name == "nothing":
            raise PydanticCustomError("budget_order", "nothing")
        return self


@pytest.fixture(autouse=True)
def _reader(app):
    with app.test_request_context("/?lang=en"):
        yield


def test_what_is_right_is_parsed():
    parsed, problems = forms.parse(Order, {"name": "pump", "day": "2027-03-31", "amount": "12.50"})
    assert parsed == Order(name="pump", day=date(2027, 3, 31), amount=Decimal("12.50"))
    assert problems == {}


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({}, "name", "fill this in"),
        ({"name": "a", "day": "soon"}, "day", "2027-03-31"),
        ({"name": "a", "day": "2027-02-30"}, "day", "2027-03-31"),
        ({"name": "a", "day": "2027-03-31T10:30"}, "day", "2027-03-31"),
        ({"name": "a", "amount": "a lot"}, "amount", "1,999.50"),
        ({"name": "a", "amount": "NaN"}, "amount", "1,999.50"),
        ({"name": "a", "tags": 7}, "tags", "cannot be used"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(values, field, words):
    parsed, problems = forms.parse(Order, values)
    assert parsed is None
    assert list(problems) == [field]
    assert words in problems[field]


def test_all_problems_are_said_at_once():
    _, problems = forms.parse(Order, {"day": "x", "amount": "y"})
    assert set(problems) == {"name", "day", "amount"}


def test_a_problem_of_the_whole_form_is_put_where_the_page_shows_it():
    _, problems = forms.parse(Order, {"name": "nothing"}, whole="amount")
    assert list(problems) == ["amount"]


def test_the_input_itself_is_not_repeated():
    _, problems = forms.parse(Order, {"name": "a", "day": "<script>"})
    assert "<script>" not in "".join(problems.values())


def test_it_is_said_in_the_readers_language():
    with force_locale("zh"):
        _, chinese = forms.parse(Order, {})
    _, english = forms.parse(Order, {})
    assert chinese["name"] != english["name"]
    assert any("\u4e00" <= c <= "\u9fff" for c in chinese["name"])


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_message_can_be_filled_in(lang):
    for kind in forms.MESSAGES:
        with force_locale(lang):
            said = forms.message(kind, {"length": 257, "limit": 256, "least": 1, "most": 9, "code": "100% %(x)s"})
        assert said, kind
        assert "%(length)" not in said, kind
        assert "%(limit)" not in said, kind


def test_a_repeated_field_is_a_list_and_any_other_its_first_value():
    form = MultiDict([("tag", "a"), ("tag", "b"), ("name", "x"), ("name", "y")])
    assert forms.values_of(form, frozenset({"tag"})) == {"tag": ["a", "b"], "name": "x"}
