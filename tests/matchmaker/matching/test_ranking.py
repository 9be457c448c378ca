"""Matches and searches: who is found, in which scope, in which order, and why."""

import numpy as np
import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from matchmaker.db.engine import reading_session
from matchmaker.db.uow import unit_of_work
from matchmaker.listings import queries as listings
from matchmaker.listings.confidence import Reader
from matchmaker.listings.models import Direction, Listing
from matchmaker.listings.queries import Filters
from matchmaker.listings.schemas import ListingDraft
from matchmaker.matching import queries, ranking, scoring
from matchmaker.matching.ranking import Ranking
from matchmaker.matching.runtime import Matcher
from matchmaker.matching.schemas import Match, Readiness, Scope, SearchHit
from tests.factories.market import NEED, RESULT, publish, publish_within, translate, write
from tests.matchmaker.matching.conftest import People, changed, full, withdrawn

TOPICS = ("coal drilling robot", "tea drying oven", "battery cell recycling", "rail welding machine")
COUNTRIES = (("CN", "zh"), ("DE", "de"), ("HU", "hu"), ("RS", "sr"))


class Market:
    """Needs and results on every topic in every country."""

    def __init__(self, engine: Engine, people: People) -> None:
        self.needs: dict[tuple[str, str], Listing] = {}
        self.results: dict[tuple[str, str], Listing] = {}
        actors = {country: people.of(country) for country, _ in COUNTRIES}
        with unit_of_work(engine) as uow:
            for topic in TOPICS:
                for country, lang in COUNTRIES:
                    words = {"title": f"{topic} {country}", "summary": topic, "description": f"{topic} {lang} {lang}"}
                    here = {"country": country, "lang": lang, **words}
                    if country in {"CN", "DE"}:
                        self.needs[topic, country] = publish_within(
                            uow, actors[country], ListingDraft(**{**NEED, **here})
                        )
                    self.results[topic, country] = publish_within(
                        uow, actors[country], ListingDraft(**{**RESULT, **here})
                    )


@pytest.fixture
def market(engine: Engine, people: People, matcher: Matcher) -> Market:
    matcher.followers.clear()
    made = Market(engine, people)
    matcher.embed([listing.id or 0 for side in (made.needs, made.results) for listing in side.values()])
    return made


def embed(matcher: Matcher) -> None:
    while matcher.round():
        pass


def matches(matcher: Matcher, listing: Listing, scope: Scope = Scope.CROSS_BORDER, limit: int = 30) -> list[Match]:
    with reading_session(matcher.engine) as session:
        found = Ranking(matcher, session, Reader("en")).matches(full(session, listing), scope=scope, limit=limit)
    assert (found.readiness, found.scope) == (Readiness.READY, scope)
    return list(found.matches)


def countries(found: list[Match]) -> set[str]:
    return {match.listing.country for match in found}


def test_across_borders_the_own_country_is_never_shown(matcher: Matcher, market: Market) -> None:
    for listing in (*market.needs.values(), *market.results.values()):
        found = countries(matches(matcher, listing))
        assert found
        assert listing.country not in found


def test_at_home_only_the_own_country_is_shown(matcher: Matcher, market: Market) -> None:
    found = matches(matcher, market.needs["tea drying oven", "DE"], Scope.DOMESTIC)
    assert countries(found) == {"DE"}
    assert len(found) == len(TOPICS)


def test_everywhere_shows_both(matcher: Matcher, market: Market) -> None:
    need = market.needs["tea drying oven", "DE"]
    found = {scope: {match.listing.id for match in matches(matcher, need, scope)} for scope in Scope}
    assert found[Scope.EVERYWHERE] == found[Scope.DOMESTIC] | found[Scope.CROSS_BORDER]
    assert not found[Scope.DOMESTIC] & found[Scope.CROSS_BORDER]
    assert found[Scope.EVERYWHERE] == {result.id for result in market.results.values()}


@pytest.mark.parametrize("topic", TOPICS)
def test_the_right_topic_comes_first_from_every_country(matcher: Matcher, market: Market, topic: str) -> None:
    found = matches(matcher, market.needs[topic, "CN"], limit=3)
    assert {match.listing.id for match in found} == {market.results[topic, c].id for c in ("DE", "HU", "RS")}


def test_a_result_finds_needs_and_a_need_finds_results(matcher: Matcher, market: Market) -> None:
    found = matches(matcher, market.results["coal drilling robot", "HU"], limit=2)
    assert {match.listing.direction for match in found} == {Direction.NEED}
    assert {match.listing.id for match in found} == {market.needs["coal drilling robot", c].id for c in ("CN", "DE")}
    found = matches(matcher, market.needs["coal drilling robot", "CN"])
    assert {match.listing.direction for match in found} == {Direction.RESULT}


def test_a_list_is_ordered_by_score_and_ends_at_its_limit(matcher: Matcher, market: Market) -> None:
    need = market.needs["rail welding machine", "DE"]
    every = matches(matcher, need)
    scores = [match.score for match in every]
    assert scores == sorted(scores, reverse=True)
    for limit in (1, 5):
        assert [m.listing.id for m in matches(matcher, need, limit=limit)] == [m.listing.id for m in every[:limit]]


def test_a_score_is_the_sum_of_the_points_of_its_parts(matcher: Matcher, market: Market) -> None:
    for match in matches(matcher, market.needs["coal drilling robot", "CN"]):
        assert match.score == pytest.approx(sum(part.points for part in match.parts), abs=1e-12)
        assert [part.name for part in match.parts] == [rule.name for rule in scoring.RULES]


def test_other_parts_decide_between_equal_texts(engine: Engine, people: People, matcher: Matcher) -> None:
    matcher.followers.clear()
    need = publish(engine, people.of("CN"), NEED, trl="9")
    early, late = (publish(engine, people.of("DE"), RESULT, trl=trl) for trl in ("5", "9"))
    embed(matcher)
    assert [match.listing.id for match in matches(matcher, need)] == [late.id, early.id]


def test_drafts_and_withdrawn_listings_are_never_shown(
    engine: Engine, people: People, matcher: Matcher, market: Market
) -> None:
    need = market.needs["coal drilling robot", "CN"]
    draft = write(engine, people.of("DE"), RESULT, title="coal drilling robot draft")
    gone = market.results["coal drilling robot", "DE"]
    withdrawn(engine, people.of("DE"), gone)
    embed(matcher)
    found = {match.listing.id for match in matches(matcher, need, Scope.EVERYWHERE)}
    assert not found & {draft.id, gone.id}
    assert len(found) == len(market.results) - 1
    with reading_session(engine) as session:
        asking = Ranking(matcher, session, Reader("en"))
        assert asking.explain(full(session, need), full(session, gone)) is None
        hits = asking.search("coal drilling robot", Filters(), (1, 50))
    assert not {hit.listing.id for hit in hits.rows} & {draft.id, gone.id}


def test_a_pair_is_explained_as_the_needs_own_list_says_it(matcher: Matcher, market: Market, session: Session) -> None:
    need = market.needs["battery cell recycling", "CN"]
    asking = Ranking(matcher, session, Reader("en"))
    for listed in matches(matcher, need, Scope.EVERYWHERE):
        result = session.get(Listing, listed.listing.id)
        assert result is not None
        alone = asking.explain(full(session, need), full(session, result))
        assert alone is not None
        assert alone.score == pytest.approx(listed.score, abs=1e-6)
        assert [part.value for part in alone.parts] == pytest.approx([p.value for p in listed.parts], abs=1e-6)
        assert (alone.own, alone.other, alone.listing) == (listed.own, listed.other, listed.listing)


def test_a_pair_is_not_explained_while_a_text_waits(
    engine: Engine, people: People, matcher: Matcher, market: Market
) -> None:
    waiting = publish(engine, people.of("CN"), NEED), publish(engine, people.of("DE"), RESULT)
    with reading_session(engine) as session:
        asking = Ranking(matcher, session, Reader("en"))
        need, result = (full(session, listing) for listing in waiting)
        assert asking.explain(need, result) is None
        assert asking.explain(full(session, market.needs["tea drying oven", "CN"]), result) is None


def test_the_passages_that_fit_best_are_shown_each_in_its_language(
    engine: Engine, people: People, matcher: Matcher, market: Market
) -> None:
    result = market.results["coal drilling robot", "HU"]
    translate(
        engine, people.of("HU"), result, lang="en", title="Robot", summary="coal drilling robot coal drilling robot"
    )
    embed(matcher)
    found = matches(matcher, market.needs["coal drilling robot", "CN"], Scope.EVERYWHERE)
    shown = next(match for match in found if match.listing.id == result.id)
    assert (shown.own.lang, shown.other.lang) == ("zh", "en")
    assert shown.other.text == "coal drilling robot coal drilling robot"
    assert [match.listing.id for match in found].count(result.id) == 1


def test_a_listing_that_waits_for_the_encoder_is_pending(engine: Engine, people: People, matcher: Matcher) -> None:
    published, draft = publish(engine, people.of("CN"), NEED), write(engine, people.of("CN"), NEED)
    with reading_session(engine) as session:
        asking = Ranking(matcher, session, Reader("en"))
        assert asking.matches(full(session, published), scope=Scope.EVERYWHERE).readiness is Readiness.PENDING
        assert asking.matches(full(session, draft), scope=Scope.EVERYWHERE).readiness is Readiness.IMPOSSIBLE
    embed(matcher)
    with reading_session(engine) as session:
        found = Ranking(matcher, session, Reader("en")).matches(full(session, published), scope=Scope.EVERYWHERE)
    assert (found.readiness, list(found.matches)) == (Readiness.READY, [])


def test_a_listing_of_unknown_country_is_matched_with_everybody(
    engine: Engine, people: People, matcher: Matcher, market: Market
) -> None:
    need = market.needs["coal drilling robot", "CN"]
    with_country = {match.listing.id for match in matches(matcher, need, Scope.EVERYWHERE)}
    need.country = ""
    with reading_session(engine) as session:
        row = full(session, need)
        row.listing.country = ""
        found = Ranking(matcher, session, Reader("en")).matches(row, scope=Scope.CROSS_BORDER, limit=30)
        assert {match.listing.id for match in found.matches} == with_country


def test_a_new_listing_changes_a_list_at_once(engine: Engine, people: People, matcher: Matcher, market: Market) -> None:
    need = market.needs["tea drying oven", "CN"]
    late = publish(engine, people.of("IT"), RESULT, country="IT", lang="it", title="tea drying oven tea drying oven")
    embed(matcher)
    assert late.id in {match.listing.id for match in matches(matcher, need, limit=4)}
    changed(engine, people.of("IT"), late, country="CN")
    assert late.id not in {match.listing.id for match in matches(matcher, need)}


def hits(matcher: Matcher, text: str, filters: Filters, page: tuple[int, int] = (1, 200)) -> list[SearchHit]:
    with reading_session(matcher.engine) as session:
        return list(Ranking(matcher, session, Reader("en")).search(text, filters, page).rows)


FILTERS = (
    Filters(direction=Direction.NEED),
    Filters(countries=("DE", "HU")),
    Filters(not_countries=("CN",)),
    Filters(languages=("zh",), direction=Direction.RESULT),
    Filters(trls=("8",), countries=("RS",)),
    Filters(ipc_sections=("E",), nace_sections=("C",)),
    Filters(countries=("US",)),
)


@pytest.mark.parametrize("filters", FILTERS, ids=range(len(FILTERS)))
def test_a_filtered_search_is_the_whole_search_without_what_the_filter_leaves_out(
    matcher: Matcher, market: Market, session: Session, filters: Filters
) -> None:
    kept = set(listings.matching_ids(session, filters))
    for text in ("coal robot", "tea"):
        every = hits(matcher, text, Filters())
        assert len(every) == len(market.needs) + len(market.results)
        wanted = [(hit.listing.id, hit.score) for hit in every if hit.listing.id in kept]
        found = [(hit.listing.id, hit.score) for hit in hits(matcher, text, filters)]
        assert [score for _, score in found] == pytest.approx([score for _, score in wanted], abs=1e-5)
        assert {id_ for id_, _ in found} == kept


def test_a_search_finds_what_was_meant_in_both_directions_and_every_language(matcher: Matcher, market: Market) -> None:
    found = hits(matcher, "battery recycling", Filters(), (1, 6))
    assert {hit.listing.id for hit in found} == {
        listing.id
        for listings_ in (market.needs, market.results)
        for (topic, _), listing in listings_.items()
        if topic == "battery cell recycling"
    }
    assert all("battery" in hit.snippet.text for hit in found)


def test_pages_of_a_search_follow_each_other_and_encode_once(matcher: Matcher, market: Market) -> None:
    encoder = matcher.open()
    encoder.taken()  # type: ignore[attr-defined]
    every = [hit.listing.id for hit in hits(matcher, "rail", Filters())]
    pages = [hit.listing.id for number in (1, 2, 3) for hit in hits(matcher, "rail", Filters(), (number, 10))]
    assert pages == every
    assert encoder.taken() == ["rail"]  # type: ignore[attr-defined]


def test_a_search_in_an_empty_market_finds_nothing(matcher: Matcher) -> None:
    assert hits(matcher, "anything", Filters()) == []


def test_the_market_of_a_listing_is_the_other_direction_without_itself(
    matcher: Matcher, market: Market, session: Session
) -> None:
    view = matcher.index.catch_up(session)
    need = market.needs["tea drying oven", "CN"]
    kept = np.concatenate(
        [
            layer.owners[keep]
            for layer, keep in zip(
                view.pool.layers, view.keep(lambda columns: ranking.answers(columns, need)), strict=True
            )
        ]
    )
    assert set(kept.tolist()) == {result.id for result in market.results.values()}
    assert need.id in queries.facts(session)
