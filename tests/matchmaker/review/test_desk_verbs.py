"""Every verb of the desk by every role in every state, and what each leaves behind."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest
from sqlalchemy import Engine, select

from matchmaker.accounts.models import MembershipRole, Organisation, Role
from matchmaker.accounts.schemas import Actor
from matchmaker.core.clock import now
from matchmaker.core.errors import Conflict, Invalid, MatchmakerError, NotFound
from matchmaker.db.engine import reading_session
from matchmaker.db.uow import UnitOfWork, unit_of_work
from matchmaker.interests.expression_schemas import Expression
from matchmaker.interests.expressions import express
from matchmaker.listings import service as listings
from matchmaker.notifications.models import Notification
from matchmaker.review import clock, offers, service
from matchmaker.review.models import DeclineReason, MoveKind, Side, State, Suggestion
from matchmaker.review.pair_page import deeds_of
from matchmaker.review.policy import NotYours, Why
from matchmaker.review.service import TAKE_BACK, No, Pause
from tests.factories.matches import SAID, Arena, arena, give_broker, join, reach

S = State
Verb = Callable[[UnitOfWork, Suggestion, Actor, Arena], object]


def plain(verb: Callable[..., object]) -> Verb:
    return lambda uow, row, actor, _found: verb(uow, row.public_id, revision=row.revision, actor=actor)


def with_one(verb: Callable[..., object], value: object) -> Verb:
    return lambda uow, row, actor, _found: verb(uow, row.public_id, value, revision=row.revision, actor=actor)


def assigned(uow: UnitOfWork, row: Suggestion, actor: Actor, found: Arena) -> object:
    # To somebody who has it in no state.
    return service.assign(uow, row.public_id, found.administrator.public_id, revision=row.revision, actor=actor)


VERBS: dict[str, Verb] = {
    "take": plain(service.take),
    "give_back": plain(service.give_back),
    "endorse": plain(service.endorse),
    "decline": with_one(service.decline, No(DeclineReason.PRICE)),
    "park": with_one(service.park, Pause()),
    "unpark": plain(service.unpark),
    "reopen": plain(service.reopen),
    "assign": assigned,
    "offer_now": plain(offers.offer_now),
    "note": lambda uow, row, actor, _found: service.note(uow, row.public_id, "A note.", actor=actor),
}
# What changes something, where whoever acts may handle the match; a verb that finds its aim reached is not told here.
EXPECTED: dict[State, str] = {
    S.SUGGESTED: "take endorse decline park assign note",
    S.IN_REVIEW: "give_back endorse decline park assign note",
    S.ENDORSED: "reopen assign offer_now note",
    S.DECLINED: "reopen note",
    S.PARKED: "unpark reopen assign note",
    S.OFFERED_FIRST: "assign note",
    S.OFFERED_SECOND: "assign note",
    S.MUTUAL: "assign note",
    S.INTRODUCED: "note",
    S.MEETING: "note",
    S.NEGOTIATING: "note",
    S.AGREEMENT: "note",
    S.CLOSED: "note",
    S.LAPSED: "reopen note",
}


@pytest.fixture
def found(engine: Engine, person: Callable[..., Actor]) -> Arena:
    return arena(engine, person)


class Undone(Exception):
    """Ends a transaction without keeping what was done in it."""


def does(found: Arena, verb: str, actor: Actor) -> str:
    """What becomes of a try that is not kept: "done", "nothing", or the name of the error."""
    before = found.match()
    try:
        with unit_of_work(found.engine) as uow:
            row = uow.session.get_one(Suggestion, before.id)
            made = VERBS[verb](uow, row, actor, found)
            raise Undone(
                "done" if made is not None and (row.revision > before.revision or verb == "note") else "nothing"
            )
    except Undone as end:
        return str(end)
    except MatchmakerError as error:
        return type(error).__name__


@pytest.mark.parametrize("state", list(State))
def test_every_verb_by_every_role_in_every_state(found: Arena, state: State) -> None:
    reached = reach(found, state)
    for name, actor in found.roles.items():
        mine = name in {"administrator", "broker"} or reached.broker_id is None
        handles = actor.role in {Role.BROKER, Role.ADMINISTRATOR} and mine
        for verb in VERBS:
            outcome = does(found, verb, actor)
            if handles and verb in EXPECTED[state].split():
                # A broker takes what they have not; an administrator what anybody has.
                assert outcome == "done", (state, name, verb)
            elif handles:
                assert outcome in {"Conflict", "NotAllowed", "nothing", "done"}, (state, name, verb)
                assert outcome != "done" or (verb, name) == ("take", "administrator"), (state, name, verb)
            else:
                assert outcome in {"NotYours", "nothing"}, (state, name, verb)
                assert outcome == "NotYours" or actor.role is Role.BROKER, (state, name, verb)


@pytest.mark.parametrize("state", list(State))
def test_the_buttons_are_the_verbs_that_do_something(found: Arena, state: State) -> None:
    reached = reach(found, state)
    shown = deeds_of(reached, found.broker) & set(VERBS)
    # What is parked begins again when it is looked at; one button is enough.
    assert shown == set(EXPECTED[state].split()) - ({"reopen"} if state is S.PARKED else set())


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb != "note"])
def test_of_two_brokers_at_once_one_wins(found: Arena, verb: str) -> None:
    state = next(state for state, verbs in EXPECTED.items() if verb in verbs.split())
    seen = reach(found, state)
    with unit_of_work(found.engine) as uow:
        if state is S.DECLINED:
            service.reopen(uow, seen.public_id, revision=seen.revision, actor=found.broker)
        else:
            to = found.colleague.public_id
            service.assign(uow, seen.public_id, to, revision=seen.revision, actor=found.administrator)
    after = found.match()
    stale = replace_revision(after, seen.revision)
    with pytest.raises(Conflict), unit_of_work(found.engine) as uow:
        VERBS[verb](uow, stale, found.administrator, found)
    assert found.match() == after


def replace_revision(row: Suggestion, revision: int) -> Suggestion:
    return Suggestion(**{**row.model_dump(), "revision": revision})


@pytest.mark.parametrize("verb", ["endorse", "decline", "park", "take", "assign", "note"])
def test_a_click_that_comes_twice_is_one_deed(found: Arena, verb: str) -> None:
    seen = found.match()
    for _ in range(2):
        with unit_of_work(found.engine) as uow:
            VERBS[verb](uow, seen, found.broker, found)
    assert len(found.moves()) == 1
    assert found.match().revision == seen.revision + (verb != "note")


def test_endorsing_asks_in_ten_minutes_the_side_that_was_chosen(found: Arena) -> None:
    seen = found.match()
    before = now()
    with unit_of_work(found.engine) as uow:
        service.endorse(uow, seen.public_id, revision=1, actor=found.broker, first=Side.RESULT)
    row = found.match()
    assert row.offer_at is not None
    assert timedelta(0) <= row.offer_at - before - TAKE_BACK < timedelta(minutes=1)
    assert (row.broker_id, row.decided_by) == (found.broker.person_id, found.broker.person_id)
    assert clock.offer_due(found.engine, at=row.offer_at - timedelta(seconds=1)) == 0
    assert clock.offer_due(found.engine, at=row.offer_at) == 1
    assert (found.match().state, found.match().first_side) == (S.OFFERED_FIRST, Side.RESULT)


def test_parking_is_until_a_day_within_a_year_two_weeks_by_default(found: Arena) -> None:
    today = now().date()
    wrong = {
        today: "deadline_past",
        today - timedelta(days=1): "deadline_past",
        today + timedelta(days=367): "park_far",
    }
    for day, problem in wrong.items():
        with pytest.raises(Invalid) as caught, unit_of_work(found.engine) as uow:
            service.park(uow, found.match().public_id, Pause(day), revision=1, actor=found.broker)
        assert caught.value.problems == {"until": problem}
    with unit_of_work(found.engine) as uow:
        service.park(uow, found.match().public_id, Pause(note="After the fair."), revision=1, actor=found.broker)
    assert (found.match().parked_until, found.moves()[0].note) == (today + timedelta(days=14), "After the fair.")
    assert clock.return_parked(found.engine, at=now() + timedelta(days=15)) == 1
    assert (found.match().state, found.match().broker_id) == (S.IN_REVIEW, found.broker.person_id)


def test_giving_back_puts_it_before_everybody(found: Arena) -> None:
    for verb in (service.take, service.give_back):
        row = found.match()
        with unit_of_work(found.engine) as uow:
            verb(uow, row.public_id, revision=row.revision, actor=found.broker)
    assert (found.match().state, found.match().broker_id, found.match().assigned_at) == (S.SUGGESTED, None, None)
    assert does(found, "take", found.colleague) == "done"


def news(engine: Engine, actor: Actor) -> list[tuple[str, str]]:
    with reading_session(engine) as session:
        rows = session.execute(select(Notification).where(Notification.person_id == actor.person_id)).scalars()  # type: ignore[arg-type]
        return [(row.kind, row.path) for row in rows if row.kind.startswith("match.")]


def test_a_colleague_who_is_given_a_match_is_told(found: Arena) -> None:
    row = found.match()
    with unit_of_work(found.engine) as uow:
        service.assign(uow, row.public_id, found.colleague.public_id, revision=1, actor=found.broker)
    assert found.match().broker_id == found.colleague.person_id
    assert news(found.engine, found.colleague) == [("match.assigned", f"/desk/{row.public_id}")]
    assert does(found, "endorse", found.broker) == "NotYours"
    assert does(found, "endorse", found.colleague) == "done"


@pytest.mark.parametrize("state", [S.PARKED, S.OFFERED_FIRST, S.MUTUAL])
def test_a_match_changes_hands_without_changing_its_state(found: Arena, state: State) -> None:
    row = reach(found, state)
    with unit_of_work(found.engine) as uow:
        service.assign(uow, row.public_id, found.colleague.public_id, revision=row.revision, actor=found.broker)
    after = found.match()
    assert (after.state, after.broker_id, after.deadline_at) == (state, found.colleague.person_id, row.deadline_at)
    assert (found.moves()[-1].kind, found.moves()[-1].now) == (MoveKind.ASSIGN, state)


@pytest.mark.parametrize("somebody", ["stranger", "needer", ""])
def test_only_a_colleague_can_be_given_a_match(found: Arena, somebody: str) -> None:
    public_id = found.roles[somebody].public_id if somebody else "nobody"
    with pytest.raises(Invalid), unit_of_work(found.engine) as uow:
        service.assign(uow, found.match().public_id, public_id, revision=1, actor=found.broker)
    assert found.moves() == []


def test_reopening_forgets_what_the_sides_once_said(found: Arena) -> None:
    row = reach(found, S.OFFERED_SECOND)
    assert row.need_yes_at is not None
    assert clock.lapse_due(found.engine, at=row.deadline_at) == 1
    row = found.match()
    with unit_of_work(found.engine) as uow:
        service.reopen(uow, row.public_id, revision=row.revision, actor=found.broker)
    after = found.match()
    assert (after.state, after.need_yes_at, after.first_side, after.broker_id) == (
        S.SUGGESTED, None, None, found.broker.person_id,
    )  # fmt: skip
    # Nobody's former yes carries it on by itself.
    assert clock.pass_on_due(found.engine, at=now() + timedelta(days=40)) == 0


def test_a_match_that_lost_a_listing_is_not_there(found: Arena) -> None:
    with unit_of_work(found.engine) as uow:
        listings.withdraw(uow, found.need.public_id, actor=found.needer)
    for verb in ("take", "endorse", "decline", "assign"):
        assert does(found, verb, found.broker) == NotFound.__name__


# An expression of interest, whose sender waits.


@pytest.fixture
def interest(found: Arena) -> Suggestion:
    """The institute is interested in the need, whose organisation has a broker."""
    give_broker(found.engine, found.needer, found.broker)
    with reading_session(found.engine) as session:
        org = session.get_one(Organisation, found.resulter.organisation_id).public_id
    wanted = Expression(organisation=org, own=found.result.public_id, lang="zh", what=SAID, why=SAID, who=SAID)
    with unit_of_work(found.engine) as uow:
        express(uow, found.need.public_id, wanted, actor=found.resulter)
    return found.match()


def test_an_interest_is_with_the_house_s_broker_and_cannot_be_parked(found: Arena, interest: Suggestion) -> None:
    assert (interest.state, interest.broker_id) == (S.IN_REVIEW, found.broker.person_id)
    with pytest.raises(Invalid) as caught, unit_of_work(found.engine) as uow:
        service.park(uow, interest.public_id, Pause(), revision=interest.revision, actor=found.broker)
    assert caught.value.problems == {"until": "interest_waits"}
    assert "park" not in deeds_of(interest, found.broker)
    assert {"forward", "endorse"} <= deeds_of(interest, found.broker)


def test_an_interest_changes_hands_and_keeps_its_deadline(found: Arena, interest: Suggestion) -> None:
    for verb, actor in ((service.give_back, found.broker), (service.take, found.colleague)):
        row = found.match()
        with unit_of_work(found.engine) as uow:
            verb(uow, row.public_id, revision=row.revision, actor=actor)
        after = found.match()
        assert (after.state, after.deadline_at, after.state_at) == (
            S.IN_REVIEW,
            interest.deadline_at,
            interest.state_at,
        )
    assert clock.pass_on_due(found.engine, at=now() + timedelta(days=20)) == 1
    assert found.match().state is S.OFFERED_SECOND


def test_an_endorsed_interest_goes_to_the_owner_whoever_was_to_be_first(found: Arena, interest: Suggestion) -> None:
    with unit_of_work(found.engine) as uow:
        service.endorse(uow, interest.public_id, revision=interest.revision, actor=found.broker, first=Side.NEED)
    assert found.match().first_side is Side.RESULT
    assert clock.offer_due(found.engine, at=now() + TAKE_BACK) == 1
    assert found.match().state is S.OFFERED_SECOND


def test_a_broker_who_declined_an_interest_can_open_it_again_with_its_yes(found: Arena, interest: Suggestion) -> None:
    with unit_of_work(found.engine) as uow:
        service.decline(uow, interest.public_id, No(DeclineReason.IP), revision=interest.revision, actor=found.broker)
    row = found.match()
    with unit_of_work(found.engine) as uow:
        service.reopen(uow, row.public_id, revision=row.revision, actor=found.broker)
    assert (found.match().state, found.match().result_yes_at is not None) == (S.SUGGESTED, True)


# Nobody decides for a house of their own.


@pytest.fixture
def insider(found: Arena, person: Callable[..., Actor]) -> Actor:
    """A broker who is a viewer of the need's organisation."""
    return join(found.engine, person(Role.BROKER), found.needer, MembershipRole.VIEWER)


@pytest.mark.parametrize("state", list(State))
def test_a_member_of_a_side_is_refused_every_verb(found: Arena, insider: Actor, state: State) -> None:
    row = reach(found, state)
    for actor, verb in product((insider, replace(insider, role=Role.ADMINISTRATOR)), VERBS.values()):
        with pytest.raises(NotYours) as caught, unit_of_work(found.engine) as uow:
            verb(uow, row, actor, found)
        assert caught.value.why is Why.INTERESTED
    assert found.match() == row


def test_a_member_of_a_side_can_be_given_nothing_of_it(found: Arena, insider: Actor) -> None:
    with pytest.raises(Invalid) as caught, unit_of_work(found.engine) as uow:
        service.assign(uow, found.match().public_id, insider.public_id, revision=1, actor=found.broker)
    assert caught.value.problems == {"colleague": "colleague_interested"}


def test_an_unconfirmed_address_decides_nothing(found: Arena) -> None:
    with pytest.raises(NotYours) as caught, unit_of_work(found.engine) as uow:
        VERBS["endorse"](uow, found.match(), replace(found.broker, confirmed=False), found)
    assert caught.value.why is Why.UNCONFIRMED


# Texts.


@pytest.mark.parametrize("text", ["", " \n\t", "x" * 5000])
def test_a_note_says_something_of_a_decent_length(found: Arena, text: str) -> None:
    with pytest.raises(Invalid), unit_of_work(found.engine) as uow:
        service.note(uow, found.match().public_id, text, actor=found.broker)
    assert found.moves() == []


def test_a_note_in_mixed_directions_loses_its_overrides_only(found: Arena) -> None:
    said = "تقييم \u202eevil\u202c ABC: الجهاز جيّد"
    with unit_of_work(found.engine) as uow:
        service.note(uow, found.match().public_id, said, actor=found.broker)
    assert found.moves()[0].note == "تقييم evil ABC: الجهاز جيّد"
