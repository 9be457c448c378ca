"""Every SELECT over standing questions and their answers."""

from collections.abc import Collection, Sequence

from sqlalchemy import func, literal
from sqlmodel import Session, col, select

from matchmaker.accounts.models import Membership, MembershipRole, Person
from matchmaker.accounts.schemas import Actor
from matchmaker.alerts.models import SavedSearch, ToldAnswer
from matchmaker.db.cursors import LogCursor
from matchmaker.listings.confidence import Reader
from matchmaker.listings.families import families
from matchmaker.listings.models import ChangeKind, Listing, ListingChange

# Each saved search has its own place in the change log.
CURSOR = "search:"
# So many changes are told apart in one look; a longer log is an import, whose listings nobody wants told one by one.
MOST_CHANGES = 5000


def cursor_of(search: SavedSearch) -> str:
    """The name of the search's place in the change log."""
    return CURSOR + search.public_id


def searches(session: Session, person_id: int) -> Sequence[SavedSearch]:
    """The person's saved searches, the newest first."""
    mine = select(SavedSearch).where(SavedSearch.person_id == person_id)
    return session.exec(mine.order_by(col(SavedSearch.id).desc())).all()


def search_of(session: Session, person_id: int, public_id: str) -> SavedSearch | None:
    """A saved search of this person."""
    mine = select(SavedSearch).where(SavedSearch.person_id == person_id, SavedSearch.public_id == public_id)
    return session.exec(mine).one_or_none()


def told_counts(session: Session, person_id: int) -> dict[int, int]:
    """How many answers each of the person's searches has brought or had, by row id."""
    rows = (
        select(ToldAnswer.saved_search_id, func.count())
        .join(SavedSearch, col(SavedSearch.id) == ToldAnswer.saved_search_id)
        .where(SavedSearch.person_id == person_id)
        .group_by(col(ToldAnswer.saved_search_id))
    )
    return {id_: count for id_, count in session.exec(rows) if id_ is not None}


def names(session: Session, public_ids: Collection[str], actor: Actor, _lang: str) -> dict[str, str]:
    """The names of the reader's own searches, for news about them."""
    mine = select(SavedSearch).where(
        SavedSearch.person_id == actor.person_id, col(SavedSearch.public_id).in_(list(public_ids))
    )
    return {row.public_id: row.name for row in session.exec(mine)}


def last_embedded(session: Session) -> int:
    """Where in the change log the newest vectors stand; 0 when there are none."""
    newest = select(func.max(ListingChange.id)).where(ListingChange.kind == ChangeKind.EMBEDDED)
    return session.exec(newest).one() or 0


def behind(session: Session, last: int, limit: int) -> Sequence[tuple[SavedSearch, int | None]]:
    """Searches that have not looked at everything up to `last`, with their places; None for those that never looked.

    Closed accounts ask nothing any more.
    """
    wanted = (
        select(SavedSearch, LogCursor.position)
        .join(Person, col(Person.id) == SavedSearch.person_id)
        .outerjoin(LogCursor, col(LogCursor.name) == literal(CURSOR) + col(SavedSearch.public_id))
        .where(col(Person.closed_at).is_(None), func.coalesce(LogCursor.position, -1) < last)
        .order_by(func.coalesce(LogCursor.position, -1), col(SavedSearch.id))
    )
    return session.exec(wanted.limit(limit)).all()


def embedded_after(session: Session, position: int) -> set[int]:
    """Listings whose vectors are newer than this place in the change log."""
    newer = select(ListingChange.listing_id).where(
        col(ListingChange.id) > position, ListingChange.kind == ChangeKind.EMBEDDED
    )
    return set(session.exec(newer.distinct().limit(MOST_CHANGES)))


def of_others(session: Session, listing_ids: Collection[int], actor: Actor) -> set[int]:
    """Those of the listings that do not belong to the actor's organisations."""
    rows = session.exec(select(Listing.id, Listing.organisation_id).where(col(Listing.id).in_(list(listing_ids))))
    return {id_ for id_, owner in rows if id_ is not None and owner not in actor.memberships}


def told(session: Session, *, search_id: int | None = None, listing_id: int | None = None) -> set[int]:
    """The answers that a question has had already."""
    question = ToldAnswer.saved_search_id == search_id if search_id is not None else ToldAnswer.listing_id == listing_id
    return set(session.exec(select(ToldAnswer.answer_id).where(question)))


def fresh(session: Session, new: Collection[int], told: Collection[int]) -> int:
    """How many of the new answers are news: one of each family, and none of a family of which one was told."""
    known = families(session, new, Reader(""))
    heard = {known.key(id_) for id_ in told}
    return len({known.key(id_) for id_ in new} - heard)


def writers(session: Session, organisation_id: int | None) -> list[int]:
    """People with an open account who act for the organisation."""
    wanted = (
        select(Membership.person_id)
        .join(Person, col(Person.id) == Membership.person_id)
        .where(
            Membership.organisation_id == organisation_id,
            col(Membership.role).in_([MembershipRole.OWNER, MembershipRole.MEMBER]),
            col(Person.closed_at).is_(None),
        )
    )
    return list(session.exec(wanted))
