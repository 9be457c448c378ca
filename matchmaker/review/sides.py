"""The two sides of a match: who they are, which of them is asked, what each may know, and how they are told."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import exists, select
from sqlmodel import Session, col

from matchmaker.accounts.models import Organisation, Person
from matchmaker.accounts.queries import actor_of, writers
from matchmaker.accounts.schemas import Actor
from matchmaker.db.uow import UnitOfWork
from matchmaker.listings.confidence import opened
from matchmaker.listings.models import Listing, Status
from matchmaker.notifications.service import News, tell
from matchmaker.review.models import MatchMove, Side, State, Suggestion
from matchmaker.review.moves import sides_of
from matchmaker.review.states import BEFORE_OFFER, OVER

YES_COLUMN = {Side.NEED: "need_yes_at", Side.RESULT: "result_yes_at"}
# The move by which each side comes to know of a match that it did not begin.
TOLD_BY = {True: State.OFFERED_FIRST, False: State.OFFERED_SECOND}


def organisation_of(suggestion: Suggestion, side: Side) -> int | None:
    """The organisation of a side, None where an imported listing has no owner with an account."""
    return suggestion.need_org_id if side is Side.NEED else suggestion.result_org_id


def listing_of(suggestion: Suggestion, side: Side) -> int | None:
    """The listing of a side, None where an organisation expressed its interest without one."""
    return suggestion.need_id if side is Side.NEED else suggestion.result_id


def yes_at(suggestion: Suggestion, side: Side) -> datetime | None:
    """When the side said yes."""
    return suggestion.need_yes_at if side is Side.NEED else suggestion.result_yes_at


def first_of(suggestion: Suggestion) -> Side:
    """The side that is asked first: the need, unless something else was decided."""
    return suggestion.first_side or Side.NEED


def asked(suggestion: Suggestion) -> Side | None:
    """The side whose answer is waited for."""
    if suggestion.state is State.OFFERED_FIRST:
        return first_of(suggestion)
    return first_of(suggestion).other if suggestion.state is State.OFFERED_SECOND else None


def expressed(suggestion: Suggestion) -> bool:
    """Whether the first side came by itself: it said yes before anybody was asked."""
    return suggestion.first_side is not None and yes_at(suggestion, suggestion.first_side) is not None


def is_endorsed(suggestion: Suggestion) -> bool:
    """Whether a broker has said that the two should meet."""
    return suggestion.decided_by is not None and suggestion.state not in BEFORE_OFFER - {State.ENDORSED}


def country_of(session: Session, suggestion: Suggestion, side: Side) -> str:
    """The country whose calendar counts for a side, "" where nobody knows."""
    org_id, listing_id = organisation_of(suggestion, side), listing_of(suggestion, side)
    owner = session.get(Organisation, org_id) if org_id else None
    listing = session.get(Listing, listing_id) if listing_id and owner is None else None
    return owner.country if owner else listing.country if listing else ""


def has_account(session: Session, suggestion: Suggestion, side: Side) -> bool:
    """Whether somebody can answer for the side by themselves."""
    return bool(writers(session, organisation_of(suggestion, side)))


def on_market(session: Session, suggestion: Suggestion) -> bool:
    """Whether every listing of the match is published."""
    listings = [session.get(Listing, id_) for id_ in (suggestion.need_id, suggestion.result_id) if id_ is not None]
    return all(listing is not None and listing.status is Status.PUBLISHED for listing in listings)


def knows(session: Session, suggestion: Suggestion, side: Side) -> bool:
    """Whether the side was asked, or came by itself; nobody learns of a match before."""
    if yes_at(suggestion, side) is not None:
        return True
    first = side is first_of(suggestion)
    if suggestion.state in BEFORE_OFFER - OVER or (suggestion.state is State.OFFERED_FIRST and not first):
        return False
    if suggestion.state not in OVER:
        return True
    told = exists().where(col(MatchMove.suggestion_id) == suggestion.id, col(MatchMove.now) == TOLD_BY[first])
    return bool(session.execute(select(told)).scalar())


def open_to(session: Session, suggestion: Suggestion, actor: Actor | None) -> frozenset[Side]:
    """The sides that an introduction opened to a broker, by their listings, and that have not closed again since."""
    ids = {side: listing_of(suggestion, side) or listing_of(suggestion, side.other) or 0 for side in Side}
    known = opened(session, actor, ids.values())
    return frozenset(side for side, listing_id in ids.items() if listing_id in known)


def broker_reads_along(session: Session, suggestion: Suggestion) -> bool:
    """Whether the broker who looks after the match was introduced with its sides, and not released by them."""
    broker = session.get(Person, suggestion.broker_id or 0)
    return broker is not None and bool(open_to(session, suggestion, actor_of(session, broker)))


def may_answer(actor: Actor | None, suggestion: Suggestion, side: Side) -> bool:
    """Whether the actor writes for the side's organisation and has confirmed their address."""
    return actor is not None and actor.confirmed and side in sides_of(actor, suggestion)


def tell_side(uow: UnitOfWork, suggestion: Suggestion, side: Side, kind: str, **params: str) -> None:
    """Tell everybody who acts for a side; the news names the listing that they know, and nothing of the other side."""
    people = writers(uow.session, organisation_of(suggestion, side))
    tell(uow, people, News(kind, path(suggestion), {**known_by(uow.session, suggestion, side), **params}))


def tell_broker(uow: UnitOfWork, suggestion: Suggestion, kind: str, **params: str) -> None:
    """Tell the broker who looks after the match, if somebody does."""
    named = known_by(uow.session, suggestion, Side.NEED)
    tell(uow, [suggestion.broker_id], News(kind, path(suggestion), {**named, **params}))


def path(suggestion: Suggestion) -> str:
    """The page of the match."""
    return f"/matches/{suggestion.public_id}"


def known_by(session: Session, suggestion: Suggestion, side: Side) -> Mapping[str, str]:
    """The side's own listing, or where it has none the one that it is interested in."""
    listing_id = listing_of(suggestion, side) or listing_of(suggestion, side.other)
    listing = session.get(Listing, listing_id or 0)
    return {"listing": listing.public_id if listing else ""}
