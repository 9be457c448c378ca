"""Boxes: every match that a side knows of stands in exactly one, and no other in any."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from matchmaker.accounts.schemas import Actor
from matchmaker.core.errors import NotFound
from matchmaker.db.engine import reading_session
from matchmaker.db.uow import unit_of_work
from matchmaker.review import answers, parties
from matchmaker.review.models import Side, State
from matchmaker.review.parties import Box
from matchmaker.review.sides import knows
from tests.factories.matches import Arena, arena, ask_side, reach

# State → the boxes of need and result, None where the side knows nothing.
BOXES = {
    State.SUGGESTED: (None, None),
    State.IN_REVIEW: (None, None),
    State.ENDORSED: (None, None),
    State.PARKED: (None, None),
    # Of an offer to the need that it declined, or that lapsed or ended, the result never heard.
    State.DECLINED: (Box.OVER, None),
    State.LAPSED: (Box.OVER, None),
    State.CLOSED: (Box.OVER, None),
    State.OFFERED_FIRST: (Box.ANSWER, None),
    State.OFFERED_SECOND: (Box.WAITING, Box.ANSWER),
    State.MUTUAL: (Box.WAITING, Box.WAITING),
    State.INTRODUCED: (Box.INTRODUCED, Box.INTRODUCED),
    State.MEETING: (Box.INTRODUCED, Box.INTRODUCED),
    State.NEGOTIATING: (Box.INTRODUCED, Box.INTRODUCED),
    State.AGREEMENT: (Box.INTRODUCED, Box.INTRODUCED),
}


@pytest.fixture
def found(engine: Engine, person: Callable[..., Actor]) -> Arena:
    return arena(engine, person)


def boxes(found: Arena, actor: Actor) -> list[Box]:
    with reading_session(found.engine) as session:
        counted = parties.counts(session, actor)
        listed = {box: parties.in_box(session, actor, box, (1, 10)).total for box in Box}
        assert counted == listed
        assert parties.waiting(session, actor) == counted[Box.ANSWER]
        return [box for box, count in counted.items() for _ in range(count)]


@pytest.mark.parametrize("state", list(State))
def test_a_match_stands_in_the_box_that_its_state_says(found: Arena, state: State) -> None:
    match = reach(found, state)
    for actor, side, box in zip((found.needer, found.resulter), Side, BOXES[state], strict=True):
        assert boxes(found, actor) == ([box] if box else [])
        with reading_session(found.engine) as session:
            assert knows(session, match, side) is (box is not None)
            if box is None:
                with pytest.raises(NotFound):
                    parties.ours(session, match.public_id, actor)
            else:
                assert parties.ours(session, match.public_id, actor).side is side


def test_viewers_see_what_their_organisation_does_and_others_nothing(found: Arena) -> None:
    match = found.offer()
    assert boxes(found, found.need_viewer) == [Box.ANSWER]
    assert boxes(found, found.stranger) == []
    assert boxes(found, found.broker) == []
    with reading_session(found.engine) as session, pytest.raises(NotFound):
        parties.ours(session, match.public_id, found.stranger)


def test_a_broker_may_ask_a_side_that_knows_nothing_yet(found: Arena) -> None:
    match = reach(found, State.IN_REVIEW)
    question = ask_side(found, Side.RESULT)
    assert boxes(found, found.resulter) == [Box.ANSWER]
    assert boxes(found, found.needer) == []
    with reading_session(found.engine) as session:
        asked = parties.questions(session, {match.id or 0: Side.RESULT})
        assert [one.public_id for one in asked[match.id or 0]] == [question.public_id]
        assert parties.questions(session, {match.id or 0: Side.NEED}) == {}
    with unit_of_work(found.engine) as uow:
        answers.answer_question(uow, question.public_id, "A coal mine.", actor=found.resulter)
    assert boxes(found, found.resulter) == []


def test_somebody_of_both_sides_stands_on_the_one_that_is_asked(found: Arena) -> None:
    match = reach(found, State.OFFERED_SECOND)
    both = Actor(**{**vars(found.needer), "memberships": {**found.needer.memberships, **found.resulter.memberships}})
    with reading_session(found.engine) as session:
        assert parties.ours(session, match.public_id, both).side is Side.RESULT
        assert [row.side for row in parties.in_box(session, both, Box.ANSWER, (1, 10)).rows] == [Side.RESULT]
