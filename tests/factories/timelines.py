"""Matches whose timelines are written by hand, day by day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from matchmaker.core.ids import new_public_id
from matchmaker.db.uow import UnitOfWork
from matchmaker.listings.models import ChangeKind, Direction, Listing, ListingChange, ListingCode, Scheme, Status
from matchmaker.review.models import MatchMove, MoveKind, Origin, State, Suggestion

BEGUN = datetime(2026, 3, 2, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Entry:
    """A row of a timeline: so many days after the match was made, which state, by whom, why."""

    day: float
    now: State
    party: str = "broker"
    reason: str = ""
    kind: MoveKind = MoveKind.MOVE


def listing(
    uow: UnitOfWork, direction: Direction, lang: str, country: str, *, fields: str = "", published: datetime = BEGUN
) -> Listing:
    """A published listing that says no more than where it is from and in which language."""
    row = Listing(direction=direction, status=Status.PUBLISHED, lang=lang, country=country, published_at=published)
    uow.session.add(row)
    uow.session.flush()
    uow.session.add(ListingChange(listing_id=row.id or 0, kind=ChangeKind.PUBLISHED, at=published))
    uow.session.add_all(ListingCode(listing_id=row.id or 0, scheme=Scheme.IPC_SECTION, code=code) for code in fields)
    return row


def match(
    uow: UnitOfWork, sides: tuple[Listing | None, Listing | None], entries: Sequence[Entry], *, at: datetime = BEGUN
) -> Suggestion:
    """A match that was made at a moment, and what happened to it, in this order."""
    ids = [side.id if side else None for side in sides]
    last = next((entry.now for entry in reversed(entries) if entry.kind is not MoveKind.NOTE), State.SUGGESTED)
    row = Suggestion(
        public_id=new_public_id(),
        origin=Origin.RANKING if all(ids) else Origin.INTEREST,
        need_id=ids[0],
        result_id=ids[1],
        score=0.6,
        state=last,
        created_at=at,
    )
    uow.session.add(row)
    uow.session.flush()
    was = State.SUGGESTED
    for entry in entries:
        uow.session.add(
            MatchMove(
                suggestion_id=row.id or 0,
                kind=entry.kind,
                at=at + timedelta(days=entry.day),
                party=entry.party,
                was=was,
                now=entry.now,
                reason=entry.reason,
            )
        )
        uow.session.flush()  # in this order
        was = entry.now
    return row
