"""Who gets what nobody has taken: always the same, the fitting one with the most room, never one of the house."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlmodel import select

from matchmaker.accounts.models import (
    Broker,
    BrokerLevel,
    BrokerScope,
    MembershipRole,
    Organisation,
    Person,
    Role,
    ScopeKind,
)
from matchmaker.db.uow import unit_of_work
from matchmaker.review import assignment, broker_queries, desk_clock, timeline
from matchmaker.review.assignment import choose
from matchmaker.review.broker_queries import Candidate, Case, Scopes
from matchmaker.review.models import MatchMove, State, Suggestion
from matchmaker.review.service import Found, suggest
from tests.factories.market import NEED, RESULT, publish
from tests.factories.matches import join

CASE = Case(frozenset({"zh", "de"}), frozenset({"E"}), frozenset({"CN", "DE"}), frozenset({7, 8}))


def one(id_, languages=(), fields=(), regions=(), **more):
    return Candidate(id_, scopes=Scopes(frozenset(languages), frozenset(fields), frozenset(regions)), **more)


def chosen(*candidates, case=CASE):
    found = [choose(case, order) for order in (candidates, candidates[::-1])]
    assert found[0] == found[1]
    return found[0].person_id if found[0] else None


@pytest.mark.parametrize(
    "candidate",
    [
        one(1, languages=("ja",)),
        one(1, fields=("A",)),
        one(1, regions=("BR",)),
        one(1, open=30),
        one(1, most_open=0),
        one(1, organisations=frozenset({8})),
    ],
)
def test_whoever_does_not_fit_gets_nothing(candidate):
    assert chosen(candidate) is None


@pytest.mark.parametrize(
    "candidate", [one(1), one(1, ("zh",)), one(1, fields=("E", "A")), one(1, regions=("EU",)), one(1, open=29)]
)
def test_a_scope_that_touches_the_match_is_enough(candidate):
    assert chosen(candidate) == 1


def test_what_a_listing_does_not_say_keeps_nobody_away():
    assert chosen(one(1, ("ja",), ("A",), ("BR",)), case=Case()) == 1


def test_both_languages_go_before_one_and_one_before_none_named():
    assert chosen(one(1), one(2, ("zh", "en")), one(3, ("zh", "de"))) == 3
    assert chosen(one(1), one(2, ("zh", "en"))) == 2


def test_a_field_that_is_named_goes_before_all_fields():
    assert chosen(one(1, ("zh",)), one(2, ("zh",), ("E",))) == 2


def test_the_broker_of_the_house_goes_before_everybody():
    assert chosen(one(1, ("zh", "de"), ("E",), ("CN", "DE")), one(2), case=replace(CASE, house=frozenset({2}))) == 2


def test_among_equals_the_emptier_desk_then_the_longer_wait_then_the_level_then_the_id():
    early, late = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    assert chosen(one(1, open=10), one(2, open=9)) == 2
    assert chosen(one(1, open=10, most_open=100), one(2, open=9)) == 1
    assert chosen(one(1, given_at=late), one(2, given_at=early)) == 2
    assert chosen(one(1), one(2, level=BrokerLevel.SENIOR)) == 2
    assert chosen(one(3), one(2)) == 2


@pytest.fixture
def market(engine, person):
    """A need and six results, and how to make brokers and to put all pairs on the desk."""
    need = publish(engine, person(), NEED)
    results = [publish(engine, person(country="DE"), RESULT, title=f"Bohrgerät {i}") for i in range(6)]

    def broker(*languages, most=30, available=True):
        actor = person(Role.BROKER)
        with unit_of_work(engine) as uow:
            uow.session.add(Broker(person_id=actor.person_id, most_open=most, available=available))
            uow.session.add_all(
                BrokerScope(person_id=actor.person_id, kind=ScopeKind.LANGUAGE, code=code) for code in languages
            )
        return actor

    def put(*which):
        with unit_of_work(engine) as uow:
            suggest(uow, [Found(need.id, results[i].id, 0.9 - i / 10) for i in which or range(6)])

    return need, results, broker, put


def given(session):
    session.rollback()
    rows = session.exec(select(Suggestion).order_by(Suggestion.score.desc())).all()
    return [row.broker_id for row in rows]


def test_new_pairs_are_shared_out_evenly_and_the_best_first(market, session):
    _, _, broker, put = market
    first, second = broker("zh", "de"), broker("zh", "de")
    put()
    a, b = first.person_id, second.person_id
    assert given(session) == [a, b, a, b, a, b]


def test_what_nobody_has_room_for_stays_for_all_until_somebody_has(market, session, engine):
    _, _, broker, put = market
    small = broker("zh", most=2)
    broker("fr")
    broker("zh", available=False)
    put()
    assert given(session) == [small.person_id] * 2 + [None] * 4
    assert desk_clock.assign_untaken(engine) == 0
    late = broker("de", most=3)
    assert desk_clock.assign_untaken(engine) == 3
    assert given(session) == [small.person_id] * 2 + [late.person_id] * 3 + [None]


@pytest.mark.parametrize("change", [{"closed_at": datetime(2026, 1, 1, tzinfo=UTC)}, {"role": Role.MEMBER}])
def test_what_lay_with_a_broker_who_is_none_any_more_goes_to_another(market, session, engine, change):
    _, _, broker, put = market
    gone = broker("zh", most=2)
    put()
    late = broker("de")
    with unit_of_work(engine) as uow:
        person = uow.session.get(Person, gone.person_id)
        uow.session.get(Broker, gone.person_id).available = False
        for name, value in change.items():
            setattr(person, name, value)
    assert desk_clock.assign_untaken(engine) == 6
    assert given(session) == [late.person_id] * 6


def test_a_pair_that_is_found_again_stays_where_it_is(market, session, person):
    _, _, broker, put = market
    first = broker("zh")
    put(0)
    put(0)
    assert given(session) == [first.person_id]
    assert session.exec(select(Suggestion)).one().revision == 2


def test_the_timeline_tells_why_in_codes(market, session):
    _, _, broker, put = market
    actor = broker("zh", "ja")
    put(0)
    entry = session.exec(select(MatchMove)).one()
    assert (entry.party, entry.reason, entry.now) == ("system", assignment.REASON, State.IN_REVIEW)
    assert json.loads(entry.note) == {
        "to": actor.public_id, "languages": ["zh"], "fields": [], "regions": [], "load": [0, 30], "house": False,
    }  # fmt: skip
    assert session.exec(select(Suggestion)).one().assigned_at == entry.at
    assert entry.person_id is None


@pytest.mark.parametrize(
    ("lang", "told"),
    [
        ("en", ("Given to {}, who fits", "Languages: Chinese. Had 0 of 30 to decide.")),
        ("zh", ("已分配给合适的{}", "语言：中文。 当时待处理 0 项，上限 30 项。")),
    ],
)
def test_every_reader_is_told_why_in_their_own_language(app, market, session, lang, told):
    _, _, broker, put = market
    actor = broker("zh", "ja")
    put(0)
    with app.test_request_context(headers={"Accept-Language": lang}):
        rows = timeline.entries(session, session.exec(select(Suggestion)).one(), timeline.Reader.BROKER)
        assert [(str(row.title), row.note) for row in rows] == [(told[0].format(actor.name), told[1])]


def test_a_broker_of_one_of_the_houses_is_passed_over(market, session, engine, person):
    need, _, broker, put = market
    insider = broker("zh", "de")
    owner = person()
    with unit_of_work(engine) as uow:
        org = uow.session.get(Organisation, need.organisation_id)
        owner = replace(owner, memberships={org.id: MembershipRole.OWNER})
    join(engine, insider, owner, MembershipRole.VIEWER)
    other = broker("zh")
    put(0)
    assert given(session) == [other.person_id]


def test_people_without_a_card_are_given_nothing(market, session, person):
    _, _, _, put = market
    person(Role.BROKER)
    person(Role.ADMINISTRATOR)
    put(0)
    assert given(session) == [None]
    assert broker_queries.candidates(session) == []
