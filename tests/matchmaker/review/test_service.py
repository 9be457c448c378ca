"""A verdict is kept with who, when and why, and nobody overwrites another's unseen."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine, select
from sqlmodel import Session, col

from matchmaker.accounts.models import Role
from matchmaker.accounts.schemas import Actor
from matchmaker.audit.models import AuditEvent
from matchmaker.core.clock import now
from matchmaker.core.errors import Conflict, Invalid, NotFound
from matchmaker.db.engine import reading_session
from matchmaker.db.uow import unit_of_work
from matchmaker.review import service
from matchmaker.review.models import DeclineReason, State, Suggestion
from matchmaker.review.service import Found, No
from matchmaker.review.wording import NOTE_LIMIT
from tests.factories.market import NEED, RESULT, publish

Person = Callable[..., Actor]


@pytest.fixture
def broker(person: Person) -> Actor:
    return person(Role.BROKER)


@pytest.fixture
def pair(engine: Engine, person: Person) -> tuple[int, int]:
    need, result = publish(engine, person(), NEED), publish(engine, person(country="DE"), RESULT)
    return need.id or 0, result.id or 0


def suggest(engine: Engine, *found: Found) -> int:
    with unit_of_work(engine) as uow:
        return service.suggest(uow, found)


def only(engine: Engine) -> Suggestion:
    with reading_session(engine) as session:
        return session.execute(select(Suggestion)).scalar_one()


@pytest.fixture
def suggestion(engine: Engine, pair: tuple[int, int]) -> Suggestion:
    suggest(engine, Found(*pair, 0.7))
    return only(engine)


def test_a_new_pair_is_an_open_suggestion(engine: Engine, pair: tuple[int, int]) -> None:
    assert suggest(engine, Found(*pair, 0.7)) == 1
    found = only(engine)
    assert (found.need_id, found.result_id, found.score, found.state) == (*pair, 0.7, State.SUGGESTED)
    assert (found.revision, found.decided_by, found.decided_at) == (1, None, None)


def test_a_pair_found_twice_at_once_is_one_suggestion(engine: Engine, pair: tuple[int, int]) -> None:
    assert suggest(engine, Found(*pair, 0.6), Found(*pair, 0.8)) == 1
    assert only(engine).score == 0.8


def test_suggesting_nothing_changes_nothing(engine: Engine, suggestion: Suggestion) -> None:
    assert suggest(engine) == 0
    assert only(engine) == suggestion


def test_a_known_pair_gets_its_new_score_and_keeps_its_verdict(
    engine: Engine, pair: tuple[int, int], suggestion: Suggestion, broker: Actor
) -> None:
    with unit_of_work(engine) as uow:
        service.decline(uow, suggestion.public_id, No(DeclineReason.IP, "Their patent."), revision=1, actor=broker)
    assert suggest(engine, Found(*pair, 0.9)) == 0
    found = only(engine)
    assert (found.score, found.state, found.decline_reason) == (0.9, State.DECLINED, DeclineReason.IP)
    assert (found.note, found.decided_by, found.revision) == ("Their patent.", broker.person_id, 2)


def test_an_endorsement_says_who_and_when(engine: Engine, suggestion: Suggestion, broker: Actor) -> None:
    before = now()
    with unit_of_work(engine) as uow:
        service.endorse(uow, suggestion.public_id, revision=1, actor=broker)
    found = only(engine)
    assert (found.state, found.decided_by, found.revision) == (State.ENDORSED, broker.person_id, 2)
    assert found.decided_at is not None
    assert before <= found.decided_at <= now()


def problems(engine: Engine, suggestion: Suggestion, why: tuple[DeclineReason | None, str], actor: Actor) -> object:
    with pytest.raises(Invalid) as caught, unit_of_work(engine) as uow:
        service.decline(uow, suggestion.public_id, No(*why), revision=1, actor=actor)
    assert only(engine) == suggestion
    return caught.value.problems


def test_declining_needs_a_reason(engine: Engine, suggestion: Suggestion, broker: Actor) -> None:
    assert problems(engine, suggestion, (None, "a note alone"), broker) == {"reason": "missing"}


@pytest.mark.parametrize("note", ["", "  \n ", "\x00\t"])
def test_another_reason_needs_a_note(engine: Engine, suggestion: Suggestion, broker: Actor, note: str) -> None:
    assert problems(engine, suggestion, (DeclineReason.OTHER, note), broker) == {"note": "missing"}


def test_a_note_has_a_limit(engine: Engine, suggestion: Suggestion, broker: Actor) -> None:
    note = "x" * (NOTE_LIMIT + 1)
    assert problems(engine, suggestion, (DeclineReason.IP, note), broker) == {"note": "string_too_long"}


@pytest.mark.parametrize("reason", DeclineReason)
def test_every_reason_is_kept_with_its_note(
    engine: Engine, suggestion: Suggestion, broker: Actor, reason: DeclineReason
) -> None:
    with unit_of_work(engine) as uow:
        service.decline(uow, suggestion.public_id, No(reason, "  因为  价格 "), revision=1, actor=broker)
    found = only(engine)
    assert (found.state, found.decline_reason, found.note) == (State.DECLINED, reason, "因为 价格")


def test_a_verdict_on_what_somebody_else_decided_meanwhile_is_a_conflict(
    engine: Engine, suggestion: Suggestion, person: Person
) -> None:
    first, second = person(Role.BROKER), person(Role.BROKER)
    with unit_of_work(engine) as uow:
        service.endorse(uow, suggestion.public_id, revision=1, actor=first)
    for revision in (1, 3):
        with pytest.raises(Conflict), unit_of_work(engine) as uow:
            service.decline(uow, suggestion.public_id, No(DeclineReason.PRICE, ""), revision=revision, actor=second)
    found = only(engine)
    assert (found.state, found.decided_by, found.decline_reason) == (State.ENDORSED, first.person_id, None)


def test_a_decided_pair_cannot_be_decided_again_before_it_is_reopened(
    engine: Engine, suggestion: Suggestion, broker: Actor
) -> None:
    with unit_of_work(engine) as uow:
        service.endorse(uow, suggestion.public_id, revision=1, actor=broker)
    with pytest.raises(Conflict), unit_of_work(engine) as uow:
        service.decline(uow, suggestion.public_id, No(DeclineReason.IP, ""), revision=2, actor=broker)
    assert only(engine).revision == 2


def test_a_verdict_that_is_taken_back_leaves_no_trace_on_the_pair(
    engine: Engine, suggestion: Suggestion, broker: Actor
) -> None:
    with unit_of_work(engine) as uow:
        service.decline(uow, suggestion.public_id, No(DeclineReason.OTHER, "Too far."), revision=1, actor=broker)
    with unit_of_work(engine) as uow:
        service.reopen(uow, suggestion.public_id, revision=2, actor=broker)
    found = only(engine)
    assert (found.state, found.decline_reason, found.note) == (State.SUGGESTED, None, "")
    assert (found.decided_by, found.decided_at, found.revision) == (None, None, 3)


def test_every_verdict_is_in_the_record_of_deeds(
    engine: Engine, suggestion: Suggestion, broker: Actor, session: Session
) -> None:
    with unit_of_work(engine) as uow:
        service.endorse(uow, suggestion.public_id, revision=1, actor=broker)
    with unit_of_work(engine) as uow:
        service.reopen(uow, suggestion.public_id, revision=2, actor=broker)
    kept = select(AuditEvent).where(col(AuditEvent.actor) == broker.public_id).order_by(col(AuditEvent.id))
    actions = [row.action for row in session.execute(kept).scalars()]
    assert actions == ["suggestion.endorsed", "suggestion.suggested"]


def test_a_pair_that_does_not_exist_is_not_found(engine: Engine, broker: Actor) -> None:
    with pytest.raises(NotFound), unit_of_work(engine) as uow:
        service.endorse(uow, "nowhere", revision=1, actor=broker)
