"""Every SELECT that finds families: what changed, who is compared with whom, what brokers have said."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from matchmaker.listings.families import circle
from matchmaker.listings.models import Direction, FamilyWord, Listing, ListingChange, ListingFamily, Status
from matchmaker.matching.models import Embedding


@dataclass(frozen=True)
class Compared:
    """What may be compared of a listing: who stands where, at which revision."""

    id: int
    revision: int
    direction: Direction
    circle: str


@dataclass(frozen=True)
class Size:
    """A family and how many listings are in it."""

    family_id: int
    members: int


def changed_next(session: Session, cursor: int, limit: int) -> tuple[list[int], int]:
    """The listings of the next entries of the change log, and where the last of these stands.

    A listing that has changed again since then is left to its newest entry.
    """
    later = aliased(ListingChange)
    newest = select(func.max(col(later.id))).where(col(later.listing_id) == ListingChange.listing_id).scalar_subquery()
    wanted = select(col(ListingChange.id), col(ListingChange.listing_id), newest)
    rows = session.execute(
        wanted.where(col(ListingChange.id) > cursor).order_by(col(ListingChange.id)).limit(limit)
    ).all()
    return [listing for id_, listing, last in rows if id_ == last], rows[-1][0] if rows else cursor


def unsettled(session: Session, limit: int) -> list[int]:
    """Members of families that came apart, which are to be compared again."""
    wanted = select(col(ListingFamily.listing_id)).where(col(ListingFamily.revision) == 0)
    return list(session.execute(wanted.order_by(col(ListingFamily.listing_id)).limit(limit)).scalars())


def count_unsettled(session: Session) -> int:
    """How many wait to be compared again."""
    wanted = select(func.count()).select_from(ListingFamily).where(col(ListingFamily.revision) == 0)
    found: int = session.execute(wanted).scalar_one()
    return found


def compared(session: Session, listing_ids: Collection[int], encoder: str) -> dict[int, Compared]:
    """Those of the listings that are on the market and whose vectors say what they say."""
    wanted = (
        select(col(Listing.id), col(Listing.revision), col(Listing.direction), circle(None))
        .join(Embedding, col(Embedding.listing_id) == Listing.id)
        .where(
            col(Listing.id).in_(list(listing_ids)),
            col(Listing.status) == Status.PUBLISHED,
            col(Embedding.revision) == Listing.revision,
            col(Embedding.encoder) == encoder,
            col(Embedding.problem) == "",
        )
    )
    return {row[0]: Compared(*row) for row in session.execute(wanted)}


def chiefs(session: Session, listing_ids: Collection[int]) -> dict[int, int]:
    """Listing id → the one that stands for its family, where it has one and says what was compared."""
    wanted = (
        select(col(ListingFamily.listing_id), col(ListingFamily.family_id))
        .join(Listing, col(Listing.id) == ListingFamily.listing_id)
        .where(col(ListingFamily.listing_id).in_(list(listing_ids)), col(ListingFamily.revision) == Listing.revision)
    )
    return {row[0]: row[1] for row in session.execute(wanted)}


def members(session: Session, family_ids: Collection[int]) -> dict[int, list[int]]:
    """Family → those whom it has, whatever became of them."""
    wanted = select(col(ListingFamily.family_id), col(ListingFamily.listing_id)).where(
        col(ListingFamily.family_id).in_(list(family_ids))
    )
    found: dict[int, list[int]] = {}
    for family_id, listing_id in session.execute(wanted.order_by(col(ListingFamily.listing_id))):
        found.setdefault(family_id, []).append(listing_id)
    return found


def words_about(session: Session, listing_ids: Sequence[int]) -> dict[tuple[int, int], bool]:
    """What brokers said of pairs that one of these listings is in, in either order: whether they are the same."""
    wanted = select(FamilyWord).where(
        or_(col(FamilyWord.one_id).in_(listing_ids), col(FamilyWord.other_id).in_(listing_ids))
    )
    said = session.execute(wanted).scalars().all()
    return {pair: row.same for row in said for pair in ((row.one_id, row.other_id), (row.other_id, row.one_id))}


def word_on(session: Session, one_id: int, other_id: int) -> FamilyWord | None:
    """What a broker said of these two."""
    return session.get(FamilyWord, (min(one_id, other_id), max(one_id, other_id)))


def sizes(session: Session) -> list[Size]:
    """All families of at least two, the largest first."""
    number = func.count()
    settled = select(col(ListingFamily.family_id), number).where(col(ListingFamily.revision) > 0)
    wanted = settled.group_by(col(ListingFamily.family_id)).having(number > 1)
    return [Size(*row) for row in session.execute(wanted.order_by(number.desc(), col(ListingFamily.family_id)))]


def circles(session: Session, listing_ids: Collection[int]) -> list[str]:
    """Where these listings stand, for strangers."""
    return list(session.execute(select(circle(None)).where(col(Listing.id).in_(list(listing_ids)))).scalars())
