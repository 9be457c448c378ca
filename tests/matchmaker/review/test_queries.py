"""The desk shows pairs of published listings, best first, narrowed down as asked."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from matchmaker.accounts.models import Role
from matchmaker.accounts.schemas import Actor
from matchmaker.core.errors import NotFound
from matchmaker.db.uow import unit_of_work
from matchmaker.listings import service as listing_service
from matchmaker.listings.models import Listing
from matchmaker.review import queries, service
from matchmaker.review.models import State
from matchmaker.review.queries import DeskFilters
from matchmaker.review.service import Found
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


def shown(session: Session, filters: DeskFilters | None = None) -> list[tuple[str, str]]:
    page = queries.desk(session, filters or DeskFilters(), (1, 20), "en")
    assert page.total == len(page.rows)
    return [(item.need.country, item.result.country) for item in page.rows]


EVERY = [("CN", "DE"), ("CN", "HU"), ("CN", "IT"), ("RS", "DE"), ("RS", "HU"), ("RS", "IT")]


def test_the_best_pairs_come_first(desk: Desk, session: Session) -> None:
    assert shown(session) == EVERY


def test_pages_follow_each_other(desk: Desk, session: Session) -> None:
    pages = [queries.desk(session, DeskFilters(), (number, 4), "en") for number in (1, 2, 3)]
    assert [len(page.rows) for page in pages] == [4, 2, 0]
    assert [(i.need.country, i.result.country) for page in pages for i in page.rows] == EVERY
    assert {page.total for page in pages} == {6}


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (DeskFilters(need_country="RS"), EVERY[3:]),
        (DeskFilters(result_country="HU"), [EVERY[1], EVERY[4]]),
        (DeskFilters(need_lang="zh", result_lang="it"), [EVERY[2]]),
        (DeskFilters(need_country="RS", need_lang="zh"), []),
        (DeskFilters(least=0.65), EVERY[:3]),
        (DeskFilters(state=State.ENDORSED), []),
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
    assert queries.state_counts(session) == {**dict.fromkeys(State, 0), State.SUGGESTED: 2}
    assert queries.choices(session, State.SUGGESTED) == {
        "need_country": ["CN"], "result_country": ["HU", "IT"], "need_lang": ["zh"], "result_lang": ["hu", "it"],
    }  # fmt: skip


def test_a_verdict_moves_a_pair_from_one_state_to_another(
    desk: Desk, engine: Engine, session: Session, person: Person
) -> None:
    broker = person(Role.BROKER)
    with unit_of_work(engine) as uow:
        best = queries.desk(uow.session, DeskFilters(), (1, 1), "en").rows[0].suggestion
        service.endorse(uow, best.public_id, revision=best.revision, actor=broker)
    assert shown(session) == EVERY[1:]
    assert shown(session, DeskFilters(state=State.ENDORSED)) == EVERY[:1]
    assert queries.state_counts(session) == {**dict.fromkeys(State, 0), State.SUGGESTED: 5, State.ENDORSED: 1}
    assert queries.choices(session, State.ENDORSED)["result_country"] == ["DE"]


def test_one_pair_is_found_by_its_address_until_a_side_is_withdrawn(desk: Desk, session: Session) -> None:
    best = queries.desk(session, DeskFilters(), (1, 1), "en").rows[0].suggestion.public_id
    found = queries.item(session, best, "en")
    assert (found.need.id, found.result.id) == (desk.needs[0].id, desk.results[0].id)
    session.rollback()
    desk.withdraw(desk.results[0])
    for gone in (best, "nowhere"):
        with pytest.raises(NotFound):
            queries.item(session, gone, "en")
