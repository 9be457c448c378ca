"""The form as data: what it holds, what it needs, and what it says is wrong."""

import pytest
from werkzeug.datastructures import MultiDict

from matchmaker.core.errors import Invalid
from matchmaker.listings import form
from matchmaker.listings.fields import FIELDS, Widget, fields_for
from matchmaker.listings.form import ListingForm
from matchmaker.listings.models import Direction
from matchmaker.web import forms


@pytest.fixture(autouse=True)
def _reader(app):
    """Sentences are in the reader's language, so somebody must be reading."""
    with app.test_request_context(headers={"Accept-Language": "en"}):
        yield


def fields_of(page):
    return {field.name: field for section in page.sections for field in section.fields}


@pytest.mark.parametrize("direction", Direction)
def test_the_form_shows_every_field_of_its_direction_once_and_no_other(direction):
    page = ListingForm(direction, "en", form.blank("en", "CN"))
    shown = [field.name for section in page.sections for field in section.fields]
    assert sorted(shown) == sorted(field.name for field in fields_for(direction))


@pytest.mark.parametrize("direction", Direction)
def test_whatever_is_chosen_from_a_list_has_something_to_choose_from(direction):
    page = ListingForm(direction, "zh", form.blank("zh", "CN"))
    choosing = {Widget.CHOICE, Widget.CHECKS, Widget.COUNTRIES, Widget.COUNTRY, Widget.LANGUAGE}
    lists = [field for field in fields_of(page).values() if field.field.widget in choosing]
    assert lists
    assert all(len(field.options) > 2 for field in lists)


def test_a_section_counts_the_fields_that_publishing_needs():
    page = ListingForm(Direction.NEED, "en", {"lang": "en", "title": "Robot", "summary": ""})
    what = page.sections[0]
    assert (what.filled, what.needed) == (2, 5)


def test_codes_may_be_separated_by_any_comma():
    typed = form.typed(MultiDict({"ipc": "e21b， E21C;H01M、 "}))
    assert typed["ipc"] == ["e21b", "E21C", "H01M"]


def test_codes_are_understood_as_people_write_them():
    values = form.typed(MultiDict({"lang": "en", "title": "Robot", "ipc": "e21b 7/04", "nace": "0510"}))
    wanted, problems = form.parse(Direction.NEED, values, complete=False)
    assert problems == {}
    assert (wanted.ipc, wanted.nace) == (("E21B",), ("05.10",))


def test_everything_wrong_is_said_at_once():
    values = {"lang": "en", "title": "Robot", "summary": "x" * 501, "deadline": "soon", "ipc": ["XXX"]}
    wanted, problems = form.parse(Direction.NEED, values, complete=True)
    assert wanted is None
    assert problems["summary"] == "This has 501 characters; 500 are the most."
    assert problems["ipc"] == "“XXX” is not in the list."
    assert problems["deadline"] == "Please write a date such as 2027-03-31."
    assert problems["description"] == problems["partnerships"] == "Please fill this in."


def test_a_draft_needs_no_more_than_a_title_and_a_language():
    wanted, problems = form.parse(Direction.RESULT, {"lang": "sr", "title": "Робот"}, complete=False)
    assert wanted is not None
    assert problems == {}


def test_a_budget_that_goes_down_is_said_at_its_upper_end():
    values = {"lang": "en", "title": "Robot", "budget_min": "10", "budget_max": "9"}
    _wanted, problems = form.parse(Direction.NEED, values, complete=False)
    assert list(problems) == ["budget_max"]


def test_a_rules_complaint_becomes_a_sentence():
    assert forms.messages(Invalid({"title": "missing"})) == {"title": "Please fill this in."}


def test_what_a_screen_reader_reads_exists():
    page = ListingForm(Direction.NEED, "en", {"lang": "en"}, {"title": "Please fill this in."})
    assert fields_of(page)["title"].described_by == "hint-title error-title"
    assert fields_of(page)["country"].described_by == ""


def test_a_conflict_shows_only_what_differs_in_words():
    mine = {"lang": "en", "title": "Mine", "summary": "Same\r\nwords", "partnerships": ["licence"]}
    theirs = {"lang": "en", "title": "Theirs", "summary": "Same\nwords", "partnerships": ["investment"]}
    page = ListingForm(Direction.NEED, "en", mine, theirs=theirs)
    shown = {name: field.theirs for name, field in fields_of(page).items() if field.theirs is not None}
    assert shown == {"title": "Theirs", "partnerships": "Investment"}


def test_the_unknown_language_of_an_import_can_stay():
    page = ListingForm(Direction.NEED, "en", {"lang": "und"})
    assert ("und", "Not known") in fields_of(page)["lang"].options


def test_every_language_is_named_for_the_reader_and_in_itself():
    options = dict(form.language_options("en", without=["zh"]))
    assert options["sr"] == "Serbian · Српски"
    assert options["en"] == "English"
    assert "zh" not in options


def test_repeated_fields_are_those_that_a_browser_repeats():
    assert {f.name for f in FIELDS if f.widget is Widget.CHECKS} | {"target_countries"} == form.REPEATED
