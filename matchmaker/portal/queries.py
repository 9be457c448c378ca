"""Counts that only the portal's own pages show."""

from dataclasses import replace

from sqlalchemy import func, select
from sqlmodel import Session, col

from matchmaker.listings.models import Direction, Listing
from matchmaker.listings.queries import Filters, published_where


def direction_counts(session: Session, filters: Filters) -> dict[Direction, int]:
    """How many needs and results the other filters keep."""
    rows = session.execute(
        select(col(Listing.direction), func.count())
        .where(*published_where(replace(filters, direction=None)))
        .group_by(col(Listing.direction))
    )
    found: dict[Direction, int] = {direction: count for direction, count in rows}
    return {direction: found.get(direction, 0) for direction in Direction}


def is_empty(session: Session) -> bool:
    """Whether nobody has written or imported anything yet."""
    return session.execute(select(col(Listing.id)).limit(1)).first() is None


def answers(session: Session) -> bool:
    """Whether the database answers and has its tables."""
    session.execute(select(col(Listing.id)).limit(1)).first()
    return True
