"""The sides answer: once each, in time, by those who may, and the other side learns what it should."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select
from sqlmodel import col

from matchmaker.accounts.models import Membership, MembershipRole, Organisation, Person
from matchmaker.accounts.queries import actor_of
from matchmaker.accounts.schemas import Actor
from matchmaker.core.clock import now
from matchmaker.core.errors import Conflict, Invalid, NotAllowed, NotFound
from matchmaker.core.workdays import after_workdays
from matchmaker.db.engine import reading_session
from matchmaker.db.uow import unit_of_work
from matchmaker.listings import service as listings
from matchmaker.notifications.models import Notification
from matchmaker.review import answers, offers, sides
from matchmaker.review.answers import Step
from matchmaker.review.models import CloseReason, DeclineReason, Side, State, Suggestion
from matchmaker.review.wording import NOTE_LIMIT
from tests.factories.matches import Arena, arena, join, reach

RTL = "نحن مهتمون \u202eبهذا المشروع"


@pytest.fixture
def found(engine: Engine, person: Callable[..., Actor]) -> Arena:
    return arena(engine, person)


def news(engine: Engine, actor: Actor) -> list[str]:
    """The kinds of a person's news, oldest first."""
    with reading_session(engine) as session:
        wanted = select(Notification.kind).where(
            col(Notification.person_id) == actor.person_id, col(Notification.kind).not_like("listing.%")
        )
        return list(session.execute(wanted.order_by(col(Notification.id))).scalars())


def test_an_offer_asks_the_need_first_and_says_until_when(found: Arena) -> None:
    offered = found.offer()
    assert (offered.state, offered.first_side) == (State.OFFERED_FIRST, Side.NEED)
    assert offered.deadline_at == after_workdays(offered.state_at, 10, "CN")
    assert news(found.engine, found.needer) == ["match.offered"]
    assert news(found.engine, found.resulter) == []


def test_an_offer_may_ask_the_result_first(found: Arena) -> None:
    endorsed = reach(found, State.ENDORSED)
    with unit_of_work(found.engine) as uow:
        uow.session.get_one(Suggestion, endorsed.id).first_side = Side.RESULT
    with unit_of_work(found.engine) as uow:
        offers.offer_now(uow, endorsed.public_id, revision=endorsed.revision, actor=found.broker)
    assert news(found.engine, found.resulter) == ["match.offered"]
    assert found.match().deadline_at == after_workdays(found.match().state_at, 10, "DE")
    with pytest.raises(NotFound):
        found.say_yes(Side.NEED)
    assert found.say_yes(Side.RESULT).state is State.OFFERED_SECOND
    assert found.say_yes(Side.NEED).state is State.INTRODUCED


def test_offering_twice_is_offering_once(found: Arena) -> None:
    offered = found.offer()
    with unit_of_work(found.engine) as uow:
        again = offers.offer_now(uow, offered.public_id, revision=offered.revision - 1, actor=found.broker)
        assert again.revision == offered.revision
    assert news(found.engine, found.needer) == ["match.offered"]


def test_what_left_the_market_or_takes_no_offers_is_not_offered(found: Arena) -> None:
    endorsed = reach(found, State.ENDORSED)
    with unit_of_work(found.engine) as uow:
        uow.session.merge(found.result).open_for_interest = False
    with unit_of_work(found.engine) as uow, pytest.raises(Invalid) as refused:
        offers.offer_now(uow, endorsed.public_id, revision=endorsed.revision, actor=found.broker)
    assert refused.value.problems == {"listing": "not_open"}
    with unit_of_work(found.engine) as uow:
        listings.withdraw(uow, found.need.public_id, actor=found.needer)
    with unit_of_work(found.engine) as uow, pytest.raises(Invalid) as refused:
        offers.offer_now(uow, endorsed.public_id, revision=endorsed.revision, actor=found.broker)
    assert refused.value.problems == {"listing": "off_market"}


def test_a_yes_asks_the_other_side_by_its_own_calendar(found: Arena) -> None:
    found.offer()
    asked = found.say_yes()
    assert asked.state is State.OFFERED_SECOND
    assert asked.need_yes_at is not None
    assert asked.deadline_at == after_workdays(asked.state_at, 10, "DE")
    assert news(found.engine, found.resulter) == ["match.offered"]
    assert news(found.engine, found.broker) == ["match.accepted"]


def test_two_times_yes_is_an_introduction(found: Arena) -> None:
    reach(found, State.OFFERED_SECOND)
    assert found.say_yes(Side.RESULT).state is State.INTRODUCED


@pytest.mark.parametrize("state", [State.OFFERED_SECOND, State.MUTUAL, State.INTRODUCED, State.AGREEMENT])
def test_the_same_yes_again_shows_the_state_and_changes_nothing(found: Arena, state: State) -> None:
    before = reach(found, state)
    told = news(found.engine, found.resulter)
    with unit_of_work(found.engine) as uow:
        again = answers.say_yes(uow, before.public_id, side=Side.NEED, revision=1, actor=found.needer)
        assert (again.state, again.revision) == (state, before.revision)
    assert news(found.engine, found.resulter) == told


def test_the_same_no_again_changes_nothing(found: Arena) -> None:
    found.offer()
    found.say_no()
    declined = found.match()
    assert found.say_no(note="on second thoughts").note == ""
    assert found.match().revision == declined.revision


def test_of_two_people_who_answer_at_once_one_wins(found: Arena, person: Callable[..., Actor]) -> None:
    offered = found.offer()
    partner = join(found.engine, person(), found.needer, MembershipRole.MEMBER)
    found.say_no()
    with unit_of_work(found.engine) as uow, pytest.raises(Conflict):
        answers.say_yes(uow, offered.public_id, side=Side.NEED, revision=offered.revision, actor=partner)
    assert found.match().state is State.DECLINED


def test_a_yes_to_what_was_read_before_somebody_moved_it_is_refused(found: Arena) -> None:
    offered = found.offer()
    with unit_of_work(found.engine) as uow, pytest.raises(Conflict):
        answers.say_yes(uow, offered.public_id, side=Side.NEED, revision=offered.revision - 1, actor=found.needer)


@pytest.mark.parametrize(
    ("role", "error"),
    [
        ("need_viewer", NotAllowed),
        ("unconfirmed", NotAllowed),
        ("resulter", NotFound),
        ("stranger", NotFound),
        ("broker", NotFound),
        ("administrator", NotFound),
    ],
)
def test_only_confirmed_people_who_act_for_the_side_answer(found: Arena, role: str, error: type[Exception]) -> None:
    found.offer()
    with pytest.raises(error):
        found.say_yes(actor=found.roles[role])
    with pytest.raises(error):
        found.say_no(actor=found.roles[role])


def test_a_side_that_was_not_asked_yet_does_not_know_of_the_match(found: Arena) -> None:
    found.offer()
    with pytest.raises(NotFound):
        found.say_no(Side.RESULT)


def test_a_no_needs_a_reason_and_another_reason_a_note(found: Arena) -> None:
    found.offer()
    for said, problems in (
        ({"reason": None}, {"reason": "missing"}),
        ({"reason": DeclineReason.OTHER, "note": " \u202e\n"}, {"note": "missing"}),
        ({"note": "长" * (NOTE_LIMIT + 1)}, {"note": "string_too_long"}),
        ({"note": "x" * 5000}, {"note": "string_too_long"}),
    ):
        with pytest.raises(Invalid) as refused:
            found.say_no(**said)
        assert refused.value.problems == problems
    assert found.match().state is State.OFFERED_FIRST


def test_a_note_from_right_to_left_is_kept_without_what_disguises_it(found: Arena) -> None:
    found.offer()
    declined = found.say_no(reason=DeclineReason.OTHER, note=RTL, share=True)
    assert declined.note == RTL.replace("\u202e", "")
    assert (declined.declined_by, declined.note_shared) == (Side.NEED, True)


def test_a_no_of_the_second_side_is_told_to_the_first_and_one_of_the_first_is_not(found: Arena) -> None:
    reach(found, State.OFFERED_SECOND)
    found.say_no(Side.RESULT)
    assert news(found.engine, found.needer)[-1] == "match.declined"
    assert news(found.engine, found.broker)[-1] == "match.declined"


def test_a_no_before_the_other_side_was_asked_reaches_only_the_broker(found: Arena) -> None:
    found.offer()
    found.say_no()
    assert news(found.engine, found.resulter) == []
    assert news(found.engine, found.broker) == ["match.declined"]


def test_a_yes_can_be_taken_back_until_the_introduction(found: Arena) -> None:
    asked = reach(found, State.OFFERED_SECOND)
    with unit_of_work(found.engine) as uow:
        closed = answers.withdraw(uow, asked.public_id, side=Side.NEED, revision=asked.revision, actor=found.needer)
        assert closed.close_reason is CloseReason.INTEREST_WITHDRAWN
    assert news(found.engine, found.resulter)[-1] == "match.closed"
    with unit_of_work(found.engine) as uow:
        again = answers.withdraw(uow, asked.public_id, side=Side.NEED, revision=asked.revision, actor=found.needer)
        assert again.revision == asked.revision + 1


def test_a_listing_that_was_withdrawn_meanwhile_ends_the_match_instead(found: Arena) -> None:
    found.offer()
    with unit_of_work(found.engine) as uow:
        listings.withdraw(uow, found.result.public_id, actor=found.resulter)
    ended = found.say_yes()
    assert (ended.state, ended.close_reason) == (State.CLOSED, CloseReason.LISTING_WITHDRAWN)


def test_a_listing_that_is_withdrawn_ends_no_introduction(found: Arena) -> None:
    met = reach(found, State.INTRODUCED)
    with unit_of_work(found.engine) as uow:
        listings.withdraw(uow, found.need.public_id, actor=found.needer)
    with unit_of_work(found.engine) as uow:
        step = Step(State.MEETING, "Next Tuesday")
        moved = answers.progress(uow, met.public_id, step, revision=met.revision, actor=found.resulter)
        assert moved.state is State.MEETING
    assert news(found.engine, found.needer)[-1] == "match.progress"


def test_whoever_left_the_organisation_answers_no_more(found: Arena) -> None:
    found.offer()
    with unit_of_work(found.engine) as uow:
        row = uow.session.get_one(Person, found.unconfirmed.person_id)
        row.email_confirmed_at = now()
        uow.session.delete(uow.session.get_one(Membership, (row.id, found.needer.organisation_id)))
        uow.session.flush()
        gone = actor_of(uow.session, row)
    with pytest.raises(NotFound):
        found.say_yes(actor=gone)


def test_a_broker_writes_down_the_answer_of_a_side_without_an_account(found: Arena) -> None:
    with unit_of_work(found.engine) as uow:
        uow.session.merge(found.result).organisation_id = None
        uow.session.get_one(Suggestion, found.match().id).result_org_id = None
    found.offer()
    found.say_yes()
    assert "match.to_record" in news(found.engine, found.broker)
    with reading_session(found.engine) as session:
        assert sides.asked(found.match()) is Side.RESULT
        assert not sides.has_account(session, found.match(), Side.RESULT)
    with pytest.raises(NotFound):
        found.say_yes(Side.RESULT, actor=found.stranger)
    with pytest.raises(NotFound):
        found.say_yes(Side.RESULT, actor=found.colleague)
    agreed = found.say_yes(Side.RESULT, actor=found.broker)
    assert agreed.state is State.MUTUAL  # nobody can be introduced yet who has no account
    entry = next(move for move in found.moves() if move.now is State.MUTUAL)
    assert (entry.party, entry.person_id) == ("result", found.broker.person_id)


def test_somebody_of_both_sides_answers_for_the_one_that_is_asked(found: Arena) -> None:
    both = replace(found.needer, memberships={**found.needer.memberships, **found.resulter.memberships})
    found.offer()
    found.say_yes(Side.NEED, actor=both)
    found.say_yes(Side.RESULT, actor=both)
    spoke = [move.party for move in found.moves() if move.person_id == both.person_id]
    assert spoke == ["need", "result"]


def test_news_name_nothing_but_the_listing_that_the_side_knows(found: Arena) -> None:
    reach(found, State.OFFERED_SECOND)
    with reading_session(found.engine) as session:
        rows = session.execute(select(Notification).where(col(Notification.kind).like("match.%"))).scalars().all()
    assert rows
    for row in rows:
        mine = found.result if row.person_id == found.resulter.person_id else found.need
        params = json.loads(row.params)
        assert params.pop("listing") == mine.public_id
        assert set(params) <= {"date"}
        assert row.path == f"/matches/{found.match().public_id}"


def test_only_the_broker_of_the_match_or_an_administrator_tells_how_far_it_is(found: Arena) -> None:
    met = reach(found, State.INTRODUCED)
    for role in ("colleague", "stranger", "need_viewer", "unconfirmed"):
        with unit_of_work(found.engine) as uow, pytest.raises(NotAllowed):
            answers.progress(uow, met.public_id, Step(State.MEETING), revision=met.revision, actor=found.roles[role])


def test_an_introduction_ends_with_a_reason(found: Arena) -> None:
    met = reach(found, State.INTRODUCED)
    for reason, problem in ((None, "reason"), (CloseReason.LISTING_WITHDRAWN, "reason"), (CloseReason.OTHER, "note")):
        step = Step(State.CLOSED, "", reason)
        with unit_of_work(found.engine) as uow, pytest.raises(Invalid) as refused:
            answers.progress(uow, met.public_id, step, revision=met.revision, actor=found.needer)
        assert list(refused.value.problems) == [problem]


def test_a_question_to_the_broker_is_asked_once(found: Arena) -> None:
    asked = reach(found, State.OFFERED_SECOND)
    for _ in range(2):
        with unit_of_work(found.engine) as uow:
            answers.ask_broker(uow, asked.public_id, "Who is it?", side=Side.NEED, actor=found.needer)
    assert news(found.engine, found.broker).count("match.asked") == 1
    with unit_of_work(found.engine) as uow, pytest.raises(NotAllowed):
        answers.ask_broker(uow, asked.public_id, "Who is it?", side=Side.NEED, actor=found.need_viewer)


def test_ten_working_days_in_china_leave_out_the_spring_festival() -> None:
    start = now().replace(year=2026, month=2, day=13, hour=2)
    assert after_workdays(start, 10, "CN") - after_workdays(start, 10, "IT") >= timedelta(days=5)


def test_the_calendar_of_the_organisation_counts_not_that_of_the_listing(found: Arena) -> None:
    with unit_of_work(found.engine) as uow:
        uow.session.get_one(Organisation, found.needer.organisation_id).country = "RS"
    offered = found.offer()
    assert offered.deadline_at == after_workdays(offered.state_at, 10, "RS")
