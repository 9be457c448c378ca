"""Proposals change nothing until an administrator says so; then every process scores otherwise, at once."""

import threading
from dataclasses import replace

import pytest
from sqlalchemy import select

from matchmaker.accounts.models import Role
from matchmaker.app import create_app
from matchmaker.audit.models import AuditEvent
from matchmaker.core.errors import Conflict, NotAllowed, NotFound
from matchmaker.db.engine import reading_session
from matchmaker.db.uow import unit_of_work
from matchmaker.learning import queries, service
from matchmaker.learning.training import Why
from matchmaker.listings import service as listings
from matchmaker.listings.confidence import Reader
from matchmaker.listings.queries import fulls_by_id
from matchmaker.matching.models import WeightsSwitch
from matchmaker.matching.ranking import Ranking
from matchmaker.matching.schemas import ENOUGH_VERDICTS, Match
from matchmaker.matching.scoring import HAND
from matchmaker.matching.weights import active
from matchmaker.review import tasks
from matchmaker.review import undo as taking_back
from matchmaker.review.models import Audience, DeclineReason, Showing, Side, State, Suggestion
from matchmaker.review.reasons import explain
from matchmaker.review.service import NEVER, Found, No, decline, endorse, suggest
from matchmaker.review.showings import Shown
from tests.factories.matches import Arena, arena
from tests.matchmaker.learning.brokers import enter, judged, taste


@pytest.fixture
def learned(engine) -> int:
    """The version that brokers with a taste of their own have taught."""
    enter(engine, judged(400, 21, taste()))
    return train(engine)


@pytest.fixture
def administrator(person):
    return person(Role.ADMINISTRATOR)


@pytest.fixture
def shown(engine, person) -> Arena:
    """A match that the ranking suggested, as the desk is shown it."""
    found = arena(engine, person)
    with unit_of_work(engine) as uow:
        pair = Found(
            found.need.id, found.result.id, 0.7, shown=Shown(dict.fromkeys(HAND.shares, 0.7), 0, "hashing", 2, 1.0)
        )
        suggest(uow, [pair])
    return found


def train(engine):
    with reading_session(engine) as session:
        proposal = service.train(session)
    with unit_of_work(engine) as uow:
        row = service.keep(uow, proposal, by="test")
        return row and row.id


def use(engine, version, actor, seen=0):
    with unit_of_work(engine) as uow:
        service.use(uow, version, seen=seen, actor=actor)


def counting(engine):
    with reading_session(engine) as session:
        return active(session)


def last(engine):
    with reading_session(engine) as session:
        found = queries.last_switch(session)
        return found.id if found else 0


def examples(engine):
    with reading_session(engine) as session:
        return queries.examples(session, queries.standing(session))


def explained(app, found: Arena) -> Match:
    with reading_session(app.extensions["matchmaker.engine"]) as session:
        full = fulls_by_id(session, [found.need.id, found.result.id])
        ranking = Ranking(app.extensions["matchmaker.matcher"], session, Reader("en"), desk=True)
        match = explain(ranking, full[found.need.id], full[found.result.id])
        assert match is not None
        return match


# Proposals


def test_what_is_in_the_database_is_what_was_judged(engine):
    rows = judged(50, 22, taste())
    enter(engine, rows)
    assert examples(engine) == rows


def test_a_proposal_changes_nothing_by_itself(engine, learned):
    assert learned
    assert counting(engine) is HAND
    assert last(engine) == 0


def test_without_verdicts_nothing_is_kept(engine):
    with reading_session(engine) as session:
        assert service.train(session).why is Why.NONE
    assert train(engine) is None


# What is learned from


def test_a_verdict_is_joined_to_what_the_broker_saw_before_it(engine, shown):
    with unit_of_work(engine) as uow:
        endorse(uow, shown.match().public_id, revision=1, actor=shown.broker)
    with unit_of_work(engine) as uow:
        later = Shown(dict.fromkeys(HAND.shares, 0.1), 0, "hashing")
        suggest(uow, [Found(shown.need.id, shown.result.id, 0.1, shown=later)])
    (found,) = examples(engine)
    assert (found.by, found.yes, found.propensity) == (Audience.DESK, True, 1.0)
    assert set(found.parts.values()) == {0.7}


def test_an_undone_verdict_is_not_learned_from(engine, shown):
    with unit_of_work(engine) as uow:
        no = No(DeclineReason.WRONG_FIELD)
        declined = decline(uow, shown.match().public_id, no, revision=1, actor=shown.broker)
    assert [one.reason for one in examples(engine)] == ["wrong_field"]
    with unit_of_work(engine) as uow:
        taking_back.undo(uow, declined.public_id, revision=declined.revision, actor=shown.broker)
    assert examples(engine) == []


def test_a_side_is_shown_what_the_desk_saw_and_its_answer_is_learned_from(engine, shown):
    shown.offer()
    shown.say_yes()
    shown.say_no(Side.RESULT, reason=DeclineReason.WRONG_FIELD)
    found = examples(engine)
    assert [(one.by, one.yes, one.reason) for one in found] == [
        (Audience.DESK, True, ""),
        (Audience.NEED, True, ""),
        (Audience.RESULT, False, "wrong_field"),
    ]
    with reading_session(engine) as session:
        rows = session.execute(select(Showing).order_by(Showing.id)).scalars().all()
    assert [(row.audience, row.rank) for row in rows] == [
        (Audience.DESK, 2), (Audience.NEED, None), (Audience.RESULT, None),
    ]  # fmt: skip


def test_what_no_ranking_suggested_teaches_nothing(engine, person):
    found = arena(engine, person)
    found.offer()
    with reading_session(engine) as session:
        assert len(queries.standing(session)) == 1
    assert examples(engine) == []


def test_a_listing_that_was_removed_meanwhile_leaves_its_verdict(engine, shown):
    with unit_of_work(engine) as uow:
        endorse(uow, shown.match().public_id, revision=1, actor=shown.broker)
    with unit_of_work(engine) as uow:
        listings.withdraw(uow, shown.need.public_id, actor=shown.needer)
    assert len(examples(engine)) == 1
    with reading_session(engine) as session:
        assert queries.queued(session, shown.administrator, 20) == []


# Switching


def test_an_administrator_puts_weights_to_use_and_back_and_both_are_recorded(engine, learned, administrator):
    use(engine, learned, administrator)
    found = counting(engine)
    assert found.version == learned
    assert found.shares["maturity"] > 2 * HAND.shares["maturity"]
    use(engine, 0, administrator, seen=last(engine))
    assert counting(engine) == HAND
    with reading_session(engine) as session:
        events = session.execute(select(AuditEvent).where(AuditEvent.action == "weights.use")).scalars().all()
        assert [(event.actor, event.object_id) for event in events] == [
            (administrator.public_id, str(learned)),
            (administrator.public_id, "hand"),
        ]
        assert len(session.execute(select(WeightsSwitch)).all()) == 2


def test_the_same_click_again_changes_nothing(engine, learned, administrator):
    use(engine, learned, administrator)
    before = last(engine)
    use(engine, learned, administrator)
    assert last(engine) == before


def test_whoever_has_not_seen_the_last_switch_is_refused(engine, learned, administrator):
    use(engine, learned, administrator)
    with pytest.raises(Conflict):
        use(engine, 0, administrator, seen=0)
    assert counting(engine).version == learned


def test_of_two_administrators_at_once_one_is_refused(engine, learned, person):
    enter(engine, judged(100, 23, taste()))
    other, outcomes, begin = train(engine), [], threading.Barrier(2)

    def click(version, actor):
        begin.wait()
        try:
            use(engine, version, actor)
            outcomes.append(version)
        except Conflict:
            outcomes.append(None)

    people = [person(Role.ADMINISTRATOR), person(Role.ADMINISTRATOR)]
    threads = [threading.Thread(target=click, args=each) for each in zip((learned, other), people, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (won,) = [version for version in outcomes if version]
    assert outcomes.count(None) == 1
    assert counting(engine).version == won


def test_only_administrators_switch(engine, learned, person):
    for actor in (person(), person(Role.BROKER), replace(person(Role.ADMINISTRATOR), confirmed=False)):
        with pytest.raises(NotAllowed):
            use(engine, learned, actor)
    assert counting(engine) is HAND


@pytest.mark.parametrize("version", [99, -1])
def test_weights_that_do_not_exist_cannot_be_used(engine, administrator, version):
    with pytest.raises(NotFound):
        use(engine, version, administrator)


def test_a_second_process_and_the_reasons_follow_a_switch_at_once(app, settings, learned, shown, administrator):
    engine = shown.engine
    other = create_app(settings, testing=True)
    for one in (app, other):
        one.extensions["matchmaker.matcher"].embed([shown.need.id, shown.result.id])
    before = [explained(one, shown) for one in (app, other)]
    use(engine, learned, administrator)
    for one, match in zip((app, other), before, strict=True):
        after = explained(one, shown)
        assert after.score != match.score
        assert {part.name: part.weight for part in after.parts} == pytest.approx(dict(counting(engine).shares))
        assert after.score == pytest.approx(sum(part.points for part in after.parts))
    other.extensions["matchmaker.matcher"].close()
    other.extensions["matchmaker.engine"].dispose()


def test_the_desk_is_scored_again_after_a_switch(app, engine, learned, shown, administrator):
    matcher = app.extensions["matchmaker.matcher"]
    matcher.embed([shown.need.id, shown.result.id])
    while tasks.follow(matcher) or tasks.refresh(matcher):
        pass
    use(engine, learned, administrator)
    with reading_session(engine) as session:
        wanted = select(Suggestion.log_position).where(Suggestion.state == State.SUGGESTED)
        assert session.execute(wanted).scalars().all() == [NEVER]
    assert tasks.refresh(matcher) == 1
    assert shown.match(shown_id(engine, shown)).need_score == pytest.approx(explained(app, shown).score)
    assert tasks.refresh(matcher) == 0


def shown_id(engine, found: Arena) -> str:
    with reading_session(engine) as session:
        return session.execute(select(Suggestion.public_id).where(Suggestion.need_id == found.need.id)).scalar_one()


# Chances


def test_a_chance_is_told_once_enough_verdicts_speak_for_it(engine, administrator):
    assert counting(engine).chance(0.5) is None
    enter(engine, judged(ENOUGH_VERDICTS - 1, 24, taste()))
    use(engine, train(engine), administrator)
    assert counting(engine).calibration is not None
    assert counting(engine).chance(0.5) is None
    enter(engine, judged(1, 25, taste()))
    use(engine, train(engine), administrator, seen=last(engine))
    chance = counting(engine).chance(0.5)
    assert chance is not None
    assert 0 < chance < 1
