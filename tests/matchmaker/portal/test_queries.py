"""Counts of the portal's own pages."""

from matchmaker.listings.models import Direction
from matchmaker.listings.queries import Filters
from matchmaker.portal import queries
from tests.factories.market import NEED, RESULT, publish, write


def test_a_new_installation_is_empty_until_somebody_writes(engine, session, person):
    assert queries.is_empty(session)
    write(engine, person(), NEED)
    session.rollback()  # a reading session sees what was committed when it began
    assert not queries.is_empty(session)


def test_needs_and_results_are_counted_whatever_direction_is_chosen(engine, session, person):
    actor = person()
    publish(engine, actor, NEED)
    publish(engine, actor, NEED, country="IT")
    publish(engine, actor, RESULT)
    write(engine, actor, RESULT)
    chosen = Filters(direction=Direction.RESULT, countries=("CN", "DE"))
    assert queries.direction_counts(session, chosen) == {Direction.NEED: 1, Direction.RESULT: 1}


def test_a_direction_without_listings_counts_zero(session):
    assert queries.direction_counts(session, Filters()) == {Direction.NEED: 0, Direction.RESULT: 0}
