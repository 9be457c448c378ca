"""Interest in a listing: by whom, in what words, once, and to whom it goes."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine, select

from matchmaker.accounts.models import Organisation
from matchmaker.accounts.schemas import Actor
from matchmaker.core.clock import now
from matchmaker.core.errors import Conflict, Invalid, NotAllowed, NotFound
from matchmaker.db.engine import reading_session
from matchmaker.db.uow import unit_of_work
from matchmaker.interests import expressions
from matchmaker.interests.expression_schemas import LEAST, MOST, Expression
from matchmaker.interests.expressions import COOL_DOWN, Standing
from matchmaker.interests.models import Interest
from matchmaker.listings import service as listings
from matchmaker.listings.models import Listing
from matchmaker.review import answers, offers
from matchmaker.review.models import CloseReason, DeclineReason, Origin, Side, State, Suggestion
from matchmaker.review.moves import Move, advance
from matchmaker.web import forms
from tests.factories.market import NEED, RESULT, publish, write
from tests.factories.matches import SAID, Arena, arena, give_broker, reach


@pytest.fixture
def found(engine: Engine, person: Callable[..., Actor]) -> Arena:
    return arena(engine, person)


def org_of(engine: Engine, actor: Actor) -> str:
    with reading_session(engine) as session:
        return session.get_one(Organisation, actor.organisation_id).public_id


def express(found: Arena, actor: Actor, listing: Listing | None = None, **changes: str) -> Suggestion:
    """The actor's organisation is interested; answers the match."""
    texts = {"what": SAID[:LEAST], "why": SAID[:200], "who": SAID[:180]}
    wanted = Expression(**{"organisation": org_of(found.engine, actor), "lang": "zh", **texts, **changes})
    with unit_of_work(found.engine) as uow:
        target = listing or found.need
        interest = expressions.express(uow, target.public_id, wanted, actor=actor, score=0.42)
        return expressions.match_of(uow.session, interest)


def standing(found: Arena, actor: Actor | None, listing: Listing | None = None) -> Standing:
    with reading_session(found.engine) as session:
        stored = session.get_one(Listing, (listing or found.need).id)
        return expressions.prospect(session, stored, actor).standing


def age(found: Arena, match: Suggestion) -> None:
    """Let the time of a fresh no pass."""
    with unit_of_work(found.engine) as uow:
        uow.session.get_one(Suggestion, match.id).state_at = now() - COOL_DOWN


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "missing"),
        (" \n\t\u202e ", "missing"),
        ("字" * (LEAST - 1), "says_less"),
        ("字" * (MOST + 1), "too_long"),
        ("x" * 5000, "too_long"),
        # Blanks at the end and invisible characters are not counted, as they are not kept.
        ("字" * (LEAST - 1) + "  \u202e\n\n", "says_less"),
        ("字" * LEAST, None),
        ("字" * MOST + "   ", None),
        # One character each, though two halves or two letters in the machine.
        ("𠀀" * LEAST, None),
        ("e\u0301" * MOST, None),
        ("نحن مهتمون جدا بهذا المشروع " * 8, None),
    ],
)
def test_each_text_has_150_to_600_characters_as_they_are_kept(text: str, problem: str | None) -> None:
    good = {"organisation": "x", "lang": "ar", "what": SAID[:200], "why": SAID[:200], "who": SAID[:200]}
    for name in ("what", "why", "who"):
        wanted, problems = forms.parse(Expression, {**good, name: text})
        if problem is None:
            assert wanted is not None
        else:
            assert wanted is None
            assert list(problems) == [name]


def test_interest_goes_straight_to_an_owner_without_a_broker(found: Arena) -> None:
    match = express(found, found.stranger)
    assert (match.state, match.first_side, match.origin) == (State.OFFERED_SECOND, Side.RESULT, Origin.INTEREST)
    assert (match.need_id, match.result_id) == (found.need.id, None)
    assert match.result_org_id == found.stranger.organisation_id
    assert match.result_yes_at is not None
    with reading_session(found.engine) as session:
        kept = session.execute(select(Interest)).scalar_one()
        assert (kept.lang, len(kept.what), kept.person_id) == ("zh", LEAST, found.stranger.person_id)


def test_an_owners_yes_to_an_interest_introduces_the_two(found: Arena) -> None:
    match = express(found, found.stranger)
    with unit_of_work(found.engine) as uow:
        row = answers.say_yes(uow, match.public_id, side=Side.NEED, revision=match.revision, actor=found.needer)
        assert row.state is State.MUTUAL


def test_interest_goes_to_the_owners_broker_who_passes_it_on(found: Arena) -> None:
    give_broker(found.engine, found.needer, found.broker)
    match = express(found, found.stranger)
    assert (match.state, match.broker_id) == (State.IN_REVIEW, found.broker.person_id)
    with unit_of_work(found.engine) as uow:
        passed = offers.forward(uow, match.public_id, "Fits.", revision=match.revision, actor=found.broker)
        assert (passed.state, passed.deadline_at is not None) == (State.OFFERED_SECOND, True)
    with unit_of_work(found.engine) as uow:
        again = offers.forward(uow, match.public_id, "Fits.", revision=match.revision, actor=found.broker)
        assert again.revision == match.revision + 1
    with unit_of_work(found.engine) as uow, pytest.raises(NotAllowed):
        offers.forward(uow, match.public_id, "", revision=match.revision, actor=found.stranger)


def test_interest_in_a_listing_without_an_account_goes_to_the_desk(found: Arena) -> None:
    with unit_of_work(found.engine) as uow:
        uow.session.merge(found.need).organisation_id = None
    assert express(found, found.stranger).state is State.IN_REVIEW


def test_with_a_listing_of_its_own_it_makes_the_pair(found: Arena) -> None:
    own = publish(found.engine, found.stranger, RESULT, country="IT")
    match = express(found, found.stranger, own=own.public_id)
    assert (match.need_id, match.result_id, match.score) == (found.need.id, own.id, 0.42)


@pytest.mark.parametrize("state", [State.SUGGESTED, State.IN_REVIEW, State.PARKED, State.ENDORSED])
def test_a_pair_that_the_desk_knows_is_used(found: Arena, state: State) -> None:
    known = reach(found, state)
    match = express(found, found.resulter, own=found.result.public_id)
    assert (match.id, match.state, match.score) == (known.id, State.OFFERED_SECOND, 0.7)
    assert (match.first_side, match.result_yes_at is not None) == (Side.RESULT, True)


@pytest.mark.parametrize("state", [State.SUGGESTED, State.IN_REVIEW, State.PARKED])
def test_a_pair_that_the_desk_knows_goes_to_the_owners_broker(found: Arena, state: State) -> None:
    give_broker(found.engine, found.needer, found.broker)
    reach(found, state)
    match = express(found, found.resulter, own=found.result.public_id)
    assert (match.state, match.first_side) == (State.IN_REVIEW, Side.RESULT)
    assert match.deadline_at is not None


def test_interest_from_the_second_side_while_the_first_is_asked_waits_for_its_yes(found: Arena) -> None:
    offered = found.offer()
    match = express(found, found.resulter, own=found.result.public_id)
    assert (match.state, match.deadline_at) == (State.OFFERED_FIRST, offered.deadline_at)
    assert standing(found, found.resulter) is Standing.BEGUN
    # One yes is all that is missing now.
    assert found.say_yes(Side.NEED).state is State.INTRODUCED


def test_such_an_interest_can_be_taken_back(found: Arena) -> None:
    found.offer()
    match = express(found, found.resulter, own=found.result.public_id)
    with unit_of_work(found.engine) as uow:
        closed = answers.withdraw(uow, match.public_id, side=Side.RESULT, revision=match.revision, actor=found.resulter)
        assert closed.close_reason is CloseReason.INTEREST_WITHDRAWN


def test_a_second_interest_leads_to_the_first(found: Arena) -> None:
    match = express(found, found.stranger)
    own = publish(found.engine, found.stranger, RESULT, country="IT")
    for changes in ({}, {"own": own.public_id}):
        with pytest.raises(Conflict):
            express(found, found.stranger, **changes)
    with reading_session(found.engine) as session:
        prospect = expressions.prospect(session, session.get_one(Listing, found.need.id), found.stranger)
        assert (prospect.standing, prospect.match and prospect.match.id) == (Standing.BEGUN, match.id)


def test_interest_in_a_match_that_one_is_asked_about_leads_there(found: Arena) -> None:
    found.offer()
    assert standing(found, found.needer, found.result) is Standing.BEGUN
    with pytest.raises(Conflict):
        express(found, found.needer, found.result, own=found.need.public_id)


def test_after_a_no_the_same_organisation_waits_ninety_days(found: Arena, person: Callable[..., Actor]) -> None:
    match = express(found, found.stranger)
    refusal = answers.Refusal(Side.NEED, DeclineReason.PRICE)
    with unit_of_work(found.engine) as uow:
        answers.say_no(uow, match.public_id, refusal, revision=match.revision, actor=found.needer)
    assert standing(found, found.stranger) is Standing.TOO_SOON
    assert standing(found, person(country="FR")) is Standing.OPEN
    with pytest.raises(Conflict):
        express(found, found.stranger)
    age(found, match)
    assert standing(found, found.stranger) is Standing.OPEN
    assert express(found, found.stranger).id != match.id


def test_a_pair_begins_again_with_a_new_text_and_without_its_old_answers(found: Arena) -> None:
    reach(found, State.OFFERED_SECOND)
    found.say_no(Side.RESULT, reason=DeclineReason.OTHER, note="not now", share=True)
    # The result's side changes its mind: it may, at once.
    match = express(found, found.resulter, own=found.result.public_id, what="改" * LEAST)
    assert (match.state, match.first_side, match.need_yes_at) == (State.OFFERED_SECOND, Side.RESULT, None)
    assert (match.decline_reason, match.declined_by, match.note) == (None, None, "")
    assert found.say_yes(Side.NEED).state is State.INTRODUCED


def test_a_pair_that_met_and_ended_does_not_begin_again(found: Arena) -> None:
    met = reach(found, State.INTRODUCED)
    with unit_of_work(found.engine) as uow:
        step = answers.Step(State.CLOSED, "", CloseReason.NO_AGREEMENT)
        answers.progress(uow, met.public_id, step, revision=met.revision, actor=found.needer)
    with pytest.raises(Invalid) as refused:
        express(found, found.resulter, own=found.result.public_id)
    assert refused.value.problems == {"own": "met_already"}
    assert express(found, found.resulter).id != met.id


def test_a_verdict_of_the_desk_that_nobody_was_told_of_stands_in_nobodys_way(found: Arena) -> None:
    with unit_of_work(found.engine) as uow:
        row = uow.session.get_one(Suggestion, found.match().id)
        advance(uow, row, Move(State.DECLINED, found.broker, reason="too_early"))
    assert standing(found, found.resulter) is Standing.OPEN
    assert express(found, found.resulter, own=found.result.public_id).state is State.OFFERED_SECOND


def test_who_may_not_is_told_why(found: Arena, person: Callable[..., Actor]) -> None:
    assert standing(found, None) is Standing.STRANGER
    assert standing(found, found.needer) is Standing.OWN
    assert standing(found, found.need_viewer, found.result) is Standing.NO_ORGANISATION
    assert standing(found, found.broker) is Standing.NO_ORGANISATION
    assert standing(found, found.unconfirmed, found.result) is Standing.UNCONFIRMED
    assert standing(found, found.stranger) is Standing.OPEN
    for actor, listing in ((found.needer, found.need), (found.unconfirmed, found.result)):
        with pytest.raises(NotAllowed):
            express(found, actor, listing)
    with unit_of_work(found.engine) as uow:
        uow.session.merge(found.need).open_for_interest = False
    assert standing(found, found.stranger) is Standing.NOT_OPEN
    with pytest.raises(Conflict):
        express(found, found.stranger)
    with unit_of_work(found.engine) as uow:
        listings.withdraw(uow, found.need.public_id, actor=found.needer)
    assert standing(found, found.stranger) is Standing.OFF_MARKET
    with pytest.raises(NotFound):
        express(found, found.stranger)


def test_nobody_speaks_for_an_organisation_or_a_listing_of_others(found: Arena) -> None:
    draft = write(found.engine, found.stranger, RESULT)
    need = publish(found.engine, found.stranger, NEED, country="IT")
    for changes, problem in (
        ({"organisation": org_of(found.engine, found.resulter)}, "organisation"),
        ({"own": found.result.public_id}, "own"),
        ({"own": draft.public_id}, "own"),
        ({"own": need.public_id}, "own"),
        ({"own": "nothing"}, "own"),
    ):
        with pytest.raises(Invalid) as refused:
            express(found, found.stranger, **changes)
        assert list(refused.value.problems) == [problem]
