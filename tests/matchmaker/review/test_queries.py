"""The desk shows pairs of published listings, best first, narrowed down as asked."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from matchmaker.accounts.models import Role
from matchmaker.accounts.schemas import Actor
from matchmaker.core.clock import now
from matchmaker.core.errors import NotFound
from matchmaker.core.paging import Page
from matchmaker.db.uow import unit_of_work
from matchmaker.listings import service as listing_service
from matchmaker.listings.confidence import Reader
from matchmaker.listings.models import Listing
from matchmaker.review import queries, service
from matchmaker.review.broker_queries import Scopes
from matchmaker.review.models import DeclineReason, Origin, State, Suggestion
from matchmaker.review.queries import DeskFilters, DeskItem, Tab, Viewer
from matchmaker.review.service import Found, No
from tests.factories.market import NEED, RESULT, publish

Person = Callable[..., Actor]


class Desk:
    """Two needs and three results, all six pairs on the desk with scores from 0.9 down."""

    def __init__(self, engine: Engine, person: Person) -> None:
        self.engine, self.actors = engine, {c: person(country=c) for c in ("CN", "RS", "DE", "HU", "IT")}
        self.needs = [self.post(NEED, "CN", "zh"), self.post(NEED, "RS", "sr")]
        self.results = [self.post(RESULT, c, lang) for c, lang in (("DE", "de"), ("HU", "hu"), ("IT", "it"))]
        pairs = [(need.id or 0, result.id or 0) for need in self.needs for result in self.results]
        with unit_of_work(engine) as uow:
            service.suggest(uow, [Found(*pair, 0.9 - number / 10) for number, pair in enumerate(pairs)])

    def post(self, values: dict[str, object], country: str, lang: str) -> Listing:
        return publish(self.engine, self.actors[country], values, country=country, lang=lang)

    def withdraw(self, listing: Listing) -> None:
        with unit_of_work(self.engine) as uow:
            listing_service.withdraw(uow, listing.public_id, actor=self.actors[listing.country])


@pytest.fixture
def desk(engine: Engine, person: Person) -> Desk:
    return Desk(engine, person)


EVERYTHING = Viewer(0, everything=True)


def look(session: Session, filters: DeskFilters, page: tuple[int, int] = (1, 20)) -> Page[DeskItem]:
    return queries.desk(session, EVERYTHING, filters, page, Reader("en"))


def countries(page: Page[DeskItem]) -> list[tuple[str, str]]:
    return [(item.need.country, item.result.country) for item in page.rows if item.need and item.result]


def shown(session: Session, filters: DeskFilters | None = None, viewer: Viewer = EVERYTHING) -> list[tuple[str, str]]:
    page = queries.desk(session, viewer, filters or DeskFilters(), (1, 20), Reader("en"))
    assert page.total == len(page.rows)
    return countries(page)


def tabs(session: Session, viewer: Viewer = EVERYTHING) -> dict[Tab, int]:
    """The tabs that hold anything."""
    return {tab: count for tab, count in queries.counts(session, viewer).items() if count}


EVERY = [("CN", "DE"), ("CN", "HU"), ("CN", "IT"), ("RS", "DE"), ("RS", "HU"), ("RS", "IT")]


def test_the_best_pairs_come_first(desk: Desk, session: Session) -> None:
    assert shown(session) == EVERY


def test_pages_follow_each_other(desk: Desk, session: Session) -> None:
    pages = [look(session, DeskFilters(), (number, 4)) for number in (1, 2)]
    assert [len(page.rows) for page in pages] == [4, 2]
    assert [pair for page in pages for pair in countries(page)] == EVERY
    assert {page.total for page in pages} == {6}


def test_beyond_the_end_is_the_last_page(desk: Desk, session: Session) -> None:
    page = look(session, DeskFilters(), (9, 4))
    assert (page.number, countries(page)) == (2, EVERY[4:])
    assert look(session, DeskFilters(need_country="FR"), (9, 4)).total == 0


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (DeskFilters(need_country="RS"), EVERY[3:]),
        (DeskFilters(result_country="HU"), [EVERY[1], EVERY[4]]),
        (DeskFilters(need_lang="zh", result_lang="it"), [EVERY[2]]),
        (DeskFilters(need_country="RS", need_lang="zh"), []),
        (DeskFilters(least=0.65), EVERY[:3]),
        (DeskFilters(Tab.WAITING), []),
        (DeskFilters(field="E"), EVERY),
        (DeskFilters(field="A"), []),
        (DeskFilters(origin=Origin.INTEREST), []),
        (DeskFilters(origin=Origin.RANKING, need_country="RS"), EVERY[3:]),
        (DeskFilters(due=30), []),
    ],
)
def test_filters_narrow_the_desk_down(
    desk: Desk, session: Session, filters: DeskFilters, expected: list[tuple[str, str]]
) -> None:
    assert shown(session, filters) == expected


def test_a_withdrawn_listing_vanishes_from_the_desk_with_its_pairs(
    desk: Desk, engine: Engine, session: Session
) -> None:
    desk.withdraw(desk.results[0])
    assert shown(session) == [pair for pair in EVERY if pair[1] != "DE"]
    session.rollback()
    desk.withdraw(desk.needs[1])
    assert shown(session) == [("CN", "HU"), ("CN", "IT")]
    assert tabs(session) == {Tab.UNASSIGNED: 2}
    assert queries.choices(session, EVERYTHING, Tab.UNASSIGNED) == {
        "need_country": ["CN"], "result_country": ["HU", "IT"], "need_lang": ["zh"], "result_lang": ["hu", "it"],
    }  # fmt: skip


def first(session: Session) -> Suggestion:
    return look(session, DeskFilters(), (1, 1)).rows[0].suggestion


def test_a_verdict_moves_a_pair_from_one_tab_to_another(
    desk: Desk, engine: Engine, session: Session, person: Person
) -> None:
    broker = person(Role.BROKER)
    with unit_of_work(engine) as uow:
        best = first(uow.session)
        service.endorse(uow, best.public_id, revision=best.revision, actor=broker)
    assert shown(session) == EVERY[1:]
    assert shown(session, DeskFilters(Tab.WAITING)) == EVERY[:1]
    assert tabs(session) == {Tab.UNASSIGNED: 5, Tab.WAITING: 1}
    assert queries.choices(session, EVERYTHING, Tab.WAITING)["result_country"] == ["DE"]


def test_a_broker_sees_their_own_matches_and_those_that_nobody_has(
    desk: Desk, engine: Engine, session: Session, person: Person
) -> None:
    mine, other = person(Role.BROKER), person(Role.BROKER)
    with unit_of_work(engine) as uow:
        rows = [item.suggestion for item in look(uow.session, DeskFilters(), (1, 6)).rows]
        for actor, row in ((mine, rows[0]), (other, rows[1]), (other, rows[2])):
            service.take(uow, row.public_id, revision=1, actor=actor)
        service.decline(uow, rows[2].public_id, No(DeclineReason.IP), revision=2, actor=other)
    viewer = Viewer(mine.person_id)
    assert tabs(session, viewer) == {Tab.MINE: 1, Tab.UNASSIGNED: 3}
    assert shown(session, DeskFilters(Tab.MINE), viewer) == EVERY[:1]
    assert shown(session, DeskFilters(Tab.DECIDED), viewer) == []
    assert shown(session, DeskFilters(Tab.MINE, broker_id=other.person_id), viewer) == EVERY[:1]
    assert tabs(session) == {Tab.MINE: 2, Tab.UNASSIGNED: 3, Tab.DECIDED: 1}
    assert shown(session, DeskFilters(Tab.MINE, broker_id=other.person_id)) == EVERY[1:2]


@pytest.mark.parametrize(
    ("scopes", "expected"),
    [
        (Scopes(), EVERY),
        (Scopes(languages=frozenset({"sr"})), EVERY[3:]),
        (Scopes(languages=frozenset({"sr", "de"})), [EVERY[0], *EVERY[3:]]),
        (Scopes(regions=frozenset({"HU"})), [EVERY[1], EVERY[4]]),
        (Scopes(regions=frozenset({"EU"})), EVERY),
        (Scopes(fields=frozenset({"A"})), []),
        (Scopes(fields=frozenset({"A", "E"})), EVERY),
        (Scopes(languages=frozenset({"zh"}), regions=frozenset({"IT"})), [EVERY[2]]),
        (Scopes(languages=frozenset({"ja"})), []),
    ],
)
def test_a_broker_sees_of_what_nobody_has_what_their_scopes_touch(
    desk: Desk, session: Session, scopes: Scopes, expected: list[tuple[str, str]]
) -> None:
    assert shown(session, None, Viewer(0, scopes=scopes)) == expected


def test_matches_of_ones_own_house_are_not_on_ones_desk(desk: Desk, session: Session) -> None:
    house = desk.actors["DE"].organisation_id or 0
    for viewer in (Viewer(0, organisations=(house,)), Viewer(0, everything=True, organisations=(house,))):
        assert shown(session, None, viewer) == [pair for pair in EVERY if pair[1] != "DE"]
        assert tabs(session, viewer) == {Tab.UNASSIGNED: 4}


def test_what_waits_for_sides_comes_by_its_deadline(desk: Desk, engine: Engine, session: Session) -> None:
    with unit_of_work(engine) as uow:
        for days, item in enumerate(look(uow.session, DeskFilters(), (1, 3)).rows):
            item.suggestion.state, item.suggestion.deadline_at = State.OFFERED_FIRST, now() + timedelta(days=9 - days)
            uow.session.add(item.suggestion)
    assert shown(session, DeskFilters(Tab.WAITING)) == EVERY[2::-1]
    assert shown(session, DeskFilters(Tab.WAITING, due=8)) == EVERY[2:0:-1]


def test_a_match_that_has_begun_stays_when_a_listing_is_withdrawn(desk: Desk, engine: Engine, session: Session) -> None:
    with unit_of_work(engine) as uow:
        best = first(uow.session)
        best.state = State.INTRODUCED
    desk.withdraw(desk.results[0])
    assert shown(session, DeskFilters(Tab.INTRODUCED)) == EVERY[:1]
    assert queries.item(session, best.public_id, Reader("en")).suggestion.id == best.id


def test_one_pair_is_found_by_its_address_until_a_side_is_withdrawn(desk: Desk, session: Session) -> None:
    best = first(session).public_id
    found = queries.item(session, best, Reader("en"))
    assert found.need
    assert found.result
    assert (found.need.id, found.result.id) == (desk.needs[0].id, desk.results[0].id)
    session.rollback()
    desk.withdraw(desk.results[0])
    for gone in (best, "nowhere"):
        with pytest.raises(NotFound):
            queries.item(session, gone, Reader("en"))
