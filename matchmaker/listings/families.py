"""Which listings may be shown as one to whom: one table of circles, asked whenever a list or a page is made.

A family (see ListingFamily) is found by open words alone, and shown only as far as all of this holds at that very
moment: its members and the one that stands for it are on the market and say what was compared, and they are of one
circle for the reader. So nothing has to be undone in time when a listing is withdrawn, edited or becomes anonymous.

Of listings whose owner the reader does not know only words are compared, never owners: that two anonymous listings
stand together says that their open texts are alike, which anybody can read, and not that one owner wrote both. They
never stand together with a listing that has a name, be it in a list, a number or an order, and somebody to whom one
owner was opened sees that listing apart from those that are still closed to them.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, String, and_, case, cast, exists, false, func, literal, or_, select, true
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from matchmaker.accounts.schemas import Actor
from matchmaker.listings.confidence import Reader, is_open_to
from matchmaker.listings.models import Disclosure, Listing, ListingFamily, ListingText, Status

# Scores that differ by less are as good; then the one that the reader can read stands for the others.
NEARLY = 0.02
UNNAMED = "unnamed"


@dataclass(frozen=True)
class Circle:
    """Listings that may be shown as one: those of which `holds` is true, and of these the ones with the same `key`."""

    name: str
    holds: ColumnElement[bool]
    key: Any


def circles(actor: Actor | None) -> tuple[Circle, ...]:
    """The policy, the first row that holds counts."""
    is_named = col(Listing.anonymous).is_(False)
    has_owner = col(Listing.organisation_id).is_not(None)
    return (
        # Owners that the reader does not know: compared by words, whoever they are.
        Circle(UNNAMED, and_(~is_named, ~_knows(actor)), literal("")),
        # Anonymous, and their own or opened to them: with the same owner's others that they know to be so.
        Circle("opened", and_(~is_named, has_owner), col(Listing.organisation_id)),
        # A name that anybody reads. Another's copy stays apart, or copying would push the original out of the lists.
        Circle("organisation", has_owner, col(Listing.organisation_id)),
        Circle("owner", col(Listing.organisation_name) != "", col(Listing.organisation_name)),
        # Imported without an owner: what one source posted.
        Circle("source", col(Listing.source).is_not(None), col(Listing.source)),
        Circle("alone", true(), col(Listing.id)),
    )


def circle(actor: Actor | None) -> ColumnElement[str]:
    """The circle of a listing for this reader, as one comparable text."""
    rows = [(row.holds, literal(f"{row.name} ") + cast(row.key, String)) for row in circles(actor)]
    return case(*rows, else_="")


def _knows(actor: Actor | None) -> ColumnElement[bool]:
    """The actor may read the owner's name of an anonymous listing; the same as confidence.knows_owner."""
    if actor is None:
        return false()
    opened = exists().where(col(Disclosure.listing_id) == Listing.id, is_open_to(actor)).correlate(Listing)
    return or_(func.coalesce(col(Listing.organisation_id).in_(list(actor.memberships)), false()), opened)


@dataclass(frozen=True)
class Group:
    """What stands together for one reader."""

    family_id: int
    circle: str

    @property
    def is_unnamed(self) -> bool:
        return self.circle.startswith(UNNAMED)


@dataclass(frozen=True)
class Families:
    """Some listings' groups, and everybody in these groups, the eldest first. Who is alone is in none."""

    groups: Mapping[int, Group] = field(default_factory=dict)
    members: Mapping[Group, Sequence[int]] = field(default_factory=dict)
    # Those with a version in the reader's language, and in which language each was written.
    readable: frozenset[int] = frozenset()
    languages: Mapping[int, str] = field(default_factory=dict)

    def key(self, listing_id: int) -> Group | int:
        """The same for all that stand together."""
        return self.groups.get(listing_id, listing_id)

    def kin(self, listing_id: int) -> list[int]:
        """The others that it stands for: of each language the eldest, then the rest."""
        group = self.groups.get(listing_id)
        others = [id_ for id_ in self.members[group] if id_ != listing_id] if group else []
        first: dict[str, int] = {}
        for id_ in others:
            first.setdefault(self.languages.get(id_, ""), id_)
        return sorted(others, key=lambda id_: (first[self.languages.get(id_, "")] != id_, id_))

    def with_kin(self, listing_ids: Iterable[int]) -> set[int]:
        """These listings and all that stand together with one of them."""
        wanted = set(listing_ids)
        return wanted.union(*(self.kin(id_) for id_ in wanted))

    def one_of_each(self, scores: Mapping[int, float]) -> list[int]:
        """One listing of each group, the best first, equals by id.

        The best one stands for its group; of nearly equals, one that the reader can read. Where owners are not known
        the eldest does, or a copy of somebody else's listing could take its place.
        """
        found: dict[Group | int, list[int]] = {}
        for id_ in scores:
            found.setdefault(self.key(id_), []).append(id_)
        chosen = [self._one(ids, scores) for ids in found.values()]
        return sorted(chosen, key=lambda id_: (-scores[id_], id_))

    def _one(self, ids: Sequence[int], scores: Mapping[int, float]) -> int:
        group = self.groups.get(ids[0])
        if group and group.is_unnamed:
            return min(ids)
        enough = max(scores[id_] for id_ in ids) - NEARLY
        near = [id_ for id_ in ids if scores[id_] >= enough]
        return min(near, key=lambda id_: (id_ not in self.readable, -scores[id_], id_))


ALONE = Families()
_CHIEF, _CHIEFS_ROW = aliased(Listing), aliased(ListingFamily)


def families(session: Session, listing_ids: Collection[int], reader: Reader) -> Families:
    """What these listings stand together with, for this reader: one query."""
    if not listing_ids:
        return ALONE
    touched = select(col(ListingFamily.family_id)).where(col(ListingFamily.listing_id).in_(list(listing_ids)))
    readable = exists().where(col(ListingText.listing_id) == Listing.id, col(ListingText.lang) == reader.lang)
    columns = (
        col(ListingFamily.listing_id),
        col(ListingFamily.family_id),
        circle(reader.actor),
        col(Listing.lang),
    )
    wanted = _shown(select(*columns, readable.correlate(Listing))).where(col(ListingFamily.family_id).in_(touched))
    rows = session.execute(wanted.order_by(col(ListingFamily.listing_id))).all()
    members: dict[Group, list[int]] = {}
    for id_, family_id, where, *_ in rows:
        members.setdefault(Group(family_id, where), []).append(id_)
    members = {group: ids for group, ids in members.items() if len(ids) > 1}
    groups = {id_: group for group, ids in members.items() for id_ in ids}
    readers = frozenset(row[0] for row in rows if row[4])
    return Families(groups, members, readers, {row[0]: row[3] for row in rows})


def repeated(where: Sequence[ColumnElement[bool]], actor: Actor | None) -> Any:
    """A SELECT of the listings that stand behind a newer one of their group among those that meet the conditions."""
    order = (col(Listing.published_at).desc(), col(Listing.id).desc())
    among = (col(ListingFamily.family_id), circle(actor))
    place = func.row_number().over(partition_by=among, order_by=order).label("place")
    numbered = _shown(select(col(Listing.id).label("id"), place)).where(*where).subquery()
    return select(numbered.c.id).where(numbered.c.place > 1)


def keys(actor: Actor | None) -> Any:
    """A SELECT of everybody who may stand together with others: `id`, and a `key` that is the same for all of these."""
    key = cast(col(ListingFamily.family_id), String) + literal(" ") + circle(actor)
    return _shown(select(col(ListingFamily.listing_id).label("id"), key.label("key")))


def _shown(wanted: Any) -> Any:
    """Members on the market that say what was compared, of families whose chief is and does so too."""
    return (
        wanted.select_from(ListingFamily)
        .join(Listing, col(Listing.id) == ListingFamily.listing_id)
        .join(_CHIEFS_ROW, _CHIEFS_ROW.listing_id == ListingFamily.family_id)
        .join(_CHIEF, col(_CHIEF.id) == ListingFamily.family_id)
        .where(
            col(Listing.status) == Status.PUBLISHED,
            col(Listing.revision) == ListingFamily.revision,
            _CHIEFS_ROW.family_id == _CHIEFS_ROW.listing_id,
            col(_CHIEF.status) == Status.PUBLISHED,
            col(_CHIEF.revision) == _CHIEFS_ROW.revision,
        )
    )
