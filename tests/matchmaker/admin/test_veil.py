"""An administrator reads what happened to an anonymous listing, and not which of its people did it."""

import csv

import pytest
from sqlmodel import select

from matchmaker.accounts.models import Role
from matchmaker.audit import queries as audit
from matchmaker.audit.service import first_break, record
from matchmaker.db.engine import reading_session
from matchmaker.db.uow import unit_of_work
from matchmaker.listings.models import Listing
from matchmaker.listings.schemas import Confidence
from matchmaker.review.models import Suggestion
from matchmaker.review.service import Found, suggest
from tests.factories.market import NEED, RESULT, publish


@pytest.fixture
def office(signed_in):
    return signed_in(Role.ADMINISTRATOR)[0]


@pytest.fixture
def match(engine, person):
    """An anonymous need, a result with a name, their owners, and the match of the two."""
    asker, answerer = person(), person(country="DE")
    need = publish(engine, asker, NEED, confidence=Confidence(anonymous=True))
    result = publish(engine, answerer, RESULT)
    with unit_of_work(engine) as uow:
        suggest(uow, [Found(need.id, result.id, 0.7)])
    with unit_of_work(engine) as uow:
        found = uow.session.exec(select(Suggestion)).one()
        record(uow, asker.public_id, "suggestion.offered_second", ("suggestion", found.public_id), "was offered_first")
        record(uow, asker.public_id, "interest.express", ("listing", result.public_id), found.public_id)
        record(uow, asker.public_id, "person.sign_in", ("person", asker.public_id))
    return need, result, asker, answerer


def rows(office, **asked):
    answer = office.get("/admin/audit.csv", query_string=asked)
    return list(csv.DictReader(answer.text.lstrip("\ufeff").splitlines()))


def test_the_deeds_of_an_anonymous_owner_are_told_without_a_name(office, match):
    need, result, asker, answerer = match
    for object_id in (need.public_id, *{row["object_id"] for row in rows(office, object_kind="suggestion")}):
        told = rows(office, object_id=object_id)
        assert told
        assert asker.public_id not in str(told)
        page = office.get("/admin/audit", query_string={"object_id": object_id}).text
        assert asker.public_id not in page
        assert f">{asker.name}<" not in page
    assert {row["actor"] for row in rows(office, object_id=need.public_id, action="listing.draft")} == {"a member"}
    # An interest whose match is the anonymous listing's is veiled too, though its object is somebody else's listing.
    assert {row["actor"] for row in rows(office, action="interest.express")} == {"a member"}
    assert {row["actor"] for row in rows(office, object_id=result.public_id, action="listing.draft")} == {
        answerer.public_id
    }


def test_who_looks_for_a_person_does_not_find_what_is_veiled(office, match):
    need, _, asker, _ = match
    told = rows(office, actor=asker.public_id)
    assert {row["action"] for row in told} == {"person.sign_in"}
    assert need.public_id not in office.get("/admin/audit", query_string={"actor": asker.public_id}).text


def test_reviewers_and_administrators_are_named_whatever_they_judged(office, match):
    need, *_ = match
    appraised = rows(office, object_id=need.public_id, action="listing.appraise")
    assert appraised
    assert "a member" not in {row["actor"] for row in appraised}


def test_the_chain_is_that_of_the_whole_record(engine, office, match):
    with reading_session(engine) as session:
        assert first_break(audit.stream(session)) is None
    assert "The chain holds" in office.post("/admin/audit/verify", follow_redirects=True).text


def test_nothing_is_veiled_once_the_owner_shows_the_name(engine, office, match):
    need, _, asker, _ = match
    with unit_of_work(engine) as uow:
        uow.session.get(Listing, need.id).anonymous = False
    assert {row["actor"] for row in rows(office, object_id=need.public_id, action="listing.draft")} == {asker.public_id}
