"""The reviewers' queue."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, case, func, or_, select
from sqlmodel import Session, col

from matchmaker.accounts.models import Person
from matchmaker.accounts.schemas import Actor
from matchmaker.core.paging import Page
from matchmaker.listings import queries as listings
from matchmaker.listings.confidence import Reader
from matchmaker.listings.models import Listing, Status
from matchmaker.listings.schemas import ListingCard
from matchmaker.listings.states import IN_REVIEW

SIZE = 25


@dataclass(frozen=True)
class Waiting:
    """A listing of the queue; `reviewer` is who has taken it."""

    card: ListingCard
    listing: Listing
    reviewer: str
    is_mine: bool


def queue(session: Session, number: int, spoken: Collection[str], lang: str, *, actor: Actor) -> Page[Waiting]:
    """What waits: one's own first, then what nobody has, in the languages one works in first, the oldest first."""
    where = _for(actor)
    total = session.execute(select(func.count()).select_from(Listing).where(*where)).scalar_one()
    number = min(number, max(1, -(-total // SIZE)))
    mine = case((col(Listing.reviewer_id) == actor.person_id, 0), (col(Listing.reviewer_id).is_(None), 1), else_=2)
    fits = case((col(Listing.lang).in_(spoken), 0), else_=1)
    wanted = select(Listing, col(Person.name)).outerjoin(Person, col(Person.id) == Listing.reviewer_id).where(*where)
    order = (mine, fits, col(Listing.submitted_at), col(Listing.id))
    rows = session.execute(wanted.order_by(*order).offset((number - 1) * SIZE).limit(SIZE)).all()
    ids = [listing.id for listing, _name in rows if listing.id is not None]
    cards = listings.cards(session, ids, Reader(lang, actor))
    found = [
        Waiting(cards[listing.id], listing, name or "", listing.reviewer_id == actor.person_id)
        for listing, name in rows
        if listing.id is not None
    ]
    return Page(found, number, SIZE, total)


def held(session: Session, lang: str, *, actor: Actor) -> list[ListingCard]:
    """What reviewers took off the market and nobody let go on yet, the oldest first."""
    where = (
        col(Listing.status) == Status.ON_HOLD,
        col(Listing.reviewer_id).is_not(None),
        *_not_own(actor),
    )
    wanted = select(col(Listing.id)).where(*where).order_by(col(Listing.status_at)).limit(SIZE)
    ids = [id_ for id_ in session.execute(wanted).scalars() if id_ is not None]
    cards = listings.cards(session, ids, Reader(lang, actor))
    return [cards[id_] for id_ in ids]


def _for(actor: Actor) -> list[ColumnElement[bool]]:
    return [col(Listing.status).in_(IN_REVIEW), *_not_own(actor)]


def _not_own(actor: Actor) -> list[ColumnElement[bool]]:
    """As `policy.appraises` says: nobody judges what is theirs."""
    organisation, author = col(Listing.organisation_id), col(Listing.author_id)
    return [
        or_(organisation.is_(None), organisation.not_in(list(actor.memberships))),
        or_(author.is_(None), author != actor.person_id),
    ]
