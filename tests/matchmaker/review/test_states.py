"""The table of states: every pair by every party, and every verb by every role in every state."""

from collections.abc import Callable
from dataclasses import replace
from itertools import product

import pytest
from sqlalchemy import Engine, func, select

from matchmaker.accounts.schemas import Actor
from matchmaker.core.errors import Conflict, MatchmakerError, NotAllowed
from matchmaker.db.uow import UnitOfWork, unit_of_work
from matchmaker.interests import consent
from matchmaker.review import answers, offers
from matchmaker.review.answers import Refusal, Step
from matchmaker.review.models import CloseReason, DeclineReason, MatchMove, Side, State, Suggestion
from matchmaker.review.moves import Move, advance
from matchmaker.review.states import BEFORE_OFFER, OFFERED, OVER, TOGETHER, TRANSITIONS, Party
from tests.factories.matches import Arena, arena, reach

S = State
# Written down a second time, by hand: who may make which move.
# B broker, 1 first side, 2 second side, C clock, Y system.
EXPECTED = """
suggested:      in_review BY, endorsed B, declined B, parked B, offered_second 1C, closed 1Y
in_review:      suggested BY, endorsed B, declined B, parked B, offered_second 1BC, closed 1Y
endorsed:       suggested B, offered_first BC, offered_second 1BC, closed 1Y
declined:       suggested BY
parked:         in_review BCY, suggested BC, offered_second 1, closed 1Y
offered_first:  endorsed B, offered_second 1, declined 1, lapsed C, closed 2Y
offered_second: mutual 2Y, declined 2, lapsed C, closed 1Y
mutual:         introduced Y, lapsed C, closed 12BY
introduced:     meeting 12B, negotiating 12B, agreement 12B, closed 12B
meeting:        negotiating 12B, agreement 12B, closed 12B
negotiating:    meeting 12B, agreement 12B, closed 12B
agreement:      closed 12B
lapsed:         suggested BY
closed:         suggested Y
"""
LETTERS = {"B": Party.BROKER, "1": Party.FIRST, "2": Party.SECOND, "C": Party.CLOCK, "Y": Party.SYSTEM}


def written() -> dict[tuple[State, State], frozenset[Party]]:
    found = {}
    for line in EXPECTED.strip().splitlines():
        current, _, moves = line.partition(":")
        for move in moves.split(","):
            wanted, letters = move.split()
            found[State(current), State(wanted)] = frozenset(LETTERS[letter] for letter in letters)
    return found


@pytest.fixture
def found(engine: Engine, person: Callable[..., Actor]) -> Arena:
    return arena(engine, person)


def test_the_table_is_the_one_that_was_decided() -> None:
    assert written() == TRANSITIONS


def test_every_state_has_a_way_in_and_a_way_out() -> None:
    assert {now for _, now in TRANSITIONS} == set(State)
    assert {was for was, _ in TRANSITIONS} == set(State)


def test_the_groups_of_states_are_all_states() -> None:
    assert BEFORE_OFFER | OFFERED | TOGETHER | OVER | {S.MUTUAL} == set(State)


def test_from_everywhere_an_end_can_be_reached() -> None:
    reached = set(OVER)
    while more := {was for was, now in TRANSITIONS if now in reached} - reached:
        reached |= more
    assert reached == set(State)


@pytest.mark.parametrize("current", list(State))
def test_every_pair_of_states_by_every_party_is_as_the_table_says(found: Arena, current: State) -> None:
    parties: dict[Party, Move] = {
        Party.BROKER: Move(current, found.broker),
        Party.FIRST: Move(current, found.needer),
        Party.SECOND: Move(current, found.resulter),
        Party.CLOCK: Move(current, party=Party.CLOCK),
        Party.SYSTEM: Move(current, party=Party.SYSTEM),
    }
    with unit_of_work(found.engine) as uow:
        row = uow.session.get_one(Suggestion, found.match().id)
        row.first_side = Side.NEED
        for wanted, (party, move) in product(State, parties.items()):
            row.state, allowed = current, TRANSITIONS.get((current, wanted))
            if allowed is not None and party in allowed:
                assert advance(uow, row, replace(move, to=wanted)).now is wanted
                assert row.state is wanted
                continue
            with pytest.raises(NotAllowed if allowed else Conflict):
                advance(uow, row, replace(move, to=wanted))
            assert row.state is current


@pytest.mark.parametrize("nobody", ["stranger", "need_viewer"])
def test_nobody_else_moves_anything(found: Arena, nobody: str) -> None:
    with unit_of_work(found.engine) as uow:
        row = uow.session.get_one(Suggestion, found.match().id)
        row.first_side = Side.NEED
        for current, wanted in TRANSITIONS:
            row.state = current
            with pytest.raises(NotAllowed):
                advance(uow, row, Move(wanted, found.roles[nobody]))


Verb = Callable[[UnitOfWork, Suggestion, Actor], object]


def yes(side: Side) -> Verb:
    return lambda uow, row, actor: consent.say_yes(uow, row.public_id, side=side, revision=row.revision, actor=actor)


def no(side: Side) -> Verb:
    refusal = Refusal(side, DeclineReason.PRICE)
    return lambda uow, row, actor: answers.say_no(uow, row.public_id, refusal, revision=row.revision, actor=actor)


def back(side: Side) -> Verb:
    return lambda uow, row, actor: answers.withdraw(uow, row.public_id, side=side, revision=row.revision, actor=actor)


def step(to: State, reason: CloseReason | None = None) -> Verb:
    said = Step(to, "", reason)
    return lambda uow, row, actor: answers.progress(uow, row.public_id, said, revision=row.revision, actor=actor)


VERBS: dict[str, Verb] = {
    "need says yes": yes(Side.NEED),
    "result says yes": yes(Side.RESULT),
    "need says no": no(Side.NEED),
    "result says no": no(Side.RESULT),
    "need takes back": back(Side.NEED),
    "result takes back": back(Side.RESULT),
    "meets": step(S.MEETING),
    "negotiates": step(S.NEGOTIATING),
    "agrees": step(S.AGREEMENT),
    "ends": step(S.CLOSED, CloseReason.COMPLETED),
    "offers": lambda uow, row, actor: offers.offer_now(uow, row.public_id, revision=row.revision, actor=actor),
    "forwards": lambda uow, row, actor: offers.forward(uow, row.public_id, "", revision=row.revision, actor=actor),
}
NEED, RESULT, BROKERS = {"needer"}, {"resulter"}, {"broker", "administrator"}
INSIDE = {"needer", "resulter", "broker", "administrator"}
STEPS = {"meets": S.MEETING, "negotiates": S.NEGOTIATING, "agrees": S.AGREEMENT, "ends": S.CLOSED}
# Which verb moves a match from which state to which, and by whom; nothing else may.
MOVES: dict[tuple[str, State], tuple[State, set[str]]] = {
    ("need says yes", S.OFFERED_FIRST): (S.OFFERED_SECOND, NEED),
    ("need says no", S.OFFERED_FIRST): (S.DECLINED, NEED),
    ("result says yes", S.OFFERED_SECOND): (S.INTRODUCED, RESULT),
    ("result says no", S.OFFERED_SECOND): (S.DECLINED, RESULT),
    ("need takes back", S.OFFERED_SECOND): (S.CLOSED, NEED),
    ("need takes back", S.MUTUAL): (S.CLOSED, NEED),
    ("result takes back", S.MUTUAL): (S.CLOSED, RESULT),
    # The same yes again asks the gates again, which let it through.
    ("need says yes", S.MUTUAL): (S.INTRODUCED, NEED),
    ("result says yes", S.MUTUAL): (S.INTRODUCED, RESULT),
    ("offers", S.ENDORSED): (S.OFFERED_FIRST, BROKERS),
    **{
        (verb, state): (to, INSIDE)
        for verb, to in STEPS.items()
        for state in TOGETHER
        if (state, to) in TRANSITIONS
    },
}  # fmt: skip


@pytest.mark.parametrize("state", list(State))
def test_every_verb_by_every_role_does_what_it_may_and_no_more(found: Arena, state: State) -> None:
    row = reach(found, state)
    for (verb, act), (role, actor) in product(VERBS.items(), found.roles.items()):
        to, roles = MOVES.get((verb, state), (state, set()))
        became = outcome(found, act, actor)
        if role in roles:
            assert became is to, f"{role} {verb}"
        else:
            # Refused, or the same click again: either way nothing moves.
            assert became in {None, state}, f"{role} {verb}"
    assert found.match().revision == row.revision


def outcome(found: Arena, act: Verb, actor: Actor) -> State | None:
    """The state that a verb leads to, None when it is refused; nothing of it is kept."""
    uow = unit_of_work(found.engine)
    row = uow.session.get_one(Suggestion, found.match().id)
    before = entries(uow)
    try:
        act(uow, row, actor)
    except MatchmakerError:
        assert entries(uow) == before, "what is refused leaves no trace"
        return None
    else:
        return row.state
    finally:
        uow.session.rollback()
        uow.session.close()


def entries(uow: UnitOfWork) -> int:
    """How long the timelines are."""
    return uow.session.execute(select(func.count()).select_from(MatchMove)).scalar_one()
