"""What may be said of a listing: limits at their edges, codes in one spelling, nothing of the other direction."""

import unicodedata
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from matchmaker.listings.fields import BY_NAME, CODED, FIELDS, WORDED, Widget
from matchmaker.listings.models import Direction, Scheme
from matchmaker.listings.schemas import ListingDraft, TextDraft
from tests.factories.market import NEED, RESULT

BARE = {"direction": "need", "lang": "zh", "title": "寻找阀门"}
SAMPLES = {Direction.NEED: NEED, Direction.RESULT: RESULT}


def draft(**values: object) -> ListingDraft:
    return ListingDraft.model_validate({**BARE, **values})


def problems(**values: object) -> dict[str, str]:
    """Field → kind of problem."""
    try:
        draft(**values)
    except ValidationError as error:
        return {str(d["loc"][0]) if d["loc"] else "": d["type"] for d in error.errors()}
    return {}


def silent(name: str, letter: str) -> dict[str, str]:
    """A title of nothing but signs says nothing, however long it is."""
    return {"title": "says_too_little"} if (name, letter) == ("title", "🔧") else {}


def side(name: str) -> str:
    """A direction that has the field."""
    return min(BY_NAME[name].directions)


@pytest.mark.parametrize("name", WORDED)
@pytest.mark.parametrize("letter", ["x", "字", "🔧", "ש"])
def test_a_text_may_be_as_long_as_its_limit_and_not_a_letter_longer(name, letter):
    limit = BY_NAME[name].limit
    assert problems(direction=side(name), **{name: letter * limit}) == silent(name, letter)
    assert problems(direction=side(name), **{name: letter * (limit + 1)}).get(name) == "too_long"


def test_only_what_will_be_stored_is_counted():
    assert len(draft(title="  " + "x" * 256 + " \u202e\n").title) == 256
    assert draft(summary="a" + " " * 600 + "b").summary == "a b"


@pytest.mark.parametrize("title", ["", "   ", "\u202e\u200e", "\x00\x01"])
def test_a_title_must_be_there(title):
    assert problems(title=title) == {"title": "missing"}


@pytest.mark.parametrize("title", ["--", "🙂🙂", "a", "阀", "…"])
def test_a_title_must_say_something(title):
    assert problems(title=title) == {"title": "says_too_little"}


@pytest.mark.parametrize("title", ["AI", "泵阀", "Θ5", "5G 🙂", "جا"])
def test_a_short_title_in_any_script_is_enough(title):
    assert draft(title=title).title == title


@pytest.mark.parametrize(
    "words",
    [
        "<script>alert(1)</script>",
        "שלום עולם — مرحبا بالعالم",
        "👩‍🔬 🇨🇳 🤝",
        "{{ 7*7 }} {% raw %} ${x} %s %(title)s {0}",
        "'; DROP TABLE listing; --",
        "a & b < c > d \" e ' f",
        "می‌خواهم",
    ],
)
def test_words_are_kept_as_they_were_written(words):
    kept = draft(title="T1 " + words, summary=words, description=words)
    assert kept.title == "T1 " + words
    assert kept.summary == kept.description == unicodedata.normalize("NFC", words)


def test_what_could_disguise_a_text_is_taken_out():
    kept = draft(title="ab\u202egnp.exe\x00", summary="x\u2066y\u2069\x07z")
    assert kept.title == "abgnp.exe"
    assert kept.summary == "xyz"


@pytest.mark.parametrize("name", ["title", "summary", "keywords"])
def test_a_broken_half_of_a_character_is_refused_at_its_field(name):
    assert problems(**{name: "ab\ud83dcd"}) == {name: "string_unicode"}


@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=300))
def test_any_text_at_all_is_stored_cleanly_or_refused_at_its_field(text):
    refused = problems(summary=text)
    assert set(refused) <= {"summary"}
    if not refused:
        kept = draft(summary=text).summary
        assert kept.encode("utf-8").decode() == kept
        assert draft(summary=kept).summary == kept


def test_a_text_of_two_megabytes_is_refused_at_its_field():
    assert problems(description="x" * 2_000_000) == {"description": "string_too_long"}


@pytest.mark.parametrize("lang", ["zh", "en", "ar", "sr", "und"])
def test_a_language_is_known_or_said_to_be_unknown(lang):
    assert draft(lang=lang).lang == lang


@pytest.mark.parametrize("lang", ["", "xx", "ZH", "chinese", "zh-CN", "<b>"])
def test_any_other_language_is_refused(lang):
    assert problems(lang=lang) == {"lang": "unknown_code"}


@pytest.mark.parametrize(
    ("name", "written", "code"),
    [
        ("ipc", "e21b", "E21B"),
        ("ipc", "E21B 7/04", "E21B"),
        ("ipc", " g06f17/30 ", "G06F"),
        ("nace", "0510", "05.10"),
        ("nace", "05.10", "05.10"),
        ("sdg", "03", "3"),
        ("sdg", "13", "13"),
        ("target_countries", "cn", "CN"),
        ("target_countries", "EU", "EU"),
        ("partnerships", "licence", "licence"),
    ],
)
def test_a_code_is_stored_in_one_spelling(name, written, code):
    assert getattr(draft(**{name: [written]}), name) == (code,)


@pytest.mark.parametrize("name", sorted(CODED))
@pytest.mark.parametrize("code", ["ZZZZ", "999", "<script>", "'; --", "x" * 5000, "0"])
def test_a_code_that_is_not_in_the_list_is_refused_at_its_field(name, code):
    assert problems(**{name: [code]}) == {name: "unknown_code"}


@pytest.mark.parametrize(
    ("name", "code"),
    [("trl", "0"), ("trl", "10"), ("trl", "TRL 5"), ("ip_ownership", "mine"), ("budget_currency", "EURO")],
)
def test_a_choice_that_was_not_offered_is_refused_at_its_field(name, code):
    assert problems(**{name: code}) == {name: "unknown_code"}


def test_a_long_unknown_code_is_repeated_only_in_part():
    with pytest.raises(ValidationError) as refused:
        draft(ipc=["x" * 5000])
    assert len(refused.value.errors()[0]["ctx"]["code"]) == 40


def test_codes_may_be_a_list_or_a_line_and_count_once():
    assert draft(ipc="E21B; g06f,E21B ,").ipc == ("E21B", "G06F")
    assert draft(ipc=["E21B", "e21b", ""]).ipc == ("E21B",)
    assert draft(ipc=None, nace="", sdg=[]).codes() == set()


def test_so_many_codes_and_no_more():
    codes = ["A01B", "A01C", "A01D", "A01F", "A01G", "A01H", "A01J", "A01K", "A01L"]
    assert len(draft(ipc=codes[:8]).ipc) == BY_NAME["ipc"].limit
    assert problems(ipc=codes) == {"ipc": "too_many"}


def test_codes_come_with_their_sections():
    assert draft(ipc=["E21B", "E02F"], nace=["05.10"]).codes() == {
        (Scheme.IPC, "E21B"),
        (Scheme.IPC, "E02F"),
        (Scheme.IPC_SECTION, "E"),
        (Scheme.NACE, "05.10"),
        (Scheme.NACE_SECTION, "B"),
    }


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("0", "0.00"),
        ("1999.50", "1999.50"),
        ("5,000,000", "5000000.00"),
        ("２００万", "2000000.00"),
        ("9" * 15, "9" * 15 + ".00"),
    ],
)
def test_an_amount_is_exact(written, amount):
    assert str(draft(budget_max=written).budget_max) == amount


@pytest.mark.parametrize("written", ["-1", "1" + "0" * 15, "1e999999999", "NaN", "-Infinity", "a lot", "1,5", "0x10"])
def test_what_is_no_amount_is_refused_at_its_field(written):
    assert set(problems(budget_max=written)) == {"budget_max"}


def test_a_budget_goes_up():
    assert problems(budget_min="5", budget_max="5") == {}
    assert problems(budget_min="5.01", budget_max="5") == {"": "budget_order"}


@pytest.mark.parametrize(("written", "day"), [("2027-03-31", date(2027, 3, 31)), ("", None), (" ", None)])
def test_a_deadline_is_a_day(written, day):
    assert draft(deadline=written).deadline == day


@pytest.mark.parametrize("written", ["0", "1750000000", "31.03.2027", "2027-02-30", "2027-03-31T10:30", "99999-01-01"])
def test_what_is_no_day_is_refused_at_its_field(written):
    assert set(problems(deadline=written)) == {"deadline"}


@pytest.mark.parametrize("direction", list(Direction))
def test_fields_of_the_other_direction_are_dropped(direction):
    other = SAMPLES[direction.opposite]
    extra = {"budget_min": "5", "deadline": "2027-01-01", "indicators": "<5 cm", "ip_ownership": "shared"}
    kept = ListingDraft.model_validate({**other, **extra, "direction": direction})
    foreign = {field.name for field in FIELDS if direction not in field.directions}
    assert foreign
    assert not kept.filled() & foreign
    assert not any(getattr(kept, name) for name in foreign)


def test_an_untouched_form_is_an_empty_draft():
    empty = {f.name: "" for f in FIELDS if f.widget not in {Widget.CHECKS, Widget.COUNTRIES}}
    assert draft(**{**empty, **BARE}).filled() == {"lang", "title"}


def test_what_is_not_a_field_is_ignored():
    kept = draft(status="published", organisation_id=1, public_id="mine", revision=99, source="x", csrf_token="y")
    assert not {"status", "organisation_id", "public_id", "revision", "source"} & set(kept.model_dump())


@pytest.mark.parametrize("direction", ["", "both", None, "NEED"])
def test_a_listing_has_a_direction(direction):
    assert set(problems(direction=direction)) == {"direction"}


def test_a_version_has_the_same_limits():
    TextDraft(lang="de", title="x" * 256)
    with pytest.raises(ValidationError):
        TextDraft(lang="de", title="x" * 257)
    with pytest.raises(ValidationError):
        TextDraft(lang="xx", title="xxx")


def test_an_import_may_lift_a_limit_and_only_that_one():
    context = {"limits": {"description": 10_000}}
    long = {**BARE, "description": "x" * 10_000}
    assert len(ListingDraft.model_validate(long, context=context).description) == 10_000
    with pytest.raises(ValidationError):
        ListingDraft.model_validate({**long, "summary": "x" * 501}, context=context)


def test_money_is_no_float():
    assert isinstance(draft(budget_max=0.1).budget_max, Decimal)
    assert draft(budget_max="0.10").budget_max == Decimal("0.10")
