"""One's own listings, narrowed down."""

from datetime import UTC, datetime

import pytest

from matchmaker.listings.models import Direction, Status, TextOrigin
from matchmaker.listings.schemas import ListingCard
from matchmaker.listings.shelf import arrange


def card(number, direction, status):
    return ListingCard(
        id=number,
        public_id=f"p{number}",
        direction=direction,
        status=status,
        lang="en",
        text_lang="en",
        text_origin=TextOrigin.OWNER,
        title="Title",
        excerpt="",
        country="CN",
        owner="Owner",
        trl=None,
        stage=None,
        deadline=None,
        published_at=None,
        updated_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


CARDS = [
    card(1, Direction.NEED, Status.DRAFT),
    card(2, Direction.NEED, Status.PUBLISHED),
    card(3, Direction.RESULT, Status.PUBLISHED),
]


def test_nothing_asked_for_shows_everything():
    shelf = arrange(CARDS, {})
    assert [x.id for x in shelf.cards] == [1, 2, 3]
    assert shelf.counts == {"": 3, "draft": 1, "published": 2}


def test_status_and_direction_narrow_and_the_counts_follow_the_direction():
    shelf = arrange(CARDS, {"status": "published", "direction": "need"})
    assert [x.id for x in shelf.cards] == [2]
    assert shelf.counts == {"": 2, "draft": 1, "published": 1}
    assert shelf.total == 3


@pytest.mark.parametrize("wanted", [{"status": "lost"}, {"direction": "up"}, {"status": "", "direction": ""}])
def test_an_unknown_filter_is_no_filter(wanted):
    assert len(arrange(CARDS, wanted).cards) == 3
