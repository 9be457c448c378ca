"""Newly embedded listings put their best pairs across borders on the desk."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import Engine, delete, select
from sqlmodel import Session

from matchmaker.accounts.schemas import Actor
from matchmaker.db.engine import reading_session
from matchmaker.db.uow import unit_of_work
from matchmaker.listings import queries as listings
from matchmaker.listings import service as listing_service
from matchmaker.listings.confidence import Reader
from matchmaker.listings.models import Listing, Status
from matchmaker.matching.ranking import Ranking
from matchmaker.matching.runtime import Matcher
from matchmaker.matching.schemas import Scope
from matchmaker.review import tasks
from matchmaker.review.models import Showing, Suggestion
from matchmaker.review.waiting import LEAST_SCORE, place_fresh
from tests.factories.market import NEED, RESULT, publish, write

Person = Callable[..., Actor]
WORDS = {"summary": "coal drilling robot", "description": "A robot drills coal seams."}


OTHERS = ("tea drying oven", "battery recycling", "rail welding", "kiwi grafting", "dental implants", "barley wine")


@pytest.fixture
def matcher(app: Flask, engine: Engine, person: Person) -> Matcher:
    """A matcher in a market that has other things too: what stands out does so among them."""
    made: Matcher = app.extensions["matchmaker.matcher"]
    chinese, german = person(), person(country="DE")
    for number, topic in enumerate(OTHERS):
        actor, country, lang = (chinese, "CN", "zh") if number % 2 else (german, "DE", "de")
        words = {"title": topic, "summary": topic, "description": f"{topic} {topic}", "technical_spec": topic}
        publish(engine, actor, NEED, country=country, lang=lang, **words)
        publish(engine, actor, RESULT, country=country, lang=lang, **{**words, "advantages": topic})
    embed(made)
    with unit_of_work(engine) as uow:
        uow.session.execute(delete(Showing))
        uow.session.execute(delete(Suggestion))
    return made


def embed(matcher: Matcher) -> None:
    while matcher.round():
        pass
    matcher.follow()


def pairs(engine: Engine) -> dict[tuple[int, int], float]:
    with reading_session(engine) as session:
        rows = session.execute(select(Suggestion)).scalars().all()
        return {(row.need_id, row.result_id): row.score for row in rows}


def scores(matcher: Matcher, session: Session, need: Listing) -> dict[tuple[int, int], float]:
    """What the two lists say together: the harmonic mean of the two places."""
    found = {}
    for result_id, forward in in_list(matcher, session, need.id or 0).items():
        backward = in_list(matcher, session, result_id)[need.id or 0]
        found[need.id or 0, result_id] = 2 * forward * backward / (forward + backward)
    return found


def in_list(matcher: Matcher, session: Session, listing_id: int) -> dict[int, float]:
    """What a listing's own list says of the others."""
    full = listings.full(session, session.get_one(Listing, listing_id))
    found = Ranking(matcher, session, Reader("en")).matches(full, scope=Scope.CROSS_BORDER, limit=30)
    return {match.listing.id: match.score for match in found.matches}


def note_embedded(engine: Engine, listing: Listing) -> None:
    """As if its vectors had been made anew."""
    with unit_of_work(engine) as uow:
        listing_service.note_embedded(uow, [listing.id or 0])


def test_embedding_puts_the_best_pairs_across_borders_on_the_desk(
    engine: Engine, matcher: Matcher, person: Person, session: Session
) -> None:
    chinese, german = person(), person(country="DE")
    need = publish(engine, chinese, NEED, title="coal drilling robot wanted", **WORDS)
    fits = publish(engine, german, RESULT, title="coal drilling robot", country="DE", **WORDS)
    publish(engine, chinese, RESULT, title="coal drilling robot", country="CN", **WORDS)
    write(engine, german, RESULT, title="coal drilling robot draft", **WORDS)
    embed(matcher)
    found = pairs(engine)
    pair = (need.id or 0, fits.id or 0)
    assert found[pair] == pytest.approx(scores(matcher, session, need)[pair], abs=1e-6)
    assert found[pair] == max(found.values())
    countries = {row.id: (row.country, row.status) for row in session.execute(select(Listing)).scalars()}
    for need_id, result_id in found:
        assert countries[need_id][0] != countries[result_id][0]
        assert countries[need_id][1] is countries[result_id][1] is Status.PUBLISHED


def test_a_new_result_is_suggested_to_the_needs_that_wait_for_it(
    engine: Engine, matcher: Matcher, person: Person, session: Session
) -> None:
    need = publish(engine, person(), NEED, title="coal drilling robot wanted", **WORDS)
    embed(matcher)
    before = pairs(engine)
    late = publish(engine, person(country="DE"), RESULT, title="coal drilling robot", country="DE", **WORDS)
    embed(matcher)
    pair = (need.id or 0, late.id or 0)
    assert pair not in before
    assert pairs(engine)[pair] == pytest.approx(scores(matcher, session, need)[pair], abs=1e-6)


def test_a_listing_gets_a_few_suggestions_and_only_good_ones(
    engine: Engine, matcher: Matcher, person: Person, session: Session
) -> None:
    german = person(country="DE")
    for number in range(tasks.EACH + 2):
        publish(engine, german, RESULT, title=f"coal drilling robot {number}", country="DE", **WORDS)
    embed(matcher)
    need = publish(engine, person(), NEED, title="coal drilling robot wanted", **WORDS)
    embed(matcher)
    found = {pair: score for pair, score in pairs(engine).items() if pair[0] == need.id}
    own = in_list(matcher, session, need.id or 0)
    best = sorted(own, key=lambda result: -own[result])[: tasks.EACH]
    wanted = {pair: score for pair, score in scores(matcher, session, need).items() if pair[1] in best}
    assert found == pytest.approx({pair: score for pair, score in wanted.items() if score >= LEAST_SCORE}, abs=1e-6)
    assert 0 < len(found) <= tasks.EACH


def test_what_is_not_published_is_not_suggested(engine: Engine, matcher: Matcher, person: Person) -> None:
    draft = write(engine, person(), NEED, title="coal drilling robot wanted", **WORDS)
    publish(engine, person(country="DE"), RESULT, title="coal drilling robot", country="DE", **WORDS)
    embed(matcher)
    note_embedded(engine, draft)
    embed(matcher)
    assert draft.id not in {need for need, _ in pairs(engine)}


def test_suggesting_again_adds_nothing(engine: Engine, matcher: Matcher, person: Person) -> None:
    need = publish(engine, person(), NEED, title="coal drilling robot wanted", **WORDS)
    result = publish(engine, person(country="DE"), RESULT, title="coal drilling robot", country="DE", **WORDS)
    embed(matcher)
    before = pairs(engine)
    assert (need.id, result.id) in before
    note_embedded(engine, need)
    note_embedded(engine, result)
    embed(matcher)
    assert pairs(engine) == pytest.approx(before, abs=1e-6)


def test_what_was_embedded_before_a_crash_reaches_the_desk_after_it(
    app: Flask, engine: Engine, matcher: Matcher, person: Person
) -> None:
    need = publish(engine, person(), NEED, title="coal drilling robot wanted", **WORDS)
    result = publish(engine, person(country="DE"), RESULT, title="coal drilling robot", country="DE", **WORDS)
    while matcher.round():
        pass
    assert (need.id, result.id) not in pairs(engine)
    restarted = Matcher(app.extensions["matchmaker.settings"], engine)
    assert tasks.follow(restarted) == 2
    # A second crash, between finding and choosing, loses nothing either.
    assert (need.id, result.id) not in pairs(engine)
    assert place_fresh(engine) >= 1
    assert (need.id, result.id) in pairs(engine)
    assert tasks.follow(restarted) == place_fresh(engine) == 0
