"""What an organisation has done so far, as its timelines tell it."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from matchmaker.accounts.models import Organisation, Verification
from matchmaker.accounts.schemas import Actor
from matchmaker.db.engine import reading_session
from matchmaker.db.uow import unit_of_work
from matchmaker.review.history import History, histories
from matchmaker.review.models import State
from tests.factories.matches import Arena, arena, reach


@pytest.fixture
def found(engine: Engine, person: Callable[..., Actor]) -> Arena:
    return arena(engine, person)


def of(found: Arena, actor: Actor) -> History:
    with reading_session(found.engine) as session:
        org = actor.organisation_id or 0
        return histories(session, [org])[org]


def counts(history: History) -> tuple[int, int, int, int, int]:
    return history.offered, history.accepted, history.declined, history.lapsed, history.introductions


@pytest.mark.parametrize(
    ("state", "need", "result"),
    [
        (State.SUGGESTED, (0, 0, 0, 0, 0), (0, 0, 0, 0, 0)),
        (State.ENDORSED, (0, 0, 0, 0, 0), (0, 0, 0, 0, 0)),
        (State.OFFERED_FIRST, (1, 0, 0, 0, 0), (0, 0, 0, 0, 0)),
        (State.OFFERED_SECOND, (1, 1, 0, 0, 0), (1, 0, 0, 0, 0)),
        (State.DECLINED, (1, 0, 1, 0, 0), (0, 0, 0, 0, 0)),
        (State.LAPSED, (1, 0, 0, 1, 0), (0, 0, 0, 0, 0)),
        (State.MUTUAL, (1, 1, 0, 0, 0), (1, 1, 0, 0, 0)),
        (State.INTRODUCED, (1, 1, 0, 0, 1), (1, 1, 0, 0, 1)),
        (State.AGREEMENT, (1, 1, 0, 0, 1), (1, 1, 0, 0, 1)),
    ],
)
def test_a_history_counts_what_was_asked_and_answered(
    found: Arena, state: State, need: tuple[int, ...], result: tuple[int, ...]
) -> None:
    reach(found, state)
    assert counts(of(found, found.needer)) == need
    assert counts(of(found, found.resulter)) == result


def test_the_answer_s_time_is_the_median_in_days(found: Arena) -> None:
    assert of(found, found.needer).median_days is None
    reach(found, State.OFFERED_SECOND)
    days = of(found, found.needer).median_days
    assert days is not None
    assert 0 <= days < 1


def test_listings_and_verification_are_told(found: Arena) -> None:
    assert (of(found, found.needer).listings, of(found, found.needer).verified) == (1, False)
    with unit_of_work(found.engine) as uow:
        uow.session.get_one(Organisation, found.needer.organisation_id).verification = Verification.VERIFIED
    assert of(found, found.needer).verified
    assert of(found, found.stranger).listings == 0


def test_nobody_has_no_history(session: Session) -> None:
    assert histories(session, []) == {}
