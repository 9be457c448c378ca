"""Tell the people of a match, each side by its own listing's name."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from sqlmodel import Session

from matchmaker.accounts.models import MembershipRole
from matchmaker.db.uow import UnitOfWork
from matchmaker.interests import introduction_queries as queries
from matchmaker.interests.models import Introduction
from matchmaker.listings.models import Listing
from matchmaker.notifications.service import News, tell
from matchmaker.review.models import Side, Suggestion

# Both sides, and the broker, who is of none.
EVERYBODY: frozenset[Side | None] = frozenset({*Side, None})


@dataclass(frozen=True)
class Told:
    """What is told about a match: the kind of news, the page that it leads to, further codes for its sentence."""

    kind: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    # Row ids of people who know already: whoever did it, whoever was told and has not looked yet.
    but: Collection[int] = ()


def organisations_of(suggestion: Suggestion) -> dict[Side, int | None]:
    """The organisation of each side."""
    return {Side.NEED: suggestion.need_org_id, Side.RESULT: suggestion.result_org_id}


def people_of(session: Session, suggestion: Suggestion) -> dict[Side, list[int]]:
    """Who stands behind each side: nobody, unless somebody there may speak for it."""
    orgs = organisations_of(suggestion)
    found = queries.members(session, orgs.values())
    return {
        side: [member.person.id or 0 for member in found.get(org or 0, ())]
        if any(member.role is not MembershipRole.VIEWER for member in found.get(org or 0, ()))
        else []
        for side, org in orgs.items()
    }


def tell_sides(
    uow: UnitOfWork,
    suggestion: Suggestion,
    told: Told,
    to: Collection[Side | None] = EVERYBODY,
    introduction: Introduction | None = None,
) -> None:
    """Put the news on the lists of the sides in `to`; None is the broker, unless the introduction is without."""
    people = people_of(uow.session, suggestion)
    broker = _broker(uow.session, suggestion, introduction)
    done: set[int | None] = {*told.but, None}
    for side in sorted(to, key=lambda side: side is None):
        wanted = set(people[side] if side is not None else [broker]) - done
        params = {"listing": listing_for(uow.session, suggestion, side), **told.params}
        tell(uow, wanted, News(told.kind, told.path, params))
        # Whoever belongs to both sides, or is their broker as well, hears it once.
        done |= wanted


def _broker(session: Session, suggestion: Suggestion, introduction: Introduction | None) -> int | None:
    if introduction is None:
        return suggestion.broker_id
    found = queries.broker(session, introduction)
    return found.id if found else None


def is_news(uow: UnitOfWork, suggestion: Suggestion, told: Told) -> bool:
    """Whether nobody of the match has heard of this since the gate last changed its mind."""
    people = {id_ for side in people_of(uow.session, suggestion).values() for id_ in side} | {suggestion.broker_id}
    if not people - {None}:
        return suggestion.deadline_at is None
    return not queries.told_since_check(uow.session, people, suggestion, (told.kind, told.path))


def listing_for(session: Session, suggestion: Suggestion, side: Side | None) -> str:
    """The public id of the listing by which a side knows the match: its own, else the other one."""
    both = (
        (suggestion.result_id, suggestion.need_id)
        if side is Side.RESULT
        else (suggestion.need_id, suggestion.result_id)
    )
    first = next(id_ for id_ in both if id_ is not None)
    listing = session.get(Listing, first)
    return listing.public_id if listing else ""
