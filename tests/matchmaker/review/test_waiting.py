"""Pairs on their way to the desk: what fits is put there, what does not waits, and two at once change nothing."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import Engine, select, update
from sqlmodel import Session

from matchmaker.accounts.models import Role
from matchmaker.accounts.schemas import Actor
from matchmaker.audit.models import AuditEvent
from matchmaker.core.clock import now
from matchmaker.core.errors import Invalid
from matchmaker.db.engine import open_engine, reading_session
from matchmaker.db.uow import unit_of_work
from matchmaker.listings import service as listings
from matchmaker.review import limits, service, waiting
from matchmaker.review.limits import Limits
from matchmaker.review.models import DeclineReason, KeptOut, Suggestion, WaitingPair
from matchmaker.review.service import Found, No
from tests.factories.html import parse
from tests.factories.market import NEED, RESULT, publish

Person = Callable[..., Actor]
ALL = {"per_organisation": "10", "per_result": "5", "first_bonus": "0", "waiting_bonus": "0"}


@pytest.fixture
def result(engine: Engine, person: Person) -> int:
    """A famous result."""
    return publish(engine, person(country="DE"), RESULT).id or 0


@pytest.fixture
def needs(engine: Engine, person: Person) -> list[int]:
    return [publish(engine, person(), NEED, title=f"Drill number {n} wanted").id or 0 for n in range(7)]


def set_limits(engine: Engine, actor: Actor, **changes: str) -> Limits:
    with unit_of_work(engine) as uow:
        return limits.change(uow, {**ALL, **changes}, actor=actor)


def find(engine: Engine, *found: Found) -> None:
    with unit_of_work(engine) as uow:
        waiting.keep(uow, found, position=1)


def on_desk(engine: Engine) -> list[Suggestion]:
    with reading_session(engine) as session:
        return list(session.execute(select(Suggestion).order_by(Suggestion.score.desc())).scalars())  # type: ignore[attr-defined]


def still_waiting(engine: Engine) -> list[WaitingPair]:
    with reading_session(engine) as session:
        return list(session.execute(select(WaitingPair).order_by(WaitingPair.id)).scalars())  # type: ignore[arg-type]


def pairs(needs: list[int], result: int) -> list[Found]:
    return [Found(need, result, 0.9 - n / 20, 0.9, 0.8) for n, need in enumerate(needs)]


def test_what_fits_is_put_on_the_desk_with_both_scores(engine: Engine, needs: list[int], result: int) -> None:
    find(engine, Found(needs[0], result, 0.64, 0.71, 0.58))
    assert on_desk(engine) == []
    assert waiting.place_fresh(engine) == 1
    (only,) = on_desk(engine)
    assert (only.score, only.need_score, only.result_score, only.coverage_bonus) == (0.64, 0.71, 0.58, 0.05)
    assert still_waiting(engine) == []


def test_a_famous_result_gets_five_and_the_others_wait_until_one_is_decided(
    engine: Engine, person: Person, needs: list[int], result: int
) -> None:
    set_limits(engine, person(Role.ADMINISTRATOR))
    find(engine, *pairs(needs, result))
    assert waiting.place_fresh(engine) == 5
    assert [row.need_id for row in on_desk(engine)] == needs[:5]
    assert [row.kept_out for row in still_waiting(engine)] == [KeptOut.RESULT] * 2
    assert waiting.place(engine) == 0
    first = on_desk(engine)[0]
    with unit_of_work(engine) as uow:
        no = No(DeclineReason.PRICE)
        service.decline(uow, first.public_id, no, revision=first.revision, actor=person(Role.BROKER))
    assert waiting.place_fresh(engine) == 0
    assert waiting.place(engine) == 1
    assert [row.need_id for row in still_waiting(engine)] == needs[6:]


def test_an_organisations_share_is_for_a_week_and_the_next_week_goes_on(
    engine: Engine, person: Person, needs: list[int], result: int
) -> None:
    set_limits(engine, person(Role.ADMINISTRATOR), per_organisation="3", per_result="100")
    find(engine, *pairs(needs, result))
    assert waiting.place_fresh(engine) == 3
    assert {row.kept_out for row in still_waiting(engine)} == {KeptOut.WEEK}
    assert waiting.place(engine) == 0
    assert waiting.place(engine, now() + timedelta(weeks=1)) == 3


def test_what_people_ask_for_takes_nobodys_place(engine: Engine, person: Person, needs: list[int], result: int) -> None:
    set_limits(engine, person(Role.ADMINISTRATOR), per_organisation="1", per_result="1")
    with unit_of_work(engine) as uow:
        service.suggest(uow, [Found(needs[0], result, 0.9)])
        uow.session.execute(update(Suggestion).values(origin="interest"))
    find(engine, *pairs(needs[1:3], result))
    assert waiting.place_fresh(engine) == 1


def test_a_pair_that_is_found_again_waits_once_with_its_new_scores(
    engine: Engine, person: Person, needs: list[int], result: int
) -> None:
    set_limits(engine, person(Role.ADMINISTRATOR), per_result="1")
    find(engine, *pairs(needs[:2], result))
    waiting.place_fresh(engine)
    (before,) = still_waiting(engine)
    find(engine, Found(needs[1], result, 0.5, 0.6, 0.4), Found(needs[0], result, 0.95, 0.95, 0.95))
    (after,) = still_waiting(engine)
    assert (after.score, after.found_at) == (0.5, before.found_at)
    assert on_desk(engine)[0].score == 0.95
    find(engine, Found(needs[1], result, waiting.LEAST_SCORE - 0.01))
    assert still_waiting(engine) == []


def test_what_leaves_the_market_is_not_put_on_the_desk(engine: Engine, person: Person, result: int) -> None:
    owner = person()
    need = publish(engine, owner, NEED)
    find(engine, Found(need.id or 0, result, 0.9))
    with unit_of_work(engine) as uow:
        listings.withdraw(uow, need.public_id, actor=owner)
    assert waiting.place(engine) == 0
    assert (on_desk(engine), still_waiting(engine)) == ([], [])


def test_a_crash_before_the_commit_leaves_everything_waiting(
    engine: Engine, needs: list[int], result: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    find(engine, *pairs(needs, result))

    def crash(*_args: object) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(waiting, "_note", crash)
        with pytest.raises(OSError, match="full"):
            waiting.place_fresh(engine)
    assert on_desk(engine) == []
    assert len(still_waiting(engine)) == len(needs)
    assert waiting.place_fresh(engine) == 5


def test_two_who_choose_at_once_give_nobody_more_than_one_would(
    app: Flask, engine: Engine, person: Person, needs: list[int], result: int
) -> None:
    set_limits(engine, person(Role.ADMINISTRATOR), per_organisation="4", per_result="3")
    others = [publish(engine, person(country="FR"), RESULT, title=f"Foreuse {n}").id or 0 for n in range(2)]
    everything = [pair for each in (result, *others) for pair in pairs(needs, each)]
    find(engine, *everything)
    engines = [open_engine(app.extensions["matchmaker.settings"].database_url) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        placed = sum(pool.map(waiting.place, engines))
    for one in engines:
        one.dispose()
    found = on_desk(engine)
    assert placed == len(found) == 9
    assert Counter(row.result_id for row in found) == dict.fromkeys((result, *others), 3)
    assert len(still_waiting(engine)) == len(everything) - 9


def test_limits_are_changed_by_administrators_and_every_change_is_in_the_record(
    signed_in: Callable[..., tuple], engine: Engine, session: Session, needs: list[int], result: int
) -> None:
    client, actor = signed_in(Role.ADMINISTRATOR)
    assert parse(client.get("/admin/limits").text) is not None
    find(engine, *pairs(needs, result))
    waiting.place_fresh(engine)
    for _ in range(2):
        assert client.post("/admin/limits", data={**ALL, "per_result": "7", "first_bonus": "5"}).status_code == 303
    assert waiting.place_fresh(engine) == 2
    kept = select(AuditEvent.object_id, AuditEvent.detail).where(
        AuditEvent.actor == actor.public_id, AuditEvent.action == "suggestion_limit.change"
    )
    assert session.execute(kept).all() == [("per_result", "5 to 7"), ("waiting_bonus", "2 to 0")]


@pytest.mark.parametrize("value", ["", "0", "1001", "-3", "ten", "5.5", "٥", "9" * 30])
def test_a_limit_out_of_bounds_changes_nothing(
    signed_in: Callable[..., tuple], engine: Engine, session: Session, value: str
) -> None:
    client, actor = signed_in(Role.ADMINISTRATOR)
    answer = client.post("/admin/limits", data={**ALL, "per_result": value})
    assert answer.status_code == 422
    assert "Please write a whole number from 1 to 1000." in answer.text
    assert limits.read(session) == Limits()
    with pytest.raises(Invalid):
        set_limits(engine, actor, per_result=value)


def test_limits_are_for_administrators(signed_in: Callable[..., tuple]) -> None:
    for role in (Role.MEMBER, Role.BROKER):
        client, _ = signed_in(role)
        assert client.get("/admin/limits").status_code == 403
        assert client.post("/admin/limits", data=ALL).status_code == 403


def test_a_broker_reads_how_many_wait_and_why_but_for_those_of_their_own_house(
    signed_in: Callable[..., tuple], engine: Engine, person: Person, needs: list[int], result: int
) -> None:
    set_limits(engine, person(Role.ADMINISTRATOR), per_organisation="1")
    find(engine, *pairs(needs, result))
    client, _ = signed_in(Role.BROKER)
    assert "wait for next week" not in client.get("/desk").text
    waiting.place_fresh(engine)
    assert "6 more matches wait for next week" in client.get("/desk").text
    assert "等待下周" in client.get("/desk", headers={"Accept-Language": "zh"}).text


def test_a_match_tells_what_it_is_worth_to_each_side(
    app: Flask, signed_in: Callable[..., tuple], engine: Engine, needs: list[int], result: int
) -> None:
    matcher = app.extensions["matchmaker.matcher"]
    find(engine, Found(needs[0], result, 0.64, 0.71, 0.58))
    while matcher.round():
        pass
    waiting.place_fresh(engine)
    client, _ = signed_in(Role.BROKER)
    text = client.get(f"/desk/{on_desk(engine)[0].public_id}").text
    assert "For the need: " in text
    assert "for both: " in text
    assert "head start of 5 points" in text
