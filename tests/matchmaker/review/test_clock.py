"""What happens when nobody does anything; moments are passed in, and twice is once."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, select
from sqlmodel import col

from matchmaker.accounts.schemas import Actor
from matchmaker.core.clock import now
from matchmaker.core.errors import Conflict
from matchmaker.core.workdays import after_workdays
from matchmaker.db.engine import reading_session
from matchmaker.db.uow import UnitOfWork, unit_of_work
from matchmaker.listings import service as listings
from matchmaker.notifications.models import Notification
from matchmaker.review import clock
from matchmaker.review.deadlines import days_left, is_near
from matchmaker.review.interest import Coming, come_forward
from matchmaker.review.models import CloseReason, DeclineReason, MoveKind, Side, State, Suggestion
from matchmaker.review.moves import Move, advance
from matchmaker.review.tasks import TICKS
from tests.factories.market import NEED, publish
from tests.factories.matches import Arena, arena, give_broker, reach


@pytest.fixture
def found(engine: Engine, person: Callable[..., Actor]) -> Arena:
    return arena(engine, person)


def kinds(found: Arena, actor: Actor) -> list[str]:
    with reading_session(found.engine) as session:
        wanted = select(Notification.kind).where(
            col(Notification.person_id) == actor.person_id, col(Notification.kind).not_like("listing.%")
        )
        return list(session.execute(wanted.order_by(col(Notification.id))).scalars())


def endorse(found: Arena, offer_at: datetime) -> None:
    with unit_of_work(found.engine) as uow:
        row = uow.session.get_one(Suggestion, found.match().id)
        advance(uow, row, Move(State.ENDORSED, found.broker, changes={"offer_at": offer_at}))


def express(found: Arena) -> None:
    """The result's side comes by itself."""
    with unit_of_work(found.engine) as uow:
        come_forward(uow, uow.session.get_one(Suggestion, found.match().id), Coming(Side.RESULT, found.resulter))


def test_what_was_endorsed_is_offered_when_its_time_has_come_and_once(found: Arena) -> None:
    moment = now() + timedelta(minutes=10)
    endorse(found, moment)
    assert clock.offer_due(found.engine, moment - timedelta(seconds=1)) == 0
    assert clock.offer_due(found.engine, moment) == 1
    assert clock.offer_due(found.engine, moment) == 0
    assert found.match().state is State.OFFERED_FIRST
    assert found.match().deadline_at == after_workdays(moment, 10, "CN")
    assert kinds(found, found.needer) == ["match.offered"]


def test_what_takes_no_offers_waits_until_it_does(found: Arena) -> None:
    endorse(found, now())
    with unit_of_work(found.engine) as uow:
        uow.session.merge(found.need).open_for_interest = False
    assert clock.offer_due(found.engine) == 0
    with unit_of_work(found.engine) as uow:
        uow.session.merge(found.need).open_for_interest = True
    assert clock.offer_due(found.engine) == 1


def test_silence_ends_an_offer_and_only_the_broker_learns_whose(found: Arena) -> None:
    asked = reach(found, State.OFFERED_SECOND)
    assert asked.deadline_at is not None
    assert clock.lapse_due(found.engine, asked.deadline_at - timedelta(seconds=1)) == 0
    assert clock.lapse_due(found.engine, asked.deadline_at) == 1
    assert clock.lapse_due(found.engine, asked.deadline_at) == 0
    assert found.match().state is State.LAPSED
    assert kinds(found, found.needer)[-1] == "match.lapsed"
    assert kinds(found, found.resulter)[-1] == "match.lapsed"
    assert kinds(found, found.broker)[-1] == "match.silent"
    assert found.moves()[-1].reason == "result"


def test_a_side_that_was_never_asked_hears_of_no_lapse(found: Arena) -> None:
    reach(found, State.LAPSED)
    assert kinds(found, found.resulter) == []


def test_what_both_wanted_and_no_gate_let_through_lapses_too(found: Arena) -> None:
    mutual = reach(found, State.MUTUAL)
    assert mutual.deadline_at == after_workdays(mutual.state_at, 10, "DE")
    assert clock.lapse_due(found.engine, mutual.deadline_at) == 1
    assert found.match().state is State.LAPSED


def test_a_reminder_comes_three_working_days_before_the_end_and_once(found: Arena) -> None:
    offered = found.offer()
    assert offered.deadline_at is not None
    days = [offered.state_at + timedelta(days=n) for n in range((offered.deadline_at - offered.state_at).days)]
    first = next(day for day in days if is_near(offered.deadline_at, "CN", day))
    assert days_left(offered.deadline_at, "CN", first) == 3
    assert clock.remind_due(found.engine, first - timedelta(days=1)) == 0
    assert clock.remind_due(found.engine, first) == 1
    assert clock.remind_due(found.engine, first + timedelta(days=1)) == 0
    assert kinds(found, found.needer) == ["match.offered", "match.reminder"]
    assert kinds(found, found.resulter) == []
    found.say_yes()
    again = found.match().deadline_at
    assert again is not None
    assert clock.remind_due(found.engine, again - timedelta(hours=5)) == 1
    assert kinds(found, found.resulter)[-1] == "match.reminder"


def test_what_has_lapsed_is_reminded_of_no_more(found: Arena) -> None:
    offered = found.offer()
    assert offered.deadline_at is not None
    assert clock.remind_due(found.engine, offered.deadline_at) == 0


def test_what_was_put_aside_comes_back_on_its_day(found: Arena) -> None:
    reach(found, State.PARKED)
    day = now().date() + timedelta(days=5)
    with unit_of_work(found.engine) as uow:
        uow.session.get_one(Suggestion, found.match().id).parked_until = day
    assert clock.return_parked(found.engine, now() + timedelta(days=4)) == 0
    assert clock.return_parked(found.engine, now() + timedelta(days=5)) == 1
    assert clock.return_parked(found.engine, now() + timedelta(days=5)) == 0
    assert (found.match().state, found.match().parked_until) == (State.IN_REVIEW, None)
    assert kinds(found, found.broker) == ["match.returned"]


def test_an_interest_that_waits_for_a_broker_goes_on_after_five_working_days(found: Arena) -> None:
    give_broker(found.engine, found.needer, found.broker)
    express(found)
    waiting = found.match()
    assert (waiting.state, waiting.broker_id) == (State.IN_REVIEW, found.broker.person_id)
    due = after_workdays(waiting.state_at, 5, "CN")
    assert waiting.deadline_at == due
    assert clock.pass_on_due(found.engine, due - timedelta(minutes=1)) == 0
    assert clock.pass_on_due(found.engine, due) == 1
    assert clock.pass_on_due(found.engine, due) == 0
    assert found.match().state is State.OFFERED_SECOND
    assert kinds(found, found.needer) == ["interest.received"]
    assert kinds(found, found.resulter) == ["interest.passed_on"]


def test_an_interest_that_a_broker_declined_is_told_when_it_can_be_taken_back_no_more(found: Arena) -> None:
    give_broker(found.engine, found.needer, found.broker)
    express(found)
    with unit_of_work(found.engine) as uow:
        row = uow.session.get_one(Suggestion, found.match().id)
        changes = {"decline_reason": DeclineReason.TOO_EARLY}
        advance(uow, row, Move(State.DECLINED, found.broker, reason="too_early", changes=changes))
    assert clock.tell_refused(found.engine, now() + timedelta(minutes=9)) == 0
    assert clock.tell_refused(found.engine, now() + timedelta(minutes=11)) == 1
    assert clock.tell_refused(found.engine, now() + timedelta(minutes=12)) == 0
    assert kinds(found, found.resulter) == ["match.declined"]
    assert kinds(found, found.needer) == []


@pytest.mark.parametrize("state", [State.OFFERED_FIRST, State.OFFERED_SECOND, State.MUTUAL])
def test_what_loses_a_listing_ends_and_whoever_knew_is_told_once(found: Arena, state: State) -> None:
    reach(found, state)
    drain(found)
    with unit_of_work(found.engine) as uow:
        listings.withdraw(uow, found.result.public_id, actor=found.resulter)
    assert drain(found) == 1
    ended = found.match()
    assert (ended.state, ended.close_reason) == (State.CLOSED, CloseReason.LISTING_WITHDRAWN)
    assert kinds(found, found.needer).count("match.closed") == 1
    assert kinds(found, found.resulter).count("match.closed") == (0 if state is State.OFFERED_FIRST else 1)
    assert drain(found) == 0


@pytest.mark.parametrize("state", [State.SUGGESTED, State.IN_REVIEW, State.PARKED, State.ENDORSED, State.INTRODUCED])
def test_what_nobody_waits_in_and_what_has_met_goes_on(found: Arena, state: State) -> None:
    reach(found, state)
    with unit_of_work(found.engine) as uow:
        listings.withdraw(uow, found.result.public_id, actor=found.resulter)
    drain(found)
    assert found.match().state is state


def test_an_interest_ends_when_the_listing_does_though_a_broker_has_it(found: Arena) -> None:
    give_broker(found.engine, found.needer, found.broker)
    express(found)
    with unit_of_work(found.engine) as uow:
        listings.withdraw(uow, found.need.public_id, actor=found.needer)
    drain(found)
    assert found.match().state is State.CLOSED
    assert kinds(found, found.resulter) == ["match.closed"]
    assert kinds(found, found.needer) == []


def test_a_withdrawal_that_was_followed_is_not_looked_at_again(found: Arena, person: Callable[..., Actor]) -> None:
    publish(found.engine, person(), NEED)
    assert drain(found) > 0
    assert clock.follow_market(found.engine) == 0


def test_one_match_that_cannot_be_moved_keeps_no_other_from_it(found: Arena) -> None:
    id_ = found.offer().id or 0
    tried = []

    def deed(_uow: UnitOfWork, suggestion: Suggestion) -> bool:
        tried.append(suggestion.id)
        if len(tried) == 1:
            raise Conflict("somebody was faster")
        return True

    assert clock.each(found.engine, [id_, id_ + 1000, id_], deed) == 1
    assert tried == [id_, id_]


def test_the_clock_leaves_no_mark_but_its_own(found: Arena) -> None:
    offered = found.offer()
    assert offered.deadline_at is not None
    clock.remind_due(found.engine, offered.deadline_at - timedelta(hours=2))
    mark = found.moves()[-1]
    assert (mark.kind, mark.party, mark.person_id, mark.shared) == (MoveKind.NOTE, "clock", None, False)
    assert found.match().revision == offered.revision


def test_every_tick_finds_nothing_to_do_in_an_empty_house(engine: Engine) -> None:
    assert [tick.run(engine) for tick in TICKS] == [0] * len(TICKS)


def drain(found: Arena) -> int:
    """Follow the market to its end; answers how many changes those were."""
    done = 0
    while some := clock.follow_market(found.engine):
        done += some
    return done
