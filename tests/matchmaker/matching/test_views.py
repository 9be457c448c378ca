"""The step between writing and publishing: listings that look like one's own."""

import pytest
from sqlmodel import select

from matchmaker.accounts.models import Role
from matchmaker.listings.models import Listing, SimilarSeen, Status
from tests.factories.html import parse
from tests.factories.market import RESULT, publish, write

FORM = {**RESULT, "partnerships": ["licence"], "ipc": "E21B", "nace": "28.92", "action": "submit"}
FORM = {name: value for name, value in FORM.items() if name != "direction"}


@pytest.fixture
def member(signed_in):
    client, actor = signed_in()
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client, actor


def step(response):
    """Where the writer is sent."""
    assert response.status_code == 303
    return response.headers["Location"]


def draft_of(session, actor):
    return session.exec(select(Listing).where(Listing.organisation_id == actor.organisation_id)).one()


def test_a_listing_like_no_other_is_published_at_once(member, session):
    client, actor = member
    client.post("/listings/new/result", data=FORM)
    assert draft_of(session, actor).status is Status.SUBMITTED


def test_one_that_looks_like_another_is_kept_as_a_draft_until_its_writer_has_seen_that(member, engine, person, session):
    client, actor = member
    other = publish(engine, person(country="DE"), RESULT)
    address = step(client.post("/listings/new/result", data=FORM))
    draft = draft_of(session, actor)
    assert address == f"/listings/{draft.public_id}/similar"
    assert draft.status is Status.DRAFT
    page = parse(client.get(address).get_data(as_text=True))
    assert page.all("h1")[0].text == "These look like yours"
    assert page.all("a", href=f"/listings/{other.public_id}")
    assert "The same title, or nearly" in page.text
    assert "Organisation 2" not in page.text


def test_saying_that_it_is_a_different_one_publishes_it_and_is_remembered(member, engine, person, session):
    client, actor = member
    other = publish(engine, person(country="DE"), RESULT)
    address = step(client.post("/listings/new/result", data=FORM))
    answer = client.post(address, data={"shown": other.public_id}, follow_redirects=True)
    assert answer.status_code == 200
    draft = draft_of(session, actor)
    assert draft.status is Status.SUBMITTED
    assert session.exec(select(SimilarSeen)).one().other_id == other.id


def test_what_was_not_shown_is_not_taken_as_seen(member, engine, person, session):
    client, actor = member
    publish(engine, person(country="DE"), RESULT)
    unlike = publish(engine, person(), RESULT, lang="zh", title="茶叶烘干机", summary="省气。", description="六十度。")
    address = step(client.post("/listings/new/result", data=FORM))
    for shown in ([], [unlike.public_id], ["nothing"]):
        answer = client.post(address, data={"shown": shown}, follow_redirects=True)
        assert answer.request.path == address
    assert draft_of(session, actor).status is Status.DRAFT
    assert session.exec(select(SimilarSeen)).all() == []


def test_the_button_on_a_stored_draft_asks_as_well(member, engine, session):
    client, actor = member
    first = publish(engine, actor, RESULT)
    draft = write(engine, actor, RESULT)
    address = step(client.post(f"/listings/{draft.public_id}/submit"))
    page = parse(client.get(address).get_data(as_text=True))
    assert "Posted by your organisation" in page.text
    assert page.all("input", name="shown")[0].get("value") == first.public_id


def test_a_listing_that_was_out_before_is_published_again_without_a_question(member, engine, person, session):
    client, actor = member
    mine = publish(engine, actor, RESULT)
    client.post(f"/listings/{mine.public_id}/withdraw")
    publish(engine, person(country="DE"), RESULT)
    client.post(f"/listings/{mine.public_id}/publish")
    assert draft_of(session, actor).status is Status.PUBLISHED


def test_with_nothing_similar_any_more_the_step_leads_to_the_listing(member, engine):
    client, actor = member
    draft = write(engine, actor, RESULT)
    assert step(client.get(f"/listings/{draft.public_id}/similar")) == f"/listings/{draft.public_id}"


@pytest.mark.parametrize("method", ["get", "post"])
def test_the_step_is_for_the_drafts_own_people(member, engine, person, signed_in, method):
    draft = write(engine, person(), RESULT)
    client, _ = member
    assert getattr(client, method)(f"/listings/{draft.public_id}/similar").status_code == 404
    assert getattr(client, method)("/listings/nothing/similar").status_code == 404
    broker, _ = signed_in(Role.BROKER)
    assert getattr(broker, method)(f"/listings/{draft.public_id}/similar").status_code in {403, 404}
