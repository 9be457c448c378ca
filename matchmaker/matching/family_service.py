"""Keep families, and what brokers say of them: two listings are the same, or they are not."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import update
from sqlmodel import col

from matchmaker.accounts.schemas import Actor
from matchmaker.audit.service import record
from matchmaker.core.clock import now
from matchmaker.core.errors import Conflict, NotAllowed, NotFound
from matchmaker.db.uow import UnitOfWork
from matchmaker.listings import moves, policy
from matchmaker.listings.models import FamilyWord, Likeness, Listing, ListingFamily, Status
from matchmaker.matching import family_queries

OWNED = ("organisation ", "owner ")
# The step of each thing that can be said, in the record of deeds.
DEEDS = {True: "family.same", False: "family.different", None: "family.unsaid"}


@dataclass(frozen=True)
class Relative:
    """A listing that another one is like, as it was when they were compared."""

    id: int
    revision: int
    kind: Likeness
    likeness: float


@dataclass(frozen=True)
class Place:
    """Where a listing belongs, by what it said at `revision`: to a chief's family, or at the head of those like it."""

    revision: int
    chief: Relative | None = None
    like: Sequence[Relative] = ()


def shares_owner(circle: str) -> bool:
    """Whether listings of this circle are of one owner, as anybody may know: a source may have many."""
    return circle.startswith(OWNED)


def settle(uow: UnitOfWork, listing_id: int, place: Place | None) -> None:
    """Put a listing where it belongs; alone where that is nowhere, or where its place rests on what has changed.

    In the last case it is compared again in a later round.
    """
    _leave(uow, listing_id)
    listing = uow.session.get(Listing, listing_id)
    if place is None or listing is None or not _says(listing, place.revision):
        return
    if place.chief is not None:
        holds = _leads(uow, place.chief)
        family = place.chief.id if holds else listing_id
        row = ListingFamily(listing_id=listing_id, family_id=family, revision=place.revision if holds else 0)
        row.kind, row.likeness = place.chief.kind, place.chief.likeness
        uow.session.add(row)
        return
    free = [each for each in place.like if _is_free(uow, each)]
    for each in free:
        _leave(uow, each.id)
        uow.session.add(
            ListingFamily(
                listing_id=each.id,
                family_id=listing_id,
                kind=each.kind,
                likeness=each.likeness,
                revision=each.revision,
            )
        )
    if free:
        uow.session.add(ListingFamily(listing_id=listing_id, family_id=listing_id, revision=place.revision))


def say(uow: UnitOfWork, public_id: str, other: str, *, same: bool | None, actor: Actor) -> bool | None:
    """A broker's word on two listings, None to take it back; answers what was said before.

    Raises NotAllowed for whoever belongs to one of the owners, Conflict for two that nobody may see together.
    """
    one, two = (moves.find(uow, number, actor) for number in (public_id, other))
    if not all(policy.TELL_KIN.allows(actor, each) for each in (one, two)):
        raise NotAllowed("brokers and administrators of neither owner say what is the same, of what is on the market")
    if one.id is None or two.id is None or one.id == two.id:
        raise NotFound("no other listing")
    said = family_queries.word_on(uow.session, one.id, two.id)
    was = said.same if said else None
    if same and not may_be_one(uow, one, two):
        raise Conflict("these two listings are never shown together")
    if was is same:
        return was
    if said is not None:
        uow.session.delete(said)
        uow.session.flush()  # the new word has the same key
    if same is not None:
        pair = {"one_id": min(one.id, two.id), "other_id": max(one.id, two.id)}
        uow.session.add(FamilyWord(**pair, same=same, person_id=actor.person_id, at=now()))
    _compare_again(uow, one, two)
    record(uow, actor.public_id, DEEDS[same], ("listing", public_id), other)
    return was


def may_be_one(uow: UnitOfWork, one: Listing, two: Listing) -> bool:
    """Whether two listings are of one direction and circle, both on the market."""
    if (one.direction, one.status, two.status) != (two.direction, Status.PUBLISHED, Status.PUBLISHED):
        return False
    return len(set(family_queries.circles(uow.session, [one.id or 0, two.id or 0]))) == 1


def _compare_again(uow: UnitOfWork, *listings: Listing) -> None:
    """Take them out of their families at once, to be placed anew in the next round."""
    for listing in listings:
        _leave(uow, listing.id or 0)
        uow.session.add(ListingFamily(listing_id=listing.id or 0, family_id=listing.id or 0, revision=0))
        uow.session.flush()  # whoever comes next may be its member


def _leave(uow: UnitOfWork, listing_id: int) -> None:
    """Take a listing out of its family; a chief leaves its members to be compared again."""
    row = uow.session.get(ListingFamily, listing_id)
    if row is None:
        return
    if row.family_id == listing_id:
        others = (col(ListingFamily.family_id) == listing_id, col(ListingFamily.listing_id) != listing_id)
        uow.session.execute(update(ListingFamily).where(*others).values(revision=0))
    uow.session.delete(row)
    uow.session.flush()  # a row of the same key may follow


def _says(listing: Listing, revision: int) -> bool:
    return listing.status is Status.PUBLISHED and listing.revision == revision


def _leads(uow: UnitOfWork, chief: Relative) -> bool:
    listing, row = uow.session.get(Listing, chief.id), uow.session.get(ListingFamily, chief.id)
    stands = row is not None and row.family_id == chief.id and row.revision == chief.revision
    return stands and listing is not None and _says(listing, chief.revision)


def _is_free(uow: UnitOfWork, each: Relative) -> bool:
    """Whether a listing still says what was compared, and is in no family that stands."""
    listing, row = uow.session.get(Listing, each.id), uow.session.get(ListingFamily, each.id)
    if listing is None or not _says(listing, each.revision):
        return False
    return row is None or row.revision != listing.revision
