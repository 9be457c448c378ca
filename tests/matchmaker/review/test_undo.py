"""One's own last deed is taken back exactly, for ten minutes, as long as nothing came after it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from matchmaker.accounts.models import MembershipRole, Role
from matchmaker.accounts.schemas import Actor
from matchmaker.core.errors import Conflict
from matchmaker.db.uow import UnitOfWork, unit_of_work
from matchmaker.review import clock, offers, service
from matchmaker.review.models import DeclineReason, MoveKind, Side, State, Suggestion
from matchmaker.review.policy import NotYours
from matchmaker.review.service import TAKE_BACK, No, Pause
from matchmaker.review.undo import undo
from tests.factories.matches import Arena, arena, join, reach
from tests.matchmaker.review.test_desk_verbs import news

Deed = Callable[[UnitOfWork, Suggestion, Arena], object]


def plain(verb: Callable[..., object], *values: object, **named: object) -> Deed:
    return lambda uow, row, found: verb(uow, row.public_id, *values, revision=row.revision, actor=found.broker, **named)


DEEDS: dict[str, tuple[State, Deed]] = {
    "take": (State.SUGGESTED, plain(service.take)),
    "give back": (State.IN_REVIEW, plain(service.give_back)),
    "endorse": (State.SUGGESTED, plain(service.endorse, first=Side.RESULT)),
    "endorse what is mine": (State.IN_REVIEW, plain(service.endorse)),
    "decline": (State.SUGGESTED, plain(service.decline, No(DeclineReason.OTHER, "Too far.", share=True))),
    "park": (State.IN_REVIEW, plain(service.park, Pause(note="Later."))),
    "unpark": (State.PARKED, plain(service.unpark)),
    "reopen": (State.ENDORSED, plain(service.reopen)),
    "assign": (
        State.PARKED,
        lambda uow, row, found: service.assign(
            uow, row.public_id, found.colleague.public_id, revision=row.revision, actor=found.broker
        ),
    ),
}


@pytest.fixture
def found(engine: Engine, person: Callable[..., Actor]) -> Arena:
    return arena(engine, person)


def do(found: Arena, deed: Deed) -> Suggestion:
    row = found.match()
    with unit_of_work(found.engine) as uow:
        deed(uow, row, found)
    return found.match()


def take_back(found: Arena, row: Suggestion, actor: Actor | None = None) -> None:
    with unit_of_work(found.engine) as uow:
        undo(uow, row.public_id, revision=row.revision, actor=actor or found.broker)


def columns(row: Suggestion) -> dict[str, object]:
    # Where it stands in the queue follows from the rest, and the count of moves never goes back.
    return row.model_dump(exclude={"revision", "priority"})


@pytest.mark.parametrize("name", DEEDS)
def test_every_deed_is_taken_back_exactly(found: Arena, name: str) -> None:
    state, deed = DEEDS[name]
    before = reach(found, state)
    after = do(found, deed)
    assert columns(after) != columns(before)
    take_back(found, after)
    restored = found.match()
    assert columns(restored) == columns(before)
    assert restored.revision == after.revision + 1
    assert (found.moves()[-1].kind, found.moves()[-1].person_id) == (MoveKind.UNDO, found.broker.person_id)


def test_the_same_click_again_takes_nothing_else_back(found: Arena) -> None:
    do(found, DEEDS["take"][1])
    after = do(found, DEEDS["endorse"][1])
    take_back(found, after)
    once = found.match()
    take_back(found, after)
    assert found.match() == once
    assert once.state is State.IN_REVIEW


def test_what_was_taken_back_can_be_done_again(found: Arena) -> None:
    take_back(found, do(found, DEEDS["endorse"][1]))
    assert do(found, DEEDS["decline"][1]).state is State.DECLINED


@pytest.mark.parametrize("who", ["colleague", "administrator"])
def test_only_who_did_it_takes_it_back(found: Arena, who: str) -> None:
    after = do(found, DEEDS["endorse"][1])
    with pytest.raises(Conflict):
        take_back(found, after, found.roles[who])
    assert found.match() == after


def test_after_somebody_else_moved_it_is_too_late(found: Arena) -> None:
    after = do(found, DEEDS["endorse"][1])
    with unit_of_work(found.engine) as uow:
        service.reopen(uow, after.public_id, revision=after.revision, actor=found.administrator)
    now_ = found.match()
    for row in (after, now_):
        with pytest.raises(Conflict):
            take_back(found, row)
    assert found.match() == now_


def test_a_note_keeps_nothing_from_being_taken_back(found: Arena) -> None:
    after = do(found, DEEDS["endorse"][1])
    with unit_of_work(found.engine) as uow:
        service.note(uow, after.public_id, "Good.", actor=found.administrator)
    take_back(found, after)
    assert found.match().state is State.SUGGESTED


@pytest.mark.parametrize(("late", "possible"), [(TAKE_BACK - timedelta(seconds=30), True), (TAKE_BACK, False)])
def test_after_ten_minutes_it_is_too_late(found: Arena, late: timedelta, possible: bool) -> None:
    after = do(found, DEEDS["decline"][1])
    moment = found.moves()[-1].at + late
    try:
        with unit_of_work(found.engine) as uow:
            undo(uow, after.public_id, revision=after.revision, actor=found.broker, at=moment)
    except Conflict:
        assert not possible
    assert found.match().state is (State.SUGGESTED if possible else State.DECLINED)


def test_what_a_side_was_asked_cannot_be_unasked(found: Arena) -> None:
    do(found, DEEDS["endorse"][1])
    asked = do(found, lambda uow, row, f: offers.offer_now(uow, row.public_id, revision=row.revision, actor=f.broker))
    assert asked.state is State.OFFERED_FIRST
    with pytest.raises(Conflict):
        take_back(found, asked)


def test_when_the_clock_was_faster_it_is_too_late(found: Arena) -> None:
    after = do(found, DEEDS["endorse"][1])
    assert clock.offer_due(found.engine, at=after.offer_at) == 1
    for row in (after, found.match()):
        with pytest.raises(Conflict):
            take_back(found, row)
    assert found.match().state is State.OFFERED_FIRST


def test_a_colleague_who_keeps_nothing_is_told(found: Arena) -> None:
    after = do(found, DEEDS["assign"][1])
    take_back(found, after)
    assert [kind for kind, _ in news(found.engine, found.colleague)] == ["match.assigned", "match.unassigned"]


def test_a_member_of_a_side_takes_nothing_back(found: Arena, person: Callable[..., Actor]) -> None:
    after = do(found, DEEDS["endorse"][1])
    insider = join(found.engine, person(Role.BROKER), found.needer, MembershipRole.VIEWER)
    with pytest.raises(NotYours):
        take_back(found, after, insider)
