"""One's own listings, narrowed down, a page at a time."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert

from matchmaker.core.clock import now
from matchmaker.core.ids import new_public_id
from matchmaker.db.engine import reading_session
from matchmaker.db.uow import unit_of_work
from matchmaker.listings import service
from matchmaker.listings.models import Direction, Listing, ListingText, Status
from matchmaker.listings.shelf import SIZE, TABS, Wanted, arrange
from tests.factories.market import NEED, RESULT, publish, submit, write
from tests.matchmaker.listings.test_queries import statements


@pytest.fixture
def shelf_of(engine):
    def look(actor, **asked):
        with reading_session(engine) as session:
            return arrange(session, Wanted.read(asked), "en", actor=actor)

    return look


def titles(shelf):
    return [row.card.title for row in shelf.rows.rows]


@pytest.fixture
def stocked(engine, person):
    actor = person()
    write(engine, actor, NEED, title="Draft need")
    submit(engine, actor, NEED, title="Waiting need")
    publish(engine, actor, NEED, title="Published need")
    publish(engine, actor, RESULT, title="Published result")
    gone = publish(engine, actor, RESULT, title="Withdrawn result")
    with unit_of_work(engine) as uow:
        service.withdraw(uow, gone.public_id, actor=actor)
    publish(engine, person(), NEED, title="Somebody else's")
    return actor


def test_nothing_asked_for_shows_everything_last_changed_first(stocked, shelf_of):
    shelf = shelf_of(stocked)
    expected = ["Withdrawn result", "Published result", "Published need", "Waiting need", "Draft need"]
    assert titles(shelf) == expected
    assert {key: number for key, number in shelf.counts.items() if number} == {
        "": 5, "draft": 1, "review": 1, "published": 2, "ended": 1,
    }  # fmt: skip


def test_tab_direction_and_words_narrow_and_the_counts_follow(stocked, shelf_of):
    shelf = shelf_of(stocked, status="published", direction="need")
    assert titles(shelf) == ["Published need"]
    assert (shelf.counts[""], shelf.counts["draft"], shelf.counts["published"], shelf.total) == (3, 1, 1, 5)
    found = shelf_of(stocked, q="result withdrawn")
    assert titles(found) == ["Withdrawn result"]
    assert found.counts["published"] == 0
    assert titles(shelf_of(stocked, q="100%")) == []


@pytest.mark.parametrize(
    "asked", [{"status": "lost"}, {"direction": "up"}, {"page": "x"}, {"page": "99999999999"}, {"page": "٣"}]
)
def test_what_cannot_be_asked_for_is_not(stocked, shelf_of, asked):
    assert len(titles(shelf_of(stocked, **asked))) == 5


def test_every_status_has_exactly_one_tab_besides_all():
    for status in Status:
        assert sum(status in tab.statuses for key, tab in TABS.items() if key) == 1


def test_a_row_offers_what_its_status_allows(stocked, shelf_of):
    offered = {row.card.title: [action.name for action in row.actions] for row in shelf_of(stocked).rows.rows}
    assert offered == {
        "Draft need": ["submit"],
        "Waiting need": ["take-back"],
        "Published need": ["hold", "close-interest", "withdraw"],
        "Published result": ["hold", "close-interest", "withdraw"],
        "Withdrawn result": ["publish", "archive"],
    }


def test_an_institute_with_four_thousand_listings_sees_a_page_in_few_questions(engine, person, shelf_of):
    actor = person()
    start = datetime(2026, 1, 1, tzinfo=UTC)
    rows = [
        Listing(
            id=number,
            public_id=new_public_id(),
            direction=Direction.RESULT,
            status=Status.PUBLISHED,
            lang="en",
            organisation_id=actor.organisation_id,
            updated_at=start + timedelta(minutes=number),
            expires_at=now() + timedelta(days=number % 20 + 1),
        ).model_dump()
        for number in range(1, 4001)
    ]
    texts = [ListingText(listing_id=row["id"], lang="en", title=f"Result {row['id']}").model_dump() for row in rows]
    with engine.begin() as connection:
        connection.execute(insert(Listing), rows)
        connection.execute(insert(ListingText), texts)
    with statements(engine) as seen:
        shelf = shelf_of(actor, page="160", status="published")
    assert titles(shelf) == [f"Result {number}" for number in range(SIZE, 0, -1)]
    assert (shelf.rows.pages, shelf.counts[""]) == (160, 4000)
    assert len(seen) <= 5
    assert titles(shelf_of(actor, page="900"))[-1] == "Result 1"
    assert {row.days_left for row in shelf.rows.rows} == {None, *range(1, 15)}
