"""Brokers and administrators without an introduction, or whose introduction is over, read no names by detours."""

import io

import pytest
from sqlmodel import select

from matchmaker.accounts.models import Organisation, Person, Role
from matchmaker.db.uow import unit_of_work
from matchmaker.interests import introductions
from matchmaker.interests.models import Interest
from matchmaker.listings.models import Listing
from matchmaker.review import moves, service
from matchmaker.review.answers import Step
from matchmaker.review.models import Addressee, Question, State, Suggestion
from matchmaker.review.service import Found, No
from tests.factories.documents import pdf
from tests.factories.market import NEED, RESULT, publish

NAMES = ("Wang Anonymous", "Zhenwu Ridge", "Erz Anonymous", "Institut Verborgen")
SAID = "We meet in the foyer of Zhenwu"


@pytest.fixture
def met(pair):
    """Two anonymous sides that met, and told each other how far they are."""
    with unit_of_work(pair.engine) as uow:
        for owner, (name, org) in ((pair.need, NAMES[:2]), (pair.result, NAMES[2:])):
            uow.session.get_one(Person, owner.actor.person_id).name = name
            uow.session.get_one(Organisation, owner.actor.organisation_id).name = org
        for listing in uow.session.exec(select(Listing)):
            listing.anonymous = True
        match = moves.find(uow, pair.public_id)
        for owner, side in ((pair.need, "need"), (pair.result, "result")):
            move = moves.Move(match.state, owner.actor, moves.Side(side))
            moves.note_down(uow, match, move, kind=moves.MoveKind.MOVE)
    made = pair.introduce()
    with unit_of_work(pair.engine) as uow:
        step = Step(State.MEETING, SAID)
        revision = moves.find(uow, pair.public_id).revision
        introductions.progress(uow, made.public_id, step, revision=revision, actor=pair.need.actor)
    return made


def pages_of(pair, who) -> str:
    return "".join(who.client.get(f"/desk/{pair.public_id}{end}").text for end in ("", "/body"))


def release(pair, made):
    with unit_of_work(pair.engine) as uow:
        for owner in (pair.need, pair.result):
            introductions.release_broker(uow, made.public_id, actor=owner.actor)


def test_the_broker_who_introduced_them_reads_who_moved_and_what_was_said(pair, met):
    text = pages_of(pair, pair.broker)
    assert NAMES[0] in text
    assert SAID in text


def test_an_administrator_who_was_not_introduced_reads_no_name_at_the_desk(pair, met, someone):
    text = pages_of(pair, someone(Role.ADMINISTRATOR))
    assert [word for word in (*NAMES, SAID) if word in text] == []


def test_a_released_broker_reads_no_name_and_hears_no_more_of_it(pair, met, told):
    release(pair, met)
    text = pages_of(pair, pair.broker)
    assert [word for word in (*NAMES, SAID) if word in text] == []
    before = told(pair.broker.actor)
    with unit_of_work(pair.engine) as uow:
        revision = moves.find(uow, pair.public_id).revision
        step = Step(State.NEGOTIATING, "")
        introductions.progress(uow, met.public_id, step, revision=revision, actor=pair.need.actor)
    assert told(pair.broker.actor) == before


@pytest.mark.parametrize("looked_after", [True, False])
def test_what_an_interested_side_wrote_is_for_its_own_broker_once_they_have_met(pair, met, someone, looked_after):
    letter = "We are the second mine of Zhenwu"
    with unit_of_work(pair.engine) as uow:
        match = moves.find(uow, pair.public_id)
        match.broker_id = match.broker_id if looked_after else None
        uow.session.add(
            Interest(
                suggestion_id=match.id, listing_id=match.result_id, organisation_id=match.need_org_id,
                person_id=pair.need.actor.person_id, lang="en", what=letter, why=letter, who=letter,
            )
        )  # fmt: skip
    assert letter in pages_of(pair, pair.broker)
    for role in (Role.ADMINISTRATOR, Role.BROKER):
        assert letter not in pages_of(pair, someone(role))


def test_what_was_opened_to_a_broker_ends_with_that_role(pair, met):
    path = f"/listings/{pair.need_listing.public_id}"
    assert NAMES[1] in pair.broker.client.get(path).text
    with unit_of_work(pair.engine) as uow:
        uow.session.get_one(Person, pair.broker.actor.person_id).role = Role.MEMBER
    assert NAMES[1] not in pair.broker.client.get(path).text


def test_a_colleague_with_an_old_form_reads_no_note_of_the_broker(pair, someone):
    with unit_of_work(pair.engine) as uow:
        match = moves.find(uow, pair.public_id)
        match.state, match.need_yes_at, match.result_yes_at = State.IN_REVIEW, None, None
        no = No(service.DeclineReason.OTHER, "They are close to bankruptcy")
        service.decline(uow, pair.public_id, no, revision=match.revision, actor=pair.broker.actor)
    answer = someone(Role.BROKER).client.post(f"/desk/{pair.public_id}/endorse", data={"revision": "1"})
    assert answer.status_code == 409
    assert "bankruptcy" not in answer.text


def test_an_answer_to_one_match_opens_no_page_of_another(pair, someone, join):
    """An administrator of a side: what the desk thinks of their own house is not for them."""
    admin = someone(Role.ADMINISTRATOR)
    join(admin.actor, pair.need.actor)
    other = publish(pair.engine, someone(country="DE").actor, RESULT)
    with unit_of_work(pair.engine) as uow:
        service.suggest(uow, [Found(pair.need_listing.id, other.id, 0.5)])
        uow.session.flush()
        hidden = uow.session.exec(select(Suggestion).where(Suggestion.result_id == other.id)).one().public_id
        match = moves.find(uow, pair.public_id)
        asked = Question(
            suggestion_id=match.id, addressee=Addressee.NEED, asked_by=pair.broker.actor.person_id, text="Which mine?"
        )
        uow.session.add(asked)
    answer = admin.client.post(f"/matches/{hidden}/answer", data={"question": asked.public_id, "text": ""})
    assert answer.status_code == 404


def test_nobody_is_suggested_to_themselves(engine, person):
    owner = person()
    need, result = publish(engine, owner, NEED), publish(engine, owner, RESULT)
    with unit_of_work(engine) as uow:
        assert service.suggest(uow, [Found(need.id, result.id, 0.9)]) == 0
        assert uow.session.exec(select(Suggestion)).all() == []


def test_no_file_of_a_stranger_is_looked_at(pair, someone, settings):
    stranger, path = someone(), f"/listings/{pair.need_listing.public_id}/files"
    sent = {"file": (io.BytesIO(pdf()), "plan.pdf"), "part": "open"}
    assert stranger.client.post(path, data=sent).status_code == 403
    assert [found for found in settings.files.glob("**/*") if found.is_file()] == []
