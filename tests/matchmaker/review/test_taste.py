"""A broker who declines three matches of a kind for one reason sees fewer of that kind, and can have it otherwise."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import select

from matchmaker.accounts.models import Broker, Role
from matchmaker.audit.models import AuditEvent
from matchmaker.core.clock import now
from matchmaker.db.engine import reading_session
from matchmaker.db.uow import unit_of_work
from matchmaker.listings.confidence import Reader
from matchmaker.review import queries, taste, taste_queries
from matchmaker.review.models import DeclineReason, Origin, State, Suggestion
from matchmaker.review.queries import DeskFilters, Viewer
from matchmaker.review.service import Found, No, decline, endorse, suggest
from matchmaker.review.taste import Aversion, Judged, aversions
from matchmaker.review.undo import undo
from tests.factories.market import NEED, RESULT, publish

EARLY, MARKET = DeclineReason.TOO_EARLY, DeclineReason.NOT_OUR_MARKET
KIND = (EARLY, "below")


def judged(reason, times, traits=frozenset({KIND}), person=1):
    return [Judged(person, reason, traits)] * times


@pytest.mark.parametrize(
    ("no", "yes", "share"), [(3, 0, 0.4), (3, 1, 0.5), (6, 0, 0.25), (60, 0, 0.25), (3, 30, 32 / 35)]
)
def test_a_kind_keeps_the_share_that_the_verdicts_leave_it(no, yes, share):
    (one,) = aversions(judged(EARLY, no) + judged(None, yes))[1]
    assert (one.trait, one.no, one.yes) == (KIND, no, yes)
    assert one.share == pytest.approx(share)


def test_twice_is_not_enough_and_another_reason_is_about_something_else():
    assert aversions(judged(EARLY, 2) + judged(MARKET, 7) + judged(EARLY, 9, frozenset())) == {}


def test_everybody_has_their_own():
    assert set(aversions(judged(EARLY, 3) + judged(EARLY, 2, person=2))) == {1}


class Desk:
    """Results for one need, on the desk with scores from 0.9 down; the odd ones are earlier than the need wants."""

    def __init__(self, engine, person, broker, number=26):
        self.engine, self.broker = engine, broker
        self.owner, self.institute = person(country="CN"), person(country="DE")
        self.need = publish(engine, self.owner, NEED, country="CN", trl="7")
        self.results = [
            publish(engine, self.institute, RESULT, title=f"Bohrgerät {i}", country="DE", trl="37"[i % 2 == 0])
            for i in range(number)
        ]
        with unit_of_work(engine) as uow:
            suggest(uow, [Found(self.need.id, one.id, 0.9 - i / 100) for i, one in enumerate(self.results)])

    def match(self, place):
        with reading_session(self.engine) as session:
            wanted = select(Suggestion).where(Suggestion.result_id == self.results[place].id)
            return session.exec(wanted).one()

    def decline(self, place, reason=EARLY):
        match = self.match(place)
        with unit_of_work(self.engine) as uow:
            decline(uow, match.public_id, No(reason), revision=match.revision, actor=self.broker)

    def averse(self, at=None):
        with reading_session(self.engine) as session:
            return taste_queries.of_people(session, [self.broker.person_id], at or now()).get(self.broker.person_id, [])

    def shown(self, averse=None, size=20):
        """The places of the results on the first page of what nobody has."""
        viewer = Viewer(self.broker.person_id, averse=tuple(self.averse() if averse is None else averse))
        with reading_session(self.engine) as session:
            page = queries.desk(session, viewer, DeskFilters(), (1, size), Reader("en"))
        places = {one.id: i for i, one in enumerate(self.results)}
        return [places[row.suggestion.result_id] for row in page.rows]


@pytest.fixture
def desk(engine, person):
    return Desk(engine, person, person(role=Role.BROKER))


def test_three_times_too_early_and_the_next_ten_hold_fewer_that_are(desk):
    before = desk.shown(size=13)[3:]
    assert sum(place % 2 for place in before) == 5
    for place in (1, 3, 5):
        desk.decline(place)
    assert [(one.trait, one.no) for one in desk.averse()] == [(KIND, 3)]
    after = desk.shown(size=10)
    assert [place for place in after if place % 2] == []
    # None is lost: they come after the others, in their own order.
    everything = desk.shown(size=50)
    assert len(everything) == 23
    assert everything[-10:] == sorted(place for place in everything if place % 2)


def test_it_follows_the_verdicts_at_once_also_when_one_is_taken_back(desk):
    for place in (1, 3):
        desk.decline(place)
    assert desk.averse() == []
    desk.decline(5)
    assert desk.averse()
    match = desk.match(5)
    with unit_of_work(desk.engine) as uow:
        undo(uow, match.public_id, revision=match.revision, actor=desk.broker)
    assert desk.averse() == []


def test_what_is_endorsed_nevertheless_weighs_against_it(desk):
    for place in (1, 3, 5):
        desk.decline(place)
    match = desk.match(7)
    with unit_of_work(desk.engine) as uow:
        endorse(uow, match.public_id, revision=match.revision, actor=desk.broker)
    assert [(one.no, one.yes) for one in desk.averse()] == [(3, 1)]


def test_what_was_said_over_a_year_ago_is_forgotten(desk):
    for place in (1, 3, 5):
        desk.decline(place)
    assert desk.averse(now() + timedelta(days=364))
    assert desk.averse(now() + timedelta(days=366)) == []


def test_the_last_verdicts_count(desk, monkeypatch):
    for place in (1, 3, 5, 0, 2):
        desk.decline(place, EARLY if place % 2 else DeclineReason.PRICE)
    monkeypatch.setattr(taste_queries, "LOOKED_AT", 4)
    assert desk.averse() == []


def test_a_side_that_says_no_after_the_brokers_yes_does_not_speak_for_the_broker(desk):
    for place in (1, 3, 5):
        desk.decline(place)
    with unit_of_work(desk.engine) as uow:
        row = uow.session.get(Suggestion, desk.match(5).id)
        row.declined_by = "need"
    assert desk.averse() == []


def test_an_interest_keeps_its_place(desk):
    with unit_of_work(desk.engine) as uow:
        row = uow.session.get(Suggestion, desk.match(25).id)
        row.origin, row.priority = Origin.INTEREST, 11.0
    for place in (1, 3, 5):
        desk.decline(place)
    assert desk.shown()[0] == 25


def test_a_colleague_sees_everything_in_its_place(desk):
    for place in (1, 3, 5):
        desk.decline(place)
    assert desk.shown(averse=[]) == [i for i in range(26) if i not in {1, 3, 5}][:20]


def test_the_kinds_of_a_pair_are_read_off_its_listings(engine, desk):
    with reading_session(engine) as session:
        of_pair = taste_queries.traits(session, [desk.match(0), desk.match(1)])
    assert {dict(kinds)[EARLY] for kinds in of_pair.values()} == {"below", "7"}
    assert {dict(kinds)[MARKET] for kinds in of_pair.values()} == {"CN>DE"}


def test_none_of_the_kind_is_given_to_whoever_mostly_declines_it(desk, person):
    for place in (1, 3, 5):
        desk.decline(place)
    with unit_of_work(desk.engine) as uow:
        uow.session.add(Broker(person_id=desk.broker.person_id, most_open=30, available=True))
    late, early = (
        publish(desk.engine, desk.institute, RESULT, title=f"Neues Gerät {trl}", country="DE", trl=trl) for trl in "83"
    )
    with unit_of_work(desk.engine) as uow:
        suggest(uow, [Found(desk.need.id, late.id, 0.5), Found(desk.need.id, early.id, 0.6)])
    desk.results += [late, early]
    assert desk.match(-2).broker_id == desk.broker.person_id
    assert (desk.match(-1).broker_id, desk.match(-1).state) == (None, State.SUGGESTED)


def test_whoever_forgets_a_reason_sees_everything_as_before_and_may_take_that_back(desk):
    for place in (1, 3, 5):
        desk.decline(place)
    with unit_of_work(desk.engine) as uow:
        taste.forget(uow, EARLY, actor=desk.broker)
    assert desk.averse() == []
    desk.decline(7)
    assert desk.averse() == []
    for _ in range(2):  # the same click again
        with unit_of_work(desk.engine) as uow:
            taste.remember(uow, EARLY, actor=desk.broker)
    assert [one.no for one in desk.averse()] == [4]
    with reading_session(desk.engine) as session:
        said = session.exec(select(AuditEvent.action).where(AuditEvent.action.startswith("taste."))).all()
    assert said == ["taste.forget", "taste.remember"]


def test_the_desk_says_what_stands_lower_and_how_to_have_it_otherwise(engine, person, signed_in):
    client, actor = signed_in(Role.BROKER)
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    desk = Desk(engine, person, actor)
    assert "stand lower here" not in client.get("/desk?tab=unassigned").text
    for place in (1, 3, 5):
        desk.decline(place)
    page = client.get("/desk?tab=unassigned").text
    assert "One kind of match stands lower here" in page
    assert "earlier than the need wants" in page
    assert page.count("lower: Not mature enough") == 7  # 13 that are not stand before them
    answer = client.post("/desk/taste/too_early/forget", follow_redirects=True).text
    assert "Such matches stand as before." in answer
    assert "stand lower here" not in answer
    assert "lower: " not in answer
    assert "/desk/taste/too_early/remember" in answer
    client.post("/desk/taste/too_early/remember")
    assert "One kind of match stands lower here" in client.get("/desk?tab=unassigned").text
    assert client.post("/desk/taste/nonsense/forget").status_code == 404


def test_one_who_is_no_broker_has_no_taste(engine, person):
    with pytest.raises(taste.NotYours), unit_of_work(engine) as uow:
        taste.forget(uow, EARLY, actor=person())


def test_a_weak_aversion_moves_little():
    strong, weak = Aversion(EARLY, "below", 9), Aversion(EARLY, "below", 3, 30)
    assert taste.is_mostly_declined([strong], frozenset({KIND}))
    assert not taste.is_mostly_declined([weak], frozenset({KIND}))
    assert not taste.is_mostly_declined([replace(strong, kind="1-3")], frozenset({KIND}))
