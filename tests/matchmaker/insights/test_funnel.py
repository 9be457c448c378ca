"""The funnel by timelines that were written by hand: what counts, what does not, and what a past day knew."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from matchmaker.db.uow import unit_of_work
from matchmaker.insights.asked import Asked, By, asked
from matchmaker.insights.funnel import Funnel, funnel
from matchmaker.insights.funnel_page import FunnelPage, funnel_page
from matchmaker.insights.funnel_queries import Period, paths
from matchmaker.insights.steps import Step
from matchmaker.listings.models import Direction
from matchmaker.review.models import CloseReason, DeclineReason, MoveKind, State
from tests.factories.timelines import BEGUN, Entry, listing, match

LATER = BEGUN + timedelta(days=300)
S = State
ALL_THE_WAY = [
    Entry(1, S.IN_REVIEW),
    Entry(2, S.ENDORSED),
    Entry(2.5, S.OFFERED_FIRST),
    Entry(6, S.OFFERED_SECOND, "need"),
    Entry(9, S.MUTUAL, "result"),
    Entry(9, S.INTRODUCED, "system"),
    Entry(20, S.MEETING, "need"),
    Entry(60, S.AGREEMENT, "result"),
]


@pytest.fixture
def sides(engine: Engine):
    """A Chinese need and a German result."""
    with unit_of_work(engine) as uow:
        need = listing(uow, Direction.NEED, "zh", "CN", fields="EG", published=BEGUN - timedelta(days=3))
        result = listing(uow, Direction.RESULT, "de", "DE", fields="E", published=BEGUN - timedelta(days=1))
    return need, result


@pytest.fixture
def tell(engine: Engine, sides):
    """Write a match's timeline down: `tell([Entry(…)])`; each match has a result of its own."""

    def write(entries, at=BEGUN, alone=False):
        with unit_of_work(engine) as uow:
            result = listing(uow, Direction.RESULT, "de", "DE", published=BEGUN - timedelta(days=500))
            return match(uow, (None if alone else sides[0], result), entries, at=at)

    return write


@pytest.fixture
def counted(session: Session):
    """The figures as they stood on a day."""

    def figures(on=LATER, since=BEGUN - timedelta(days=30), until=LATER) -> Funnel:
        return funnel(*paths(session, Period(since, until, on)))

    return figures


def reached(found: Funnel) -> list[int]:
    return [stage.reached for stage in found.stages]


def test_a_match_that_went_all_the_way_is_at_every_step(tell, counted):
    tell(ALL_THE_WAY)
    found = counted()
    assert reached(found) == [1] * 8
    assert [stage.went_on for stage in found.stages] == [1] * 7 + [0]
    assert [stage.skipped for stage in found.stages] == [0] * 8
    assert [stage.days for stage in found.stages] == [None, 2, 0.5, 3.5, 3, 0, 11, 40]
    assert found.drops == ()


def test_a_past_day_gives_the_figures_of_that_day(tell, counted):
    tell([*ALL_THE_WAY, Entry(90, S.CLOSED, "need", CloseReason.OTHER)])
    assert reached(counted(on=BEGUN - timedelta(days=1))) == [0] * 8
    assert reached(counted(on=BEGUN + timedelta(days=2.2))) == [1, 1, 0, 0, 0, 0, 0, 0]
    assert reached(counted(on=BEGUN + timedelta(days=10))) == [1] * 6 + [0, 0]
    assert counted(on=BEGUN + timedelta(days=10)).stages[Step.INTRODUCED].waiting == 1
    assert counted().stages[Step.AGREED].concluded == 1


def test_a_move_that_was_taken_back_does_not_count(tell, counted):
    tell([Entry(1, S.ENDORSED), Entry(1.001, S.SUGGESTED, kind=MoveKind.UNDO)])
    assert reached(counted()) == [1] + [0] * 7


def test_a_note_between_a_move_and_its_undoing_hides_nothing(tell, counted):
    tell(
        [
            Entry(1, S.DECLINED, reason=DeclineReason.PRICE),
            Entry(1, S.DECLINED, kind=MoveKind.NOTE),
            Entry(1.001, S.SUGGESTED, kind=MoveKind.UNDO),
        ]
    )
    found = counted()
    assert found.drops == ()
    assert found.stages[Step.SUGGESTED].waiting == 1


def test_undoing_an_assignment_takes_no_move_back(tell, counted):
    tell(
        [
            Entry(1, S.ENDORSED),
            Entry(1.1, S.ENDORSED, kind=MoveKind.ASSIGN),
            Entry(1.101, S.ENDORSED, kind=MoveKind.UNDO),
        ]
    )
    assert reached(counted())[Step.ENDORSED] == 1


def test_a_day_before_the_undoing_still_knew_the_move(tell, counted):
    tell([Entry(1, S.ENDORSED), Entry(1.5, S.SUGGESTED, kind=MoveKind.UNDO)])
    assert reached(counted(on=BEGUN + timedelta(days=1.2)))[Step.ENDORSED] == 1


def test_an_expression_of_interest_passes_by_what_it_does_not_need(tell, counted):
    tell([Entry(0, S.OFFERED_SECOND, "need", "interest"), Entry(4, S.MUTUAL, "result")], alone=True)
    found = counted()
    assert reached(found) == [1, 1, 1, 1, 1, 0, 0, 0]
    assert [stage.skipped for stage in found.stages] == [0, 1, 1, 0, 0, 0, 0, 0]
    assert found.stages[Step.ENDORSED].days is None
    assert found.stages[Step.MUTUAL].days == 4


def test_silence_and_refusals_are_told_apart_by_step_and_reason(tell, counted):
    tell([*ALL_THE_WAY[:3], Entry(16, S.LAPSED, "clock", "need")])
    tell([*ALL_THE_WAY[:4], Entry(8, S.DECLINED, "result", DeclineReason.PRICE)])
    tell([Entry(1, S.DECLINED, "broker", DeclineReason.WRONG_FIELD)])
    drops = {
        (drop.step, drop.ending.state, drop.ending.party, drop.ending.reason): drop.count for drop in counted().drops
    }
    assert drops == {
        (Step.OFFERED, S.LAPSED, "clock", "need"): 1,
        (Step.INTERESTED, S.DECLINED, "result", "price"): 1,
        (Step.SUGGESTED, S.DECLINED, "broker", "wrong_field"): 1,
    }


def test_a_match_that_begins_again_is_not_over(tell, counted):
    tell([*ALL_THE_WAY[:3], Entry(16, S.LAPSED, "clock", "need"), Entry(30, S.SUGGESTED)])
    found = counted()
    assert found.drops == ()
    assert found.stages[Step.OFFERED].waiting == 1
    before = counted(on=BEGUN + timedelta(days=20))
    assert before.stages[Step.OFFERED].dropped == 1


def test_what_ends_because_its_aim_was_reached_has_not_dropped_out(tell, counted):
    tell([*ALL_THE_WAY[:6], Entry(50, S.CLOSED, "need", CloseReason.COMPLETED)])
    tell([*ALL_THE_WAY[:6], Entry(50, S.CLOSED, "need", CloseReason.NO_AGREEMENT)])
    stage = counted().stages[Step.INTRODUCED]
    assert (stage.concluded, stage.dropped) == (1, 1)


def test_the_counts_of_a_step_add_up(tell, counted):
    tell(ALL_THE_WAY)
    tell(ALL_THE_WAY[:4])
    tell([*ALL_THE_WAY[:3], Entry(16, S.LAPSED, "clock", "need")])
    for stage in counted().stages:
        assert stage.reached == stage.went_on + stage.waiting + stage.dropped + stage.concluded


def test_only_matches_of_the_period_count(tell, counted):
    tell(ALL_THE_WAY)
    tell(ALL_THE_WAY, at=BEGUN + timedelta(days=40))
    assert counted(until=BEGUN + timedelta(days=30)).matches == 1
    assert counted(since=BEGUN + timedelta(days=30)).matches == 1


def test_listings_count_once_from_their_first_publication(tell, counted, sides):
    tell([])
    tell([], at=BEGUN + timedelta(days=5))
    published = counted().published
    # The need has two matches, the German result none, and the others' results are of another year.
    assert (published.listings, published.matched) == (2, 1)
    assert published.waits.tolist() == [3 * 86_400]


def test_nothing_at_all_is_no_error(counted):
    found = counted()
    assert reached(found) == [0] * 8
    assert found.days_to_match is None


def page(session: Session, by: By, **changes) -> FunnelPage:
    wanted = Asked(date(2026, 1, 1), date(2026, 6, 1), date(2026, 12, 1), by, ZoneInfo("UTC"))
    return funnel_page(session, Asked(**{**vars(wanted), **changes}), LATER)


def breakdown(found: FunnelPage) -> dict[str, list[object]]:
    return {str(row[0].text): [cell.exported for cell in row[1:9]] for row in found.breakdown.table.rows}


def test_groups_are_by_languages_countries_and_fields(app, session, tell, engine):
    with unit_of_work(engine) as uow:
        need = listing(uow, Direction.NEED, "sr", "RS", fields="GH")
        match(uow, (need, listing(uow, Direction.RESULT, "it", "IT", fields="A")), [Entry(1, S.ENDORSED)])
    tell(ALL_THE_WAY)
    tell(ALL_THE_WAY[:2], alone=True)
    with app.test_request_context():
        assert breakdown(page(session, By.LANGUAGES)) == {
            "Chinese → German": [1] * 8,
            "Serbian → Italian": [1, 1, 0, 0, 0, 0, 0, 0],
            "unknown → German": [1, 1, 0, 0, 0, 0, 0, 0],
        }
        assert set(breakdown(page(session, By.COUNTRIES))) == {"China → Germany", "Serbia → Italy", "unknown → Germany"}
        fields = {name: row[0] for name, row in breakdown(page(session, By.FIELD)).items()}
    assert {name[:1]: count for name, count in fields.items()} == {"E": 1, "G": 2, "H": 1, "N": 1}


def test_months_are_those_of_the_readers_zone(app, session, tell):
    tell([], at=datetime(2026, 3, 31, 20, tzinfo=UTC))
    with app.test_request_context():
        assert breakdown(page(session, By.MONTH))["Mar 2026"][0] == 1
        assert breakdown(page(session, By.MONTH, zone=ZoneInfo("Asia/Shanghai")))["Apr 2026"][0] == 1


def test_an_address_without_sense_asks_for_the_last_year():
    today = date(2026, 11, 25)
    for args in ({}, {"since": "soon", "until": "2026-13", "on": "never", "by": "colour"}):
        found = asked(args, today=today, zone=ZoneInfo("UTC"))
        assert (found.since, found.until, found.on, found.by) == (date(2025, 11, 1), date(2026, 11, 1), today, By.MONTH)


def test_a_period_that_ends_before_it_begins_is_turned_around_and_the_future_is_not_known():
    args = {"since": "2026-08", "until": "2026-02", "on": "2030-01-01"}
    found = asked(args, today=date(2026, 11, 25), zone=ZoneInfo("UTC"))
    assert (found.since, found.until, found.on) == (date(2026, 2, 1), date(2026, 8, 1), date(2026, 11, 25))


def test_the_end_of_a_month_is_in_its_period():
    found = asked({"since": "2026-12", "until": "2026-12"}, today=date(2027, 1, 5), zone=ZoneInfo("Europe/Rome"))
    period = found.period(datetime(2027, 1, 5, tzinfo=UTC))
    assert period.since == datetime(2026, 12, 1, tzinfo=ZoneInfo("Europe/Rome"))
    assert period.until == datetime(2027, 1, 1, tzinfo=ZoneInfo("Europe/Rome"))
