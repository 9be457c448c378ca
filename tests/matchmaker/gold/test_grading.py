"""Grades as people give them: twice, at once, changed, taken back, and settled by a third."""

import threading
from dataclasses import replace

import pytest

from matchmaker.accounts.models import MembershipRole
from matchmaker.core.errors import Conflict, Invalid, NotFound
from matchmaker.db.engine import reading_session
from matchmaker.gold import page, queries
from matchmaker.gold.grading import Stale
from matchmaker.gold.models import Deed
from matchmaker.listings.confidence import Reader
from tests.matchmaker.matching.conftest import changed


@pytest.fixture
def drawn(gold):
    return gold, gold.drawn(gold.one, gold.two, gold.three)


def final(gold, row, pair):
    with reading_session(gold.engine) as session:
        return next(one for one in queries.held(session, row.id) if one.pair.id == pair.id)


def test_a_pair_waits_until_as_many_have_graded_it_as_are_wanted(drawn):
    gold, _ = drawn
    pair, every = gold.pairs()[0], len(gold.pairs())
    gold.judge(pair, gold.one, 2)
    assert (gold.waiting(gold.one), gold.waiting(gold.two), gold.waiting(gold.three)) == (every - 1, every, every)
    gold.judge(pair, gold.two, 2)
    assert gold.waiting(gold.three) == every - 1


def test_with_no_pair_graded_twice_one_grade_is_enough(gold):
    gold.drawn(double_share=0)
    gold.judge(gold.pairs()[0], gold.one, 2)
    assert gold.waiting(gold.two) == len(gold.pairs()) - 1


def test_a_form_sent_twice_is_taken_once(drawn):
    gold, _ = drawn
    pair = gold.pairs()[0]
    first, again = gold.judge(pair, gold.one, 2, note="why"), gold.judge(pair, gold.one, 2, note="why")
    assert first.id == again.id
    assert len(gold.grades()) == 1


def test_another_window_is_told_and_nothing_of_the_first_is_lost(drawn):
    gold, _ = drawn
    pair = gold.pairs()[0]
    gold.judge(pair, gold.one, 2)
    with pytest.raises(Stale):
        gold.judge(pair, gold.one, 0)
    assert [g.grade for g in gold.grades()] == [2]


def test_a_grade_may_be_changed_and_its_history_stays(drawn):
    gold, row = drawn
    pair = gold.pairs()[0]
    gold.judge(pair, gold.one, 2)
    gold.judge(pair, gold.one, 3, version=1)
    assert [(g.version, g.grade, g.superseded_at is None) for g in gold.grades()] == [(1, 2, False), (2, 3, True)]
    assert final(gold, row, pair).final == 3


def test_undo_makes_it_wait_again_and_undo_of_a_change_brings_the_earlier_grade_back(drawn):
    gold, row = drawn
    pair, every = gold.pairs()[0], len(gold.pairs())
    gold.judge(pair, gold.one, 2)
    gold.take_back(pair, gold.one, 1)
    assert gold.waiting(gold.one) == every
    assert final(gold, row, pair).final is None
    gold.judge(pair, gold.one, 1, version=2, note="first")
    gold.judge(pair, gold.one, 3, version=3)
    back = gold.take_back(pair, gold.one, 4)
    assert (back.deed, back.grade, back.note) == (Deed.GRADED, 1, "first")
    assert len(gold.grades()) == 5


def test_undo_of_what_is_not_the_newest_is_refused(drawn):
    gold, _ = drawn
    pair = gold.pairs()[0]
    with pytest.raises(Stale):
        gold.take_back(pair, gold.one, 0)
    gold.judge(pair, gold.one, 2)
    gold.judge(pair, gold.one, 3, version=1)
    with pytest.raises(Stale):
        gold.take_back(pair, gold.one, 1)


def test_what_one_skips_waits_for_the_others(drawn):
    gold, row = drawn
    pair, every = gold.pairs()[0], len(gold.pairs())
    gold.judge(pair, gold.one, None)
    assert (gold.waiting(gold.one), gold.waiting(gold.two)) == (every - 1, every)
    assert final(gold, row, pair).final is None
    gold.judge(pair, gold.one, 1, version=1)
    assert final(gold, row, pair).final == 1


def test_two_graders_at_once_on_the_last_seat_are_both_kept(drawn):
    gold, row = drawn
    pair = gold.pairs()[0]
    gold.judge(pair, gold.three, 2)
    gate, failed = threading.Barrier(2), []

    def grade(actor, value):
        gate.wait()
        try:
            gold.judge(pair, actor, value)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=grade, args=x) for x in ((gold.one, 2), (gold.two, 3))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    stored = next(p for p in gold.pairs() if p.id == pair.id)
    assert (stored.graded, final(gold, row, pair).final) == (3, 2)


def test_the_same_person_twice_at_once_has_one_grade(drawn):
    gold, _ = drawn
    pair = gold.pairs()[0]
    gate, refused = threading.Barrier(2), []

    def grade(value):
        gate.wait()
        try:
            gold.judge(pair, gold.one, value)
        except Stale as error:
            refused.append(error)

    threads = [threading.Thread(target=grade, args=(value,)) for value in (1, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(refused), len(gold.grades())) == (1, 1)


def test_nobody_grades_a_pair_of_their_own_house_or_of_a_round_that_is_not_theirs(gold):
    gold.drawn(gold.one, gold.two)
    pair = gold.pairs()[0]
    for house in (gold.needer, gold.resulter):
        own = replace(gold.one, memberships={house.organisation_id: MembershipRole.VIEWER})
        with pytest.raises(NotFound):
            gold.judge(pair, own, 3)
    for other in (gold.three, gold.administrator, gold.needer):
        with pytest.raises(NotFound):
            gold.judge(pair, other, 3)
    assert gold.grades() == []


def test_far_grades_count_for_nothing_until_a_third_person_settles_them(drawn):
    gold, row = drawn
    pair = gold.pairs()[0]
    gold.judge(pair, gold.one, 0)
    gold.judge(pair, gold.two, 2)
    assert final(gold, row, pair).is_disputed
    assert final(gold, row, pair).final is None
    gold.settle(pair, gold.three, 1)
    assert not final(gold, row, pair).is_disputed
    assert final(gold, row, pair).final == 1


def test_near_grades_need_no_third_and_the_lower_counts(drawn):
    gold, row = drawn
    pair = gold.pairs()[0]
    gold.judge(pair, gold.one, 3)
    gold.judge(pair, gold.two, 2)
    assert final(gold, row, pair).final == 2
    with pytest.raises(Conflict):
        gold.settle(pair, gold.three, 3)


def test_neither_of_two_who_differ_settles_it_and_one_settlement_is_enough(drawn):
    gold, row = drawn
    pair = gold.pairs()[0]
    gold.judge(pair, gold.one, 0)
    gold.judge(pair, gold.two, 3)
    for grader in (gold.one, gold.two):
        with pytest.raises(Conflict):
            gold.settle(pair, grader, 3)
    gold.settle(pair, gold.administrator, 2)
    with pytest.raises(Conflict):
        gold.settle(pair, gold.three, 0)
    assert final(gold, row, pair).final == 2


def test_a_settlement_names_a_grade(drawn):
    gold, _ = drawn
    pair = gold.pairs()[0]
    gold.judge(pair, gold.one, 0)
    gold.judge(pair, gold.two, 3)
    with pytest.raises(Invalid):
        gold.settle(pair, gold.three, "skip")


def test_differences_are_listed_for_thirds_and_administrators_only(drawn):
    gold, row = drawn
    pair = gold.pairs()[0]
    gold.judge(pair, gold.one, 0)
    gold.judge(pair, gold.two, 3)

    def seen_by(actor):
        with reading_session(gold.engine) as session:
            return [one.pair.id for one in page.disputes(session, row, Reader("en", actor))]

    assert seen_by(gold.three) == seen_by(gold.administrator) == [pair.id]
    assert seen_by(gold.one) == []
    assert seen_by(replace(gold.three, memberships={gold.resulter.organisation_id: MembershipRole.VIEWER})) == []


def test_agreement_is_told_per_pair_of_languages_and_per_grader(drawn):
    gold, row = drawn
    for pair in gold.pairs():
        gold.judge(pair, gold.one, pair.id % 4)
        gold.judge(pair, gold.two, pair.id % 4)
    with reading_session(gold.engine) as session:
        found = page.round_page(session, row, gold.administrator)
        own = page.round_page(session, row, gold.one)
    assert found.agreement.kappa.value == pytest.approx(1.0)
    assert {one.person.id: one.graded for one in found.graders} == {
        gold.one.person_id: len(gold.pairs()),
        gold.two.person_id: len(gold.pairs()),
        gold.three.person_id: 0,
    }
    assert sum(one.judged for one in found.languages) == len(gold.pairs())
    assert {one.need for one in found.languages} == {"zh", "sr"}
    assert (own.agreement.same, own.graders, own.languages, own.people) == (1.0, (), (), ())


def test_a_grade_remembers_the_texts_that_were_read(drawn):
    gold, _ = drawn
    pair = gold.pairs()[0]
    need = next(x for x in gold.needs if x.id == pair.need_id)
    changed(gold.engine, gold.needer, need, summary="Written anew.")
    gold.judge(pair, gold.one, 2)
    assert gold.grades()[0].need_revision == need.revision + 1
