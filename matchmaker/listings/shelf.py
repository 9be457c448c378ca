"""One's own listings: a tab for each part of their life, a page at a time however many there are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask_babel import LazyString
from sqlalchemy import ColumnElement, func, select
from sqlmodel import Session, col

from matchmaker.accounts.schemas import Actor
from matchmaker.core.clock import now
from matchmaker.core.paging import Page
from matchmaker.i18n import lazy
from matchmaker.listings import actions, life, queries, records
from matchmaker.listings.actions import Action
from matchmaker.listings.confidence import Reader
from matchmaker.listings.models import Direction, Listing, QualityReview, Status
from matchmaker.listings.schemas import ListingCard

SIZE = 25
# Titles are searched by what stands in them; a longer question would find nothing.
LONGEST_QUESTION = 100
# Where it is the owner's turn to answer a reviewer's remarks.
ANSWERED = frozenset({Status.RETURNED, Status.ON_HOLD})


@dataclass(frozen=True)
class Tab:
    """A part of a listing's life."""

    title: LazyString
    statuses: frozenset[Status]


TABS: Mapping[str, Tab] = {
    "": Tab(lazy("All"), frozenset(Status)),
    "draft": Tab(lazy("Drafts"), frozenset({Status.DRAFT})),
    "review": Tab(lazy("In review"), frozenset({Status.SUBMITTED, Status.UNDER_REVIEW})),
    "returned": Tab(lazy("Returned"), frozenset({Status.RETURNED})),
    "published": Tab(lazy("Published"), frozenset({Status.PUBLISHED})),
    "on_hold": Tab(lazy("On hold"), frozenset({Status.ON_HOLD})),
    "ended": Tab(lazy("Ended"), frozenset({Status.WITHDRAWN, Status.EXPIRED})),
    "archived": Tab(lazy("Archived"), frozenset({Status.ARCHIVED})),
}


@dataclass(frozen=True)
class Wanted:
    """What the address asks for; an unknown tab or direction asks for nothing."""

    tab: str = ""
    direction: str = ""
    text: str = ""
    page: int = 1

    @classmethod
    def read(cls, asked: Mapping[str, str]) -> "Wanted":
        tab, direction, page = (asked.get(name, "") for name in ("status", "direction", "page"))
        return cls(
            tab=tab if tab in TABS else "",
            direction=direction if direction in set(Direction) else "",
            text=asked.get("q", "").strip()[:LONGEST_QUESTION],
            page=int(page) if page.isascii() and page.isdigit() and 0 < len(page) < 7 and int(page) else 1,
        )


@dataclass(frozen=True)
class Row:
    """A listing with what its owner can do now, and what the last reviewer said while that waits for an answer."""

    card: ListingCard
    listing: Listing
    actions: Sequence[Action]
    review: QualityReview | None
    # Days until its end, when that is near.
    days_left: int | None


@dataclass(frozen=True)
class Shelf:
    """A page of an organisation's listings; `counts` are by tab within the chosen direction and words."""

    rows: Page[Row]
    counts: Mapping[str, int]
    total: int
    wanted: Wanted


def arrange(session: Session, wanted: Wanted, lang: str, *, actor: Actor) -> Shelf:
    """The listings of the actor's organisations that the address asks for, last changed first."""
    mine = col(Listing.organisation_id).in_(list(actor.memberships))
    total = session.execute(select(func.count()).select_from(Listing).where(mine)).scalar_one()
    where = [mine, *_narrowed(wanted)]
    by_status = select(col(Listing.status), func.count()).where(*where).group_by(col(Listing.status))
    counted = {status: number for status, number in session.execute(by_status)}
    counts = {key: sum(counted.get(status, 0) for status in tab.statuses) for key, tab in TABS.items()}
    # A page that is no more is the last one there is.
    number = min(wanted.page, max(1, -(-counts[wanted.tab] // SIZE)))
    where.append(col(Listing.status).in_(TABS[wanted.tab].statuses))
    order = (col(Listing.updated_at).desc(), col(Listing.id).desc())
    chosen = select(Listing).where(*where).order_by(*order).offset((number - 1) * SIZE).limit(SIZE)
    listings = session.execute(chosen).scalars().all()
    return Shelf(Page(_rows(session, listings, lang, actor), number, SIZE, counts[wanted.tab]), counts, total, wanted)


def _narrowed(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.direction:
        found.append(col(Listing.direction) == wanted.direction)
    if wanted.text:
        found.append(queries.titled(wanted.text))
    return found


def _rows(session: Session, listings: Sequence[Listing], lang: str, actor: Actor) -> list[Row]:
    ids = [listing.id for listing in listings if listing.id is not None]
    cards, reviews, at = queries.cards(session, ids, Reader(lang, actor)), records.last_reviews(session, ids), now()
    return [
        Row(
            card=cards[listing.id or 0],
            listing=listing,
            actions=actions.offered(actor, listing, at),
            review=reviews.get(listing.id or 0) if listing.status in ANSWERED else None,
            days_left=life.days_left(listing, at),
        )
        for listing in listings
    ]
