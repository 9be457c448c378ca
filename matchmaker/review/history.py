"""What an organisation has done on the platform so far, for brokers who may know which organisation it is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from statistics import median

from sqlalchemy import func, or_, select
from sqlmodel import Session, col

from matchmaker.accounts.models import Organisation, Verification
from matchmaker.core.clock import now
from matchmaker.listings.models import Listing, Status
from matchmaker.review.models import MatchMove, MoveKind, Side, State, Suggestion
from matchmaker.review.states import OFFERED, Party

# What is longer ago says little about the people who answer today.
SPAN = timedelta(days=730)


@dataclass(frozen=True)
class History:
    """One organisation: published listings, and of the offers of two years how many were answered, and how fast."""

    verified: bool = False
    listings: int = 0
    offered: int = 0
    accepted: int = 0
    declined: int = 0
    lapsed: int = 0
    median_days: float | None = None
    introductions: int = 0

    @property
    def answered(self) -> int:
        return self.accepted + self.declined


@dataclass
class _Tally:
    offered: int = 0
    accepted: int = 0
    declined: int = 0
    lapsed: int = 0
    introductions: int = 0
    days: list[float] = field(default_factory=list)


def histories(session: Session, org_ids: Iterable[int]) -> dict[int, History]:
    """Organisation → its history, in three queries."""
    ids = sorted(set(org_ids))
    if not ids:
        return {}
    rows = session.execute(select(Organisation).where(col(Organisation.id).in_(ids))).scalars()
    verified = {row.id: row.verification is Verification.VERIFIED for row in rows}
    published = select(col(Listing.organisation_id), func.count()).where(
        col(Listing.organisation_id).in_(ids), col(Listing.status) == Status.PUBLISHED
    )
    listings = dict(session.execute(published.group_by(col(Listing.organisation_id))).all())
    tallies = _tallies(session, ids)
    return {
        id_: _history(tallies.get(id_, _Tally()), verified=verified.get(id_, False), listings=listings.get(id_, 0))
        for id_ in ids
    }


def _history(tally: _Tally, *, verified: bool, listings: int) -> History:
    return History(
        verified=verified,
        listings=listings,
        offered=tally.offered,
        accepted=tally.accepted,
        declined=tally.declined,
        lapsed=tally.lapsed,
        median_days=median(tally.days) if tally.days else None,
        introductions=tally.introductions,
    )


def _tallies(session: Session, ids: Sequence[int]) -> dict[int, _Tally]:
    """What the timelines say of each organisation's offers."""
    wanted = (
        select(MatchMove, Suggestion)
        .join(Suggestion, col(Suggestion.id) == MatchMove.suggestion_id)
        .where(
            or_(col(Suggestion.need_org_id).in_(ids), col(Suggestion.result_org_id).in_(ids)),
            col(MatchMove.kind) == MoveKind.MOVE,
            col(MatchMove.at) >= now() - SPAN,
            or_(
                col(MatchMove.now).in_([*OFFERED, State.INTRODUCED]),
                col(MatchMove.was).in_(list(OFFERED)),
            ),
        )
        .order_by(col(MatchMove.suggestion_id), col(MatchMove.id))
    )
    tallies: dict[int, _Tally] = {id_: _Tally() for id_ in ids}
    begun: dict[int, MatchMove] = {}
    for move, suggestion in session.execute(wanted):
        earlier = begun.get(suggestion.id)
        if earlier is not None and move.was is earlier.now:
            _answered(tallies.get(_asked(earlier, suggestion) or 0), earlier, move)
        if move.now in OFFERED:
            begun[suggestion.id] = move
            if (tally := tallies.get(_asked(move, suggestion) or 0)) is not None:
                tally.offered += 1
        elif move.now is State.INTRODUCED:
            for org in {suggestion.need_org_id, suggestion.result_org_id} & tallies.keys():
                tallies[org].introductions += 1
    return tallies


def _answered(tally: _Tally | None, asked: MatchMove, move: MatchMove) -> None:
    if tally is None:
        return
    if move.party in {Side.NEED.value, Side.RESULT.value, Party.SYSTEM.value} and move.now in _YES:
        tally.accepted += 1
    elif move.now is State.DECLINED:
        tally.declined += 1
    elif move.now is State.LAPSED:
        tally.lapsed += 1
        return
    else:
        return
    tally.days.append((move.at - asked.at) / timedelta(days=1))


_YES = {State.OFFERED_SECOND, State.MUTUAL}


def _asked(move: MatchMove, suggestion: Suggestion) -> int | None:
    """The organisation that an offer was made to."""
    first = suggestion.first_side or Side.NEED
    side = first if move.now is State.OFFERED_FIRST else first.other
    return suggestion.need_org_id if side is Side.NEED else suggestion.result_org_id
