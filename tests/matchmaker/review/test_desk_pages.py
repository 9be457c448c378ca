"""The desk's pages: several at once, whose match it is, what of an owner is shown, load and pace."""

from datetime import timedelta

import pytest
from sqlmodel import select

from matchmaker.accounts.models import Broker, MembershipRole, Organisation, Role
from matchmaker.core.clock import now
from matchmaker.db.engine import reading_session
from matchmaker.db.uow import unit_of_work
from matchmaker.listings.models import Listing
from matchmaker.review import bulk, questions, service
from matchmaker.review.models import Addressee, State, Suggestion
from matchmaker.review.questions import Asking
from matchmaker.review.service import Found, suggest
from tests.factories.market import NEED, RESULT, publish
from tests.factories.matches import join


@pytest.fixture
def broker(signed_in):
    client, actor = signed_in(Role.BROKER)
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client, actor


@pytest.fixture
def rows(engine, person):
    """Three pairs on the desk, best first, as they are stored now; whose need it is."""
    owner = person()
    need = publish(engine, owner, NEED)
    results = [publish(engine, person(country="DE"), RESULT, title=f"Bohrgerät {i}") for i in range(3)]
    with unit_of_work(engine) as uow:
        suggest(uow, [Found(need.id, result.id, 0.9 - i / 10) for i, result in enumerate(results)])

    def read():
        with reading_session(engine) as session:
            return session.exec(select(Suggestion).order_by(Suggestion.score.desc())).all()

    read.owner, read.need = owner, need
    return read


def pairs(rows):
    return [f"{row.public_id}:{row.revision}" for row in rows()]


def states(rows):
    return [row.state for row in rows()]


@pytest.mark.parametrize(
    ("data", "state"),
    [
        ({"deed": "endorse"}, State.ENDORSED),
        ({"deed": "decline", "reason": "price"}, State.DECLINED),
        ({"deed": "park"}, State.PARKED),
        ({"deed": "take"}, State.IN_REVIEW),
    ],
)
def test_a_deed_is_done_to_several_and_taken_back_from_all(broker, rows, data, state):
    client, _ = broker
    before = [row.model_dump(exclude={"revision", "priority"}) for row in rows()]
    assert client.post("/desk/several", data={**data, "pairs": pairs(rows)}).status_code == 303
    assert states(rows) == [state] * 3
    assert "Done with 3 matches." in client.get("/desk").text
    assert client.post("/desk/undo", data={"pairs": " ".join(pairs(rows))}).status_code == 303
    assert [row.model_dump(exclude={"revision", "priority"}) for row in rows()] == before


def test_one_that_moved_meanwhile_keeps_no_other_from_it_and_is_told(broker, rows, engine, person):
    client, _ = broker
    picked = pairs(rows)
    with unit_of_work(engine) as uow:
        service.endorse(uow, rows()[1].public_id, revision=1, actor=person(Role.BROKER))
    answer = client.post("/desk/several", data={"deed": "park", "pairs": [*picked, "nothere:1"]})
    assert answer.status_code == 409
    assert states(rows) == [State.PARKED, State.ENDORSED, State.PARKED]
    assert "It was done with 2 matches." in answer.text
    assert "Bohrgerät 1" in answer.text
    assert "Bohrgerät 0" not in answer.text
    assert answer.text.count("It was moved in the meantime.") == answer.text.count("It is not there any more.") == 1
    assert "data-undo" in answer.text


def test_a_deed_that_lacks_something_is_done_to_none(broker, rows):
    client, _ = broker
    for data in (
        {"deed": "decline"},
        {"deed": "decline", "reason": "other"},
        {"deed": "assign", "colleague": "nobody"},
    ):
        answer = client.post("/desk/several", data={**data, "pairs": pairs(rows)})
        assert answer.status_code == 409
        assert answer.text.count("Please fill this in.") == 3
    assert states(rows) == [State.SUGGESTED] * 3


@pytest.mark.parametrize("data", [{}, {"deed": "endorse"}, {"deed": "offer_now", "pairs": "a:1"}, {"pairs": "a:1"}])
def test_nothing_is_done_to_nothing(broker, rows, data):
    client, _ = broker
    assert client.post("/desk/several", data=data).status_code == 303
    assert "Choose at least one match" in client.get("/desk").text
    assert states(rows) == [State.SUGGESTED] * 3


def test_what_was_picked_is_read_without_trusting_it():
    assert bulk.read("aaa:1 aaa:1 :2 bbb: bbb:x ccc:99999999999 ddd:² 'eee:3") == [
        bulk.Picked("aaa", 1), bulk.Picked("'eee", 3),
    ]  # fmt: skip
    assert len(bulk.read(" ".join(f"m{i}:1" for i in range(500)))) == bulk.MOST


def test_a_broker_who_belongs_to_a_side_is_told_so_and_sees_nothing(broker, rows, engine):
    client, actor = broker
    join(engine, actor, rows.owner, MembershipRole.VIEWER)
    row = rows()[0]
    for answer in (
        client.get(f"/desk/{row.public_id}"),
        client.get(f"/desk/{row.public_id}/body"),
        client.post(f"/desk/{row.public_id}/endorse", data={"revision": 1}),
    ):
        assert answer.status_code == 403
        assert "You belong to one of the two organisations" in answer.text
        assert "Bohrgerät" not in answer.text
    assert "Bohrgerät" not in client.get("/desk").text
    answer = client.post("/desk/several", data={"deed": "endorse", "pairs": pairs(rows)})
    assert answer.text.count("You belong to one of the two organisations") == 3
    assert "Bohrgerät" not in answer.text


def test_who_belongs_to_a_side_learns_nothing_from_a_form_that_came_too_late(signed_in, rows, engine):
    admin, actor = signed_in(Role.ADMINISTRATOR)
    asker = signed_in(Role.BROKER)[1]
    join(engine, actor, rows.owner, MembershipRole.MEMBER)
    row = rows()[0]
    with unit_of_work(engine) as uow:
        question = questions.ask(uow, row.public_id, Asking(Addressee.NEED, "Which mine?"), actor=asker)
        uow.session.flush()
        questions.answer(uow, question.public_id, "The deep one.", actor=rows.owner)
        public_id = question.public_id
    answer = admin.post(f"/desk/{row.public_id}/reply", data={"question": public_id, "answer": "Another one."})
    assert answer.status_code == 403
    assert "Bohrgerät" not in answer.text


def test_a_colleague_s_match_is_there_for_those_who_had_part_in_it(broker, rows, signed_in, engine):
    client, actor = broker
    other, colleague = signed_in(Role.BROKER)
    other.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    public_id = rows()[0].public_id
    client.post(f"/desk/{public_id}/take", data={"revision": 1})
    assert other.get(f"/desk/{public_id}").status_code == 404
    asked = {"addressee": "broker", "colleague": colleague.public_id, "text": "What do you think?"}
    assert client.post(f"/desk/{public_id}/ask", data=asked).status_code == 303
    page = other.get("/desk?tab=opinion").text
    assert "Bohrgerät 0" in page
    page = other.get(f"/desk/{public_id}").text
    assert "What do you think?" in page
    assert "A colleague looks after this match." in page
    assert "/endorse" not in page
    assert other.post(f"/desk/{public_id}/endorse", data={"revision": 2}).status_code == 403
    assert actor.name in page


def test_of_an_anonymous_owner_neither_name_nor_history_is_shown(broker, rows, engine):
    client, _ = broker
    public_id = rows()[0].public_id
    assert client.get(f"/desk/{public_id}").text.count("The organisation so far") == 2
    with reading_session(engine) as session:
        name = session.get_one(Listing, rows.need.id).organisation_id
        owner = session.get_one(Organisation, name).name
    with unit_of_work(engine) as uow:
        uow.session.get_one(Listing, rows.need.id).anonymous = True
    for path in (f"/desk/{public_id}", f"/desk/{public_id}/body", "/desk"):
        page = client.get(path).text
        assert f">{owner}<" not in page
    page = client.get(f"/desk/{public_id}").text
    assert page.count("The organisation so far") == 1
    assert "its history is not shown" in page


def test_load_and_pace_are_one_s_own_and_an_administrator_s_everybody_s(broker, rows, signed_in, engine):
    client, actor = broker
    with unit_of_work(engine) as uow:
        uow.session.add(Broker(person_id=actor.person_id, most_open=40))
    first, second, _ = rows()
    client.post(f"/desk/{first.public_id}/take", data={"revision": 1})
    client.post(f"/desk/{second.public_id}/take", data={"revision": 1})
    client.post(f"/desk/{second.public_id}/endorse", data={"revision": 2})
    admin, office = signed_in(Role.ADMINISTRATOR)
    admin.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    page = client.get("/desk/brokers").text
    assert office.name not in page
    assert "of 40" in page
    everybody = admin.get("/desk/brokers").text
    assert actor.name in everybody
    assert f"broker={actor.public_id}" in everybody
    assert "Bohrgerät 0" in admin.get(f"/desk?tab=mine&broker={actor.public_id}").text
    assert "1 of the 40 matches" in client.get("/desk").text


def test_a_deadline_that_is_passed_asks_for_no_day_in_the_past(broker, rows):
    client, _ = broker
    row = rows()[0]
    yesterday = (now() - timedelta(days=1)).date().isoformat()
    for day, words in ((yesterday, "This day has passed"), ("soon", "Please write a date")):
        answer = client.post(f"/desk/{row.public_id}/park", data={"revision": 1, "until": day, "note": "שלום (later)"})
        assert answer.status_code == 422
        assert words in answer.text
        assert "שלום (later)</textarea>" in answer.text
        assert f'value="{day}"' in answer.text
    assert rows()[0] == row


@pytest.mark.parametrize("deed", ["conquer", "undo", "several"])
def test_there_are_no_other_deeds(broker, rows, deed):
    client, _ = broker
    assert client.post(f"/desk/{rows()[0].public_id}/{deed}", data={"revision": 1}).status_code == 404
