import json
import pickle

import pytest
from pydantic import BaseModel, ValidationError

from matchmaker.taxonomy import vocabulary
from matchmaker.taxonomy.vocabulary import (
    OrganisationKind,
    PartnershipType,
    PartnerSize,
    PartnerType,
    Stage,
    Titled,
    Trl,
)

ENUMS = [e for e in vars(vocabulary).values() if isinstance(e, type) and issubclass(e, Titled) and e is not Titled]


class Result(BaseModel):
    stage: Stage


def test_there_are_nine_vocabularies():
    assert len(ENUMS) == 9


@pytest.mark.parametrize("enum", ENUMS, ids=lambda e: e.__name__)
def test_every_value_has_a_title_of_its_own(enum):
    titles = [str(title) for _value, title in enum.choices()]
    assert all(titles)
    assert len(set(titles)) == len(enum)


def test_a_value_is_its_code_in_text_json_and_pickles():
    assert str(Stage.IN_USE) == Stage.IN_USE == "in_use"
    assert json.dumps([Stage.IN_USE]) == '["in_use"]'
    assert pickle.loads(pickle.dumps(Stage.IN_USE)) is Stage.IN_USE


def test_equal_codes_of_two_vocabularies_keep_their_own_titles():
    assert PartnerType.ANY == PartnerSize.ANY
    assert str(PartnerType.ANY.title) == "Any kind of partner"
    assert str(PartnerSize.ANY.title) == "Any size"


def test_a_schema_reads_codes_and_refuses_others():
    assert Result.model_validate({"stage": "prototype"}).stage is Stage.PROTOTYPE
    assert json.loads(Result(stage=Stage.CONCEPT).model_dump_json()) == {"stage": "concept"}
    with pytest.raises(ValidationError):
        Result.model_validate({"stage": "Prototype available"})


def test_readiness_levels_are_the_strings_one_to_nine():
    assert [trl.value for trl in Trl] == list("123456789")
    assert [trl.level for trl in Trl] == list(range(1, 10))


def test_choices_keep_the_order_of_declaration():
    assert [value for value, _title in PartnershipType.choices()][:2] == ["commercial_agreement", "licence"]


def test_an_organisation_may_be_a_broker_but_nobody_looks_for_one():
    assert {k.value for k in OrganisationKind} - {t.value for t in PartnerType} == {"broker_agency"}
