"""Who sees which listings as one: the table of circles, by its square."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from matchmaker.accounts.models import Role
from matchmaker.accounts.schemas import Actor
from matchmaker.core.clock import now
from matchmaker.db.engine import reading_session
from matchmaker.db.uow import unit_of_work
from matchmaker.listings import queries
from matchmaker.listings.confidence import Reader
from matchmaker.listings.families import circles, families
from matchmaker.listings.kin import NAMED, with_kin
from matchmaker.listings.models import Disclosure, DisclosureLevel, Listing, ListingFamily, ListingText, Status
from matchmaker.listings.queries import Filters

# Kind of listing → what its row says. Two organisations X and Y; what was imported has none.
KINDS = {
    "X": {"organisation": "X"},
    "Y": {"organisation": "Y"},
    "anonymous X": {"organisation": "X", "anonymous": True},
    "anonymous Y": {"organisation": "Y", "anonymous": True},
    "imported, named": {"organisation_name": "Works", "source": "one"},
    "imported, named, elsewhere": {"organisation_name": "Works", "source": "two"},
    "imported": {"source": "one"},
    "imported elsewhere": {"source": "two"},
    "of nobody": {},
}
# For each reader the pairs of different kinds that stand together; two of one kind always do, but of nobody's.
STRANGERS = {("anonymous X", "anonymous Y"), ("imported, named", "imported, named, elsewhere")}
KNOWN_APART = STRANGERS - {("anonymous X", "anonymous Y")}
POLICY = {
    "stranger": STRANGERS,
    "member of X": KNOWN_APART,
    "member of Z": STRANGERS,
    "introduced to anonymous X": KNOWN_APART,
    "introduction ended": STRANGERS,
    "broker": STRANGERS,
    "broker of the introduction": KNOWN_APART,
    "administrator": STRANGERS,
}


class Owners:
    """The organisations X, Y and Z, each with a member."""

    def __init__(self, person: Callable[..., Actor]) -> None:
        self.members = {name: person() for name in "XYZ"}

    def id(self, name: str | None) -> int | None:
        return self.members[name].organisation_id if name else None


@pytest.fixture
def owners(person: Callable[..., Actor]) -> Owners:
    return Owners(person)


def make(session: Session, owners: Owners, kind: str, **facts: object) -> Listing:
    values = dict(KINDS[kind])
    owner = owners.id(values.pop("organisation", None))
    listing = Listing(direction="result", lang="de", status=Status.PUBLISHED, organisation_id=owner, **values)
    listing.published_at = now()
    for name, value in facts.items():
        setattr(listing, name, value)
    if listing.source:
        listing.source_id = listing.public_id
    session.add(listing)
    session.flush()
    session.add(ListingText(listing_id=listing.id, lang=listing.lang, title=f"Titel {listing.id}"))
    return listing


def join(session: Session, members: list[Listing]) -> None:
    """As if the finder had put them into one family, whatever the policy says of that."""
    for member in members:
        row = ListingFamily(listing_id=member.id, family_id=members[0].id, revision=member.revision)
        session.add(row)
    session.flush()


def reader_of(engine: Engine, name: str, listings: dict[str, Listing], owners: Owners, person) -> Reader:
    if name == "stranger":
        return Reader("en")
    roles = {"broker": Role.BROKER, "broker of the introduction": Role.BROKER, "administrator": Role.ADMINISTRATOR}
    member = owners.members["X" if name == "member of X" else "Z"]
    actor = person(roles[name]) if name in roles else member
    if "intro" in name:
        with unit_of_work(engine) as uow:
            for listing in (x for kind, x in listings.items() if kind == "anonymous X"):
                uow.session.add(
                    Disclosure(
                        listing_id=listing.id,
                        level=DisclosureLevel.INTEREST,
                        person_id=actor.person_id if actor.role is Role.BROKER else None,
                        organisation_id=actor.organisation_id if actor.role is Role.MEMBER else None,
                        ended_at=now() if "ended" in name else None,
                    )
                )
    return Reader("en", actor)


@pytest.mark.parametrize("name", POLICY)
def test_the_policy_by_its_square(engine, owners, person, name) -> None:
    """Every kind beside every other in one family, as each reader may see it."""
    with unit_of_work(engine) as uow:
        listings = {kind: make(uow.session, owners, kind) for kind in KINDS}
        join(uow.session, list(listings.values()))
    reader = reader_of(engine, name, listings, owners, person)
    kinds = {listing.id: kind for kind, listing in listings.items()}
    with reading_session(engine) as session:
        known = families(session, list(kinds), reader)
        pairs = {tuple(sorted((kinds[id_], kinds[other]))) for id_ in kinds for other in known.kin(id_)}
        newest = queries.browse(session, Filters(), (1, 20), reader)
    assert pairs == POLICY[name]
    # The list collapses just these, and says as many.
    assert newest.total == len(newest.rows) == len(KINDS) - len(POLICY[name])


@pytest.mark.parametrize("kind", KINDS)
def test_two_of_one_kind_stand_together_but_those_of_nobody(engine, owners, kind) -> None:
    with unit_of_work(engine) as uow:
        one, two = (make(uow.session, owners, kind) for _ in range(2))
        join(uow.session, [one, two])
    with reading_session(engine) as session:
        assert families(session, [one.id], Reader("en")).kin(one.id) == ([] if kind == "of nobody" else [two.id])


def test_every_row_of_the_table_is_reached_by_a_kind() -> None:
    assert [row.name for row in circles(None)] == ["unnamed", "opened", "organisation", "owner", "source", "alone"]


@pytest.mark.parametrize(
    "facts", [{"revision": 2}, {"status": Status.WITHDRAWN}, {"status": Status.ON_HOLD}, {"anonymous": True}], ids=str
)
@pytest.mark.parametrize("whom", ["chief", "member"])
def test_what_changes_stands_alone_at_that_very_moment(engine, owners, facts, whom) -> None:
    """Before anybody has followed the change log; and where it was the chief, its family does not stand either."""
    with unit_of_work(engine) as uow:
        chief, one, two = (make(uow.session, owners, "X") for _ in range(3))
        join(uow.session, [chief, one, two])
    with unit_of_work(engine) as uow:
        stored = uow.session.get_one(Listing, chief.id if whom == "chief" else one.id)
        for name, value in facts.items():
            setattr(stored, name, value)
    with reading_session(engine) as session:
        known = families(session, [chief.id, one.id, two.id], Reader("en"))
    assert known.kin(stored.id) == []
    if whom == "member":
        assert known.kin(chief.id) == [two.id]
    elif "anonymous" not in facts:
        assert known.kin(one.id) == []


def test_below_a_listing_each_language_is_named_first_and_the_rest_is_counted(engine, owners) -> None:
    with unit_of_work(engine) as uow:
        family = [make(uow.session, owners, "X") for _ in range(NAMED + 5)]
        chinese = make(uow.session, owners, "X", lang="zh")
        join(uow.session, [*family, chinese])
    with reading_session(engine) as session:
        kin = with_kin(session, [family[0].id], Reader("en"))[family[0].id]
    assert [card.id for card in kin.versions] == [chinese.id]
    assert (len(kin.similar), kin.unnamed, kin.more) == (NAMED - 1, 5, NAMED + 4)


def test_the_newest_of_a_family_stands_for_it_among_those_that_the_filters_leave(engine, owners) -> None:
    with unit_of_work(engine) as uow:
        old = make(uow.session, owners, "X", lang="zh", published_at=now() - timedelta(days=2))
        new = make(uow.session, owners, "X", published_at=now() - timedelta(days=1))
        join(uow.session, [old, new])
    with reading_session(engine) as session:
        everything = queries.browse(session, Filters(), (1, 20), Reader("en"))
        chinese = queries.browse(session, Filters(languages=("zh",)), (1, 20), Reader("en"))
    assert [card.id for card in everything.rows] == [new.id]
    assert [card.id for card in chinese.rows] == [old.id]
