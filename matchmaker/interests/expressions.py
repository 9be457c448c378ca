"""Express interest in a listing, without waiting for anybody to suggest it."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from sqlmodel import Session

from matchmaker.accounts.schemas import Actor
from matchmaker.audit.service import record
from matchmaker.core.clock import now
from matchmaker.core.errors import Conflict, Invalid, NotAllowed, NotFound
from matchmaker.db.uow import UnitOfWork
from matchmaker.interests import expression_queries as queries
from matchmaker.interests.expression_schemas import Expression
from matchmaker.interests.models import Interest
from matchmaker.listings import queries as listings
from matchmaker.listings.confidence import belongs
from matchmaker.listings.models import Direction, Listing, Status
from matchmaker.review.interest import Coming, come_forward, may_begin_again, new_match
from matchmaker.review.models import Side, State, Suggestion
from matchmaker.review.moves import WRITING
from matchmaker.review.sides import knows, organisation_of
from matchmaker.review.states import OVER

# After a no, the same organisation may ask again when something can have changed.
COOL_DOWN = timedelta(days=90)


class Standing(StrEnum):
    """Whether somebody may express interest in a listing, and if not, why not."""

    OPEN = "open"
    # Nobody is signed in.
    STRANGER = "stranger"
    OFF_MARKET = "off_market"
    # The owner takes none at present.
    NOT_OPEN = "not_open"
    # It is a listing of one's own organisation.
    OWN = "own"
    # The reader acts for no organisation: a broker, or a viewer.
    NO_ORGANISATION = "no_organisation"
    UNCONFIRMED = "unconfirmed"
    # There is a match already that both know of, or that one's own side asked for.
    BEGUN = "begun"
    # The owner said no not long ago.
    TOO_SOON = "too_soon"


@dataclass(frozen=True)
class Prospect:
    """How somebody stands to a listing; the match where there is one, the first day to ask again after a no."""

    standing: Standing
    match: Suggestion | None = None
    again_on: date | None = None


@dataclass(frozen=True)
class Sender:
    """The organisation that is interested, and its own listing where it names one."""

    organisation_id: int
    own: Listing | None = None


def prospect(session: Session, listing: Listing, actor: Actor | None) -> Prospect:
    """Whether the actor may express interest in the listing."""
    if actor is None:
        return Prospect(_of_listing(listing) or Standing.STRANGER)
    if belongs(actor, listing):
        return Prospect(Standing.OWN)
    orgs = writes_for(actor)
    if not orgs:
        return Prospect(Standing.NO_ORGANISATION)
    found = [match for match in queries.matches_between(session, listing, orgs) if _is_known(session, listing, match)]
    running = next((match for match in found if match.state not in OVER), None)
    if running is not None:
        return Prospect(Standing.BEGUN, running)
    ready = Standing.OPEN if actor.confirmed else Standing.UNCONFIRMED
    return _after_a_no(listing, found) or Prospect(_of_listing(listing) or ready)


def _of_listing(listing: Listing) -> Standing | None:
    """What of the listing itself speaks against it."""
    if listing.status is not Status.PUBLISHED:
        return Standing.OFF_MARKET
    return None if listing.open_for_interest else Standing.NOT_OPEN


def express(uow: UnitOfWork, public_id: str, wanted: Expression, *, actor: Actor, score: float = 0.0) -> Interest:
    """Tell the owner of a listing that one is interested; raises Conflict where that began already, or is too soon.

    `score` is what the ranking says of the two listings, for a pair that it has not found by itself.
    """
    listing = listings.by_public_id(uow.session, public_id)
    if listing is None or listing.status is not Status.PUBLISHED:
        raise NotFound("no such listing")
    standing = prospect(uow.session, listing, actor).standing
    if standing in {Standing.OWN, Standing.NO_ORGANISATION, Standing.UNCONFIRMED}:
        raise NotAllowed(f"no interest can be expressed: {standing.value}")
    if standing is not Standing.OPEN:
        raise Conflict(f"no interest can be expressed now: {standing.value}")
    sender = _sender(uow.session, wanted, listing, actor)
    suggestion = _match(uow, listing, sender, score)
    come_forward(uow, suggestion, Coming(side_of(listing).other, actor))
    interest = _keep(uow, suggestion, listing, wanted, actor)
    record(uow, actor.public_id, "interest.express", ("listing", public_id), suggestion.public_id)
    return interest


def match_of(session: Session, interest: Interest) -> Suggestion:
    """The match that the interest began, or joined."""
    found = session.get(Suggestion, interest.suggestion_id)
    assert found is not None
    return found


def writes_for(actor: Actor) -> list[int]:
    """Row ids of the organisations that the actor may speak for."""
    return [id_ for id_, role in actor.memberships.items() if role in WRITING]


def side_of(listing: Listing) -> Side:
    """The side of a match that a listing is on."""
    return Side.NEED if listing.direction is Direction.NEED else Side.RESULT


def _is_known(session: Session, listing: Listing, match: Suggestion) -> bool:
    """Whether the side that would express its interest has been told of the match, or came to it by itself."""
    return knows(session, match, side_of(listing).other)


def _after_a_no(listing: Listing, found: list[Suggestion]) -> Prospect | None:
    """Whether a no of the owner, or of a broker, is still fresh."""
    for match in found:
        theirs = match.declined_by is None or match.declined_by is side_of(listing)
        again = match.state_at + COOL_DOWN
        if match.state is State.DECLINED and theirs and again > now():
            return Prospect(Standing.TOO_SOON, match, (again + timedelta(days=1)).date())
    return None


def _sender(session: Session, wanted: Expression, listing: Listing, actor: Actor) -> Sender:
    """Who is interested; raises Invalid where the form names somebody, or something, that is not theirs."""
    orgs = queries.organisations(session, writes_for(actor))
    org_id = next((org.id for org in orgs if org.public_id == wanted.organisation), None)
    if org_id is None:
        raise Invalid({"organisation": "missing"})
    if not wanted.own:
        return Sender(org_id)
    offered = queries.offered_listings(session, [org_id], listing.direction.opposite)
    own = next((own for own in offered if own.public_id == wanted.own), None)
    if own is None:
        raise Invalid({"own": "not_offered"})
    return Sender(org_id, own)


def _match(uow: UnitOfWork, listing: Listing, sender: Sender, score: float) -> Suggestion:
    """The row of the pair, or a new one; raises Invalid for a pair that has met before."""
    own = sender.own
    known = None
    if own is not None:
        need, result = (listing, own) if listing.direction is Direction.NEED else (own, listing)
        known = queries.pair(uow.session, need.id, result.id)
    if known is not None and known.state in OVER and not may_begin_again(known):
        raise Invalid({"own": "met_already"})
    return known or new_match(uow, listing, sender.organisation_id, own, score)


def _keep(uow: UnitOfWork, suggestion: Suggestion, listing: Listing, wanted: Expression, actor: Actor) -> Interest:
    """Store the texts; those of an earlier time, which were answered, make room for the new ones."""
    assert suggestion.id is not None
    said = {
        "suggestion_id": suggestion.id,
        "listing_id": listing.id,
        "organisation_id": organisation_of(suggestion, side_of(listing).other),
        "person_id": actor.person_id,
        "at": now(),
        "lang": wanted.lang,
        **wanted.texts(),
    }
    row = queries.interests_of(uow.session, [suggestion.id]).get(suggestion.id)
    if row is None:
        row = Interest.model_validate(said)
    for name, value in said.items():
        setattr(row, name, value)
    uow.session.add(row)
    return row
