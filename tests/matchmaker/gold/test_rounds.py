"""Rounds from the draw to the close: what comes into pools, two processes, crashes, and what leaves the market."""

import json
from collections import Counter
from dataclasses import replace

import pytest
from sqlmodel import select

from matchmaker.audit.models import AuditEvent
from matchmaker.core.errors import Conflict, Invalid, NotAllowed
from matchmaker.db.engine import reading_session
from matchmaker.db.uow import unit_of_work
from matchmaker.gold import queries, service, tasks
from matchmaker.gold.models import GoldNeed, Origin
from matchmaker.gold.pooling import Pooler
from matchmaker.gold.schemas import RoundDraft
from matchmaker.listings.models import Listing
from tests.factories.market import NEED, RESULT, publish
from tests.matchmaker.matching.conftest import withdrawn


def drawn_needs(gold):
    with reading_session(gold.engine) as session:
        rows = session.exec(select(Listing).join(GoldNeed, GoldNeed.listing_id == Listing.id))
        return [row.lang for row in rows]


def test_needs_are_drawn_from_each_language_in_turn(gold):
    gold.open()
    assert Counter(drawn_needs(gold)) == {"zh": 2, "sr": 2}


def test_only_the_chosen_languages_and_countries_are_drawn_from(gold):
    gold.open(languages=("sr",), countries=("RS",), needs=50)
    assert drawn_needs(gold) == ["sr"] * 4


def test_a_round_with_no_needs_is_refused_and_leaves_nothing(gold):
    with pytest.raises(Invalid) as refused:
        gold.open(languages=("fi",))
    assert refused.value.problems == {"needs": "no_needs"}
    with reading_session(gold.engine) as session:
        assert queries.every_round(session) == []


def test_a_round_whose_needs_all_left_is_drawn_and_empty(gold):
    row = gold.open()
    for need in gold.needs:
        withdrawn(gold.engine, gold.needer, need)
    tasks.draw_all(gold.matcher, row.id, lambda done, total: None)
    with reading_session(gold.engine) as session:
        found = queries.progress(session, [row.id])[row.id]
    assert (found.is_drawn, found.pairs) == (True, 0)


def test_a_pool_holds_the_tops_of_several_rankings_each_with_its_rank(gold):
    gold.drawn()
    origins = [json.loads(pair.origins) for pair in gold.pairs()]
    assert {name for one in origins for name in one} == {origin.value for origin in Origin}
    assert any(len(one) > 1 for one in origins)
    assert max(one.get("product", 0) for one in origins) == 2
    by_need = Counter(pair.need_id for pair in gold.pairs())
    assert len(by_need) == 4
    assert min(by_need.values()) >= 3


def test_the_product_list_of_a_pool_stays_abroad_and_the_whole_one_does_not(gold):
    gold.drawn(needs=8, depth=4)
    with reading_session(gold.engine) as session:
        country = {row.id: row.country for row in session.exec(select(Listing))}
    for pair in gold.pairs():
        if "product" in json.loads(pair.origins):
            assert country[pair.need_id] != country[pair.result_id]
    assert any(country[p.need_id] == country[p.result_id] for p in gold.pairs() if "whole" in json.loads(p.origins))


def test_the_same_seed_on_the_same_market_makes_the_same_pools(gold):
    def pools(row):
        return {(p.need_id, p.result_id, p.origins, p.seats) for p in gold.pairs() if p.round_id == row.id}

    assert pools(gold.drawn()) == pools(gold.drawn())
    assert pools(gold.drawn(seed=7)) != pools(gold.drawn(seed=8))


def test_no_result_of_the_needs_own_house_is_put_beside_it(gold):
    own = publish(gold.engine, gold.needer, RESULT, title="drilling zh own", lang="zh", country="RS")
    while gold.matcher.round():
        pass
    gold.drawn(needs=8, depth=10)
    assert own.id not in {pair.result_id for pair in gold.pairs()}


def test_drawing_goes_on_where_a_crash_left_it(gold, monkeypatch):
    row = gold.open(needs=6)
    pool = Pooler.pool
    seen = []

    def dies_at_the_third(self, row, need_id):
        seen.append(need_id)
        if len(seen) == 3:
            raise RuntimeError("power cut")
        return pool(self, row, need_id)

    with monkeypatch.context() as patched:
        patched.setattr(Pooler, "pool", dies_at_the_third)
        with pytest.raises(RuntimeError, match="power cut"):
            tasks.draw(gold.matcher)
    with reading_session(gold.engine) as session:
        assert queries.progress(session, [row.id])[row.id].drawn == 2
    before = {(p.need_id, p.result_id) for p in gold.pairs()}
    tasks.draw_all(gold.matcher, row.id, lambda done, total: None)
    with reading_session(gold.engine) as session:
        assert queries.progress(session, [row.id])[row.id].is_drawn
    assert before < {(p.need_id, p.result_id) for p in gold.pairs()}


def test_of_two_processes_that_draw_the_same_need_one_stores_it(gold):
    row = gold.open()
    with reading_session(gold.engine) as session:
        need_id = queries.unpooled(session, 1)[0][1]
    pool = {gold.results[0].id: {Origin.RANDOM: 1}}
    done = []
    for _ in range(2):
        with unit_of_work(gold.engine) as uow:
            done.append(service.fill(uow, row.id, need_id, pool))
    assert done == [True, False]
    assert len(gold.pairs()) == 1


def test_a_need_that_waits_for_the_encoder_does_not_hold_up_the_others(gold):
    late = publish(gold.engine, gold.needer, NEED, title="a late one", lang="fi", country="FI")
    row = gold.open(needs=9)
    tasks.draw_all(gold.matcher, row.id, lambda done, total: None)
    with reading_session(gold.engine) as session:
        assert [need_id for _, need_id in queries.unpooled(session, 9)] == [late.id]
    while gold.matcher.round():
        pass
    tasks.draw_all(gold.matcher, row.id, lambda done, total: None)
    with reading_session(gold.engine) as session:
        assert queries.progress(session, [row.id])[row.id].is_drawn


def test_the_workers_turn_draws_one_batch_and_hands_on(gold):
    row = gold.open(needs=8)
    assert tasks.follow(gold.matcher) == 0
    with reading_session(gold.engine) as session:
        assert queries.progress(session, [row.id])[row.id].drawn == tasks.BATCH


def test_a_closed_round_draws_and_takes_nothing_until_it_is_reopened(gold):
    row = gold.open()
    tasks.draw(gold.matcher)
    gold.close(row)
    assert tasks.draw(gold.matcher) == 0
    assert gold.waiting(gold.one) == 0
    with pytest.raises(Conflict):
        gold.judge(gold.pairs()[0], gold.one, 2)
    with unit_of_work(gold.engine) as uow:
        service.reopen(uow, row.public_id, actor=gold.administrator)
    gold.judge(gold.pairs()[0], gold.one, 2)
    assert gold.waiting(gold.one) == len(gold.pairs()) - 1


def test_only_administrators_run_rounds_and_only_staff_grades(gold):
    row = gold.drawn()
    with pytest.raises(NotAllowed), unit_of_work(gold.engine) as uow:
        service.close(uow, row.public_id, actor=gold.one)
    with pytest.raises(Invalid) as refused:
        gold.open(gold.needer)
    assert refused.value.problems == {"graders": "no_grader"}
    with pytest.raises(Invalid), unit_of_work(gold.engine) as uow:
        service.set_graders(uow, row.public_id, (), actor=gold.administrator)


def test_who_grades_no_more_keeps_what_they_graded(gold):
    row = gold.drawn()
    gold.judge(gold.pairs()[0], gold.one, 3)
    with unit_of_work(gold.engine) as uow:
        service.set_graders(uow, row.public_id, (gold.three.public_id,), actor=gold.administrator)
    assert gold.waiting(gold.one) == 0
    assert gold.waiting(gold.three) == len(gold.pairs())
    assert [(g.person_id, g.grade) for g in gold.grades()] == [(gold.one.person_id, 3)]


def test_a_pair_whose_listing_is_withdrawn_disappears_and_its_grades_stay(gold):
    gold.drawn()
    pair = gold.pairs()[0]
    gold.judge(pair, gold.one, 3)
    before = gold.waiting(gold.two)
    gone = next(x for x in gold.results if x.id == pair.result_id)
    with_it = sum(p.result_id == gone.id for p in gold.pairs())
    withdrawn(gold.engine, gold.resulter, gone)
    assert gold.waiting(gold.two) == before - with_it
    assert [(g.pair_id, g.grade) for g in gold.grades()] == [(pair.id, 3)]


def test_every_deed_is_on_record(gold):
    row = gold.drawn()
    pair = gold.pairs()[0]
    gold.judge(pair, gold.one, 0)
    gold.judge(pair, gold.two, 3)
    gold.settle(pair, gold.administrator, 1)
    gold.close(row)
    with reading_session(gold.engine) as session:
        events = session.exec(select(AuditEvent).where(AuditEvent.action.like("gold.%")).order_by(AuditEvent.id))
        found = [(e.action, e.actor, e.detail) for e in events]
    assert [action for action, _, _ in found] == [
        "gold.open", "gold.drawn", "gold.grade", "gold.grade", "gold.grade", "gold.close",
    ]  # fmt: skip
    assert found[2] == ("gold.grade", gold.one.public_id, "graded 0")
    assert found[4] == ("gold.grade", gold.administrator.public_id, "settled 1")


@pytest.mark.parametrize(
    ("field", "value"), [("needs", 0), ("needs", "1e3"), ("depth", 31), ("double_share", 101), ("seed", "-1")]
)
def test_numbers_out_of_range_are_refused(field, value):
    with pytest.raises(ValueError, match="out of range"):
        RoundDraft(name="x", graders=("a",), **{field: value})


def test_nobody_is_offered_a_pair_of_their_own_house(gold):
    row = gold.drawn()
    own = replace(gold.one, memberships={gold.resulter.organisation_id: "viewer"})
    with reading_session(gold.engine) as session:
        assert queries.waiting(session, own) == {}
        assert queries.waiting_pairs(session, own, row.id) == []
