"""What the desk and the sides were shown is written down once, as it was."""

import json
from dataclasses import replace

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from matchmaker.accounts.models import Role
from matchmaker.db.engine import reading_session
from matchmaker.db.uow import unit_of_work
from matchmaker.matching.scoring import RULES
from matchmaker.review import tasks, waiting
from matchmaker.review.exploring import LEAST_CANDIDATES
from matchmaker.review.models import Audience, Showing, Suggestion, SuggestionLimit
from matchmaker.review.service import Found, suggest
from matchmaker.review.showings import Shown
from tests.factories.html import parse
from tests.factories.market import NEED, RESULT, publish
from tests.factories.matches import arena

SHOWN = Shown({"text_fit": 0.51239, "maturity": 1.0}, 0, "hashing", rank=3, propensity=1.0)
WORDS = {"summary": "coal drilling robot", "description": "A robot drills coal seams."}
TOPICS = ("tea drying oven", "battery recycling", "rail welding", "kiwi grafting", "dental implants", "barley wine")


@pytest.fixture
def pair(engine, person):
    return arena(engine, person)


def show(pair, shown, score=0.7):
    with unit_of_work(pair.engine) as uow:
        suggest(uow, [Found(pair.need.id, pair.result.id, score, shown=shown)])


def rows(engine):
    with reading_session(engine) as session:
        return session.execute(select(Showing).order_by(Showing.id)).scalars().all()


def test_a_suggestion_is_written_down_with_what_made_it(engine, pair):
    show(pair, SHOWN)
    (row,) = rows(engine)
    assert json.loads(row.parts) == {"text_fit": 0.512, "maturity": 1.0}
    assert (row.audience, row.weights, row.encoder, row.rank) == (Audience.DESK, 0, "hashing", 3)
    assert (row.propensity, row.explored) == (1.0, False)


def test_what_looks_the_same_is_not_written_down_again(engine, pair):
    show(pair, SHOWN)
    show(pair, replace(SHOWN, parts={"text_fit": 0.51241, "maturity": 1.0}, rank=None, propensity=None))
    assert len(rows(engine)) == 1


def test_a_match_that_is_scored_again_keeps_its_place_and_its_chance(engine, pair):
    show(pair, replace(SHOWN, propensity=0.05))
    show(pair, replace(SHOWN, parts={"text_fit": 0.4}, weights=2, rank=None, propensity=None))
    first, again = rows(engine)
    assert first.explored
    assert (again.rank, again.propensity, again.explored, again.weights) == (3, 0.05, True, 2)


def test_a_drawn_match_that_rises_to_the_best_is_drawn_no_more(engine, pair):
    show(pair, replace(SHOWN, rank=9, propensity=0.05))
    show(pair, replace(SHOWN, rank=2, propensity=1.0))
    assert [(row.rank, row.explored) for row in rows(engine)] == [(9, True), (2, False)]


def test_what_was_decided_is_not_shown_again(engine, pair):
    show(pair, SHOWN)
    pair.offer()
    show(pair, replace(SHOWN, parts={"text_fit": 0.1}))
    assert [row.audience for row in rows(engine)] == [Audience.DESK, Audience.NEED]


def test_the_broker_is_told_of_a_drawn_match_and_the_sides_are_not(engine, pair, signed_in):
    show(pair, replace(SHOWN, propensity=0.05))
    words = "your verdict on it teaches the ranking most"
    client, _ = signed_in(Role.BROKER)
    assert words in parse(client.get(f"/desk/{pair.match().public_id}").text).text
    show(pair, replace(SHOWN, propensity=1.0))
    assert words not in parse(client.get(f"/desk/{pair.match().public_id}").text).text


@pytest.fixture
def market(app, engine, person):
    """A market in which many results answer one need."""
    matcher = app.extensions["matchmaker.matcher"]
    chinese, german = person(), person(country="DE")
    for topic in TOPICS:
        words = {"title": topic, "summary": topic, "description": f"{topic} {topic}", "technical_spec": topic}
        publish(engine, chinese, NEED, **words)
        publish(engine, german, RESULT, **{**words, "advantages": topic})
    for number in range(LEAST_CANDIDATES + 2):
        publish(engine, german, RESULT, title=f"coal drilling robot {number}", **WORDS)
    needs = [publish(engine, chinese, NEED, title=f"coal drilling robot wanted {n}", **WORDS) for n in range(6)]
    while matcher.round():
        pass
    return matcher, needs


def follow(matcher, monkeypatch):
    """Everything that the ranking finds goes to the desk, whatever the hashing encoder thinks of it."""
    for module in (tasks, waiting):
        monkeypatch.setattr(module, "LEAST_SCORE", 0.28)
    with unit_of_work(matcher.engine) as uow:
        uow.session.execute(update(SuggestionLimit).where(col(SuggestionLimit.name).like("per%")).values(value=1000))
    while tasks.follow(matcher):
        pass
    waiting.place(matcher.engine)


def suggested(engine, needs):
    with reading_session(engine) as session:
        wanted = select(Showing, Suggestion.need_id).join(Suggestion, Suggestion.id == Showing.suggestion_id)
        return [row for row, need in session.execute(wanted) if need in {one.id for one in needs}]


def test_now_and_then_a_match_from_further_down_is_suggested_with_its_chance(engine, market, monkeypatch):
    matcher, needs = market
    # A half of a share for each of five: every list draws one.
    matcher.settings = replace(matcher.settings, explore=0.5)
    follow(matcher, monkeypatch)
    found = suggested(engine, needs)
    best = [row for row in found if not row.explored]
    assert best
    assert {row.propensity for row in best} == {1.0}
    assert all(row.rank <= tasks.EACH for row in best)
    drawn = [row for row in found if row.explored]
    assert drawn
    assert all(row.rank > tasks.EACH and 0 < row.propensity < 0.5 for row in drawn)
    assert {tuple(json.loads(row.parts)) for row in found} == {tuple(rule.name for rule in RULES)}


def test_an_installation_may_do_without(engine, market, monkeypatch):
    matcher, needs = market
    matcher.settings = replace(matcher.settings, explore=0.0)
    follow(matcher, monkeypatch)
    assert suggested(engine, needs)
    assert not [row for row in suggested(engine, needs) if row.explored]
