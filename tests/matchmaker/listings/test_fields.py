"""The form as data: consistent with the tables that store it and the schema that checks it."""

import pytest

from matchmaker.listings import fields
from matchmaker.listings.fields import BOTH, BY_NAME, FIELDS, GROUP_TITLES, Group, Widget, fields_for
from matchmaker.listings.models import Direction, Listing, ListingCode, ListingText, Scheme
from matchmaker.listings.schemas import Confidence, ListingDraft
from matchmaker.taxonomy.schemes import SHARED
from matchmaker.taxonomy.vocabulary import VOCABULARIES

ISSUE = {
    "title": 256,
    "summary": 500,
    "description": 4000,
    "advantages": 2000,
    "technical_spec": 2000,
}


def test_the_limits_are_those_that_were_agreed():
    assert {name: BY_NAME[name].limit for name in ISSUE} == ISSUE


def test_a_name_stands_for_one_field():
    assert len(BY_NAME) == len(FIELDS)


def test_every_field_can_be_written_and_every_writable_field_is_asked_for():
    # What is confidential has a section of its own, so that nothing that goes through all fields meets it.
    assert set(ListingDraft.model_fields) - {"direction", "confidence"} == set(BY_NAME)
    assert not set(Confidence.model_fields) & set(BY_NAME)


def test_every_field_has_a_place_in_the_database():
    assert set(fields.WORDED) <= set(ListingText.model_fields)
    assert set(fields.PLAIN) <= set(Listing.model_fields)
    derived = {Scheme.IPC_SECTION, Scheme.NACE_SECTION}
    assert set(fields.CODED.values()) == set(Scheme) - derived
    assert set(fields.WORDED) | set(fields.PLAIN) | set(fields.CODED) == set(BY_NAME)


def test_a_column_is_wide_enough_for_its_field():
    for name in fields.PLAIN:
        length = getattr(Listing.__table__.c[name].type, "length", None)
        codes = VOCABULARIES.get(BY_NAME[name].vocabulary, ())
        assert length is None or length >= max((len(str(code)) for code in codes), default=0), name
    assert ListingText.__table__.c.title.type.length >= BY_NAME["title"].limit
    coded = {BY_NAME[name].vocabulary for name in fields.CODED} & set(VOCABULARIES)
    longest = max(len(str(code)) for name in coded for code in VOCABULARIES[name])
    assert longest <= ListingCode.__table__.c.code.type.length


def test_required_fields_are_fields_of_the_direction():
    assert all(field.required <= field.directions for field in FIELDS)


def test_each_direction_asks_for_what_the_other_cannot_know():
    need = {field.name for field in fields_for(Direction.NEED)}
    result = {field.name for field in fields_for(Direction.RESULT)}
    assert {"technical_spec", "indicators", "deadline", "budget_max", "ip_ownership"} <= need - result
    assert {"advantages", "stage", "ipr_status"} <= result - need
    assert all(BY_NAME[name].directions == BOTH for name in need & result)


def test_every_choice_has_its_vocabulary():
    chosen = [field for field in FIELDS if field.widget in {Widget.CHOICE, Widget.CHECKS, Widget.CODES}]
    known = set(VOCABULARIES) | set(SHARED) | {"Currency"}
    assert {field.name: field.vocabulary for field in chosen if field.vocabulary not in known} == {}


def test_every_group_has_a_title_and_a_field():
    assert set(GROUP_TITLES) == set(Group) == {field.group for field in FIELDS}


@pytest.mark.parametrize("direction", list(Direction))
def test_what_is_missing_is_told_in_the_order_of_the_form(direction):
    required = [field.name for field in FIELDS if direction in field.required]
    assert fields.missing_for_publication(direction, set()) == required
    assert fields.missing_for_publication(direction, set(required)) == []
    assert fields.missing_for_publication(direction, set(required) - {"title"}) == ["title"]
