"""Every SELECT over listings; lists come as cards in the reader's language."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from matchmaker.accounts.models import Organisation
from matchmaker.accounts.schemas import Actor
from matchmaker.core.errors import NotAllowed, NotFound
from matchmaker.core.paging import Page
from matchmaker.core.text import shorten
from matchmaker.listings import confidence, families, policy
from matchmaker.listings.confidence import STRANGER, Reader, Sight, is_embargoed
from matchmaker.listings.fields import CODED, WORDED
from matchmaker.listings.models import (
    ChangeKind,
    Direction,
    Listing,
    ListingChange,
    ListingCode,
    ListingText,
    Scheme,
    Status,
)
from matchmaker.listings.owners import owner_line
from matchmaker.listings.schemas import ListingCard, ListingDraft

EXCERPT = 280
# A longer question is a sentence, which nobody wrote word for word; so many listings may answer word for word.
MOST_WORDS, MOST_EXACT = 5, 50


@dataclass(frozen=True)
class Filters:
    """What a reader narrows the market down to; empty means any."""

    direction: Direction | None = None
    countries: tuple[str, ...] = ()
    not_countries: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    trls: tuple[str, ...] = ()
    ipc_sections: tuple[str, ...] = ()
    nace_sections: tuple[str, ...] = ()


@dataclass(frozen=True)
class FacetValue:
    """One choice of a facet, and how many listings it would show."""

    code: str
    count: int
    chosen: bool


@dataclass(frozen=True)
class Facet:
    """A way to narrow a list down; `name` is the filter's name."""

    name: str
    values: Sequence[FacetValue]


@dataclass(frozen=True)
class FullListing:
    """A listing as its reader may know it: owner, language versions (the original first) and codes by field."""

    listing: Listing
    texts: Sequence[ListingText]
    codes: dict[str, list[str]]
    organisation: Organisation | None = None
    sight: Sight = STRANGER

    @property
    def original(self) -> ListingText:
        return self.texts[0]

    @property
    def is_named(self) -> bool:
        """Whether the reader may know who owns it."""
        return self.sight.inside or not self.listing.anonymous

    @property
    def is_embargoed(self) -> bool:
        return is_embargoed(self.listing)

    @property
    def is_shortened(self) -> bool:
        """Whether all but title and summary is kept from the reader until the embargo ends."""
        return self.is_embargoed and not self.sight.inside

    @property
    def owner(self) -> str:
        """The owner's name, or what may be said without it."""
        return owner_line(self.listing, self.organisation, named=self.is_named)

    @property
    def owner_en(self) -> str:
        """The owner's name in Latin letters, "" where there is none to tell."""
        return self.organisation.name_en if self.organisation and self.is_named else ""

    def text_for(self, lang: str) -> ListingText:
        """The version in the reader's language, else the original."""
        return next((text for text in self.texts if text.lang == lang), self.texts[0])

    def draft(self) -> ListingDraft:
        """The contents as the form would send them; raises NotAllowed where the reader does not know them all."""
        if self.is_shortened:
            raise NotAllowed("this listing is under embargo")
        words = {name: getattr(self.original, name) for name in WORDED}
        facts = {name: getattr(self.listing, name) for name in ListingDraft.model_fields if name in _COLUMNS}
        return ListingDraft.model_construct(**{**facts, **words, **{k: tuple(v) for k, v in self.codes.items()}})


@dataclass(frozen=True)
class Counts:
    """The market in numbers."""

    needs: int = 0
    results: int = 0
    countries: int = 0
    languages: int = 0


# What stands early in a row, so that looking through all of them reads no long descriptions.
_SAID = (col(ListingText.title), col(ListingText.summary))
_NAMES = (col(Listing.organisation_name), col(Organisation.name))
_COLUMNS = frozenset(Listing.model_fields)
# Facet name → the column that it counts.
_COLUMN_FACETS = {"countries": Listing.country, "languages": Listing.lang, "trls": Listing.trl}
_CODE_FACETS = {"ipc_sections": Scheme.IPC_SECTION, "nace_sections": Scheme.NACE_SECTION}


def by_public_id(session: Session, public_id: str) -> Listing | None:
    """The listing of an address, whatever its status."""
    return session.execute(select(Listing).where(col(Listing.public_id) == public_id)).scalar_one_or_none()


def visible(session: Session, public_id: str, actor: Actor | None) -> FullListing:
    """The listing, if the actor may see it; raises NotFound otherwise, so that a draft's address tells nothing.

    Who was introduced to its owner goes on seeing it after it left the market.
    """
    listing = by_public_id(session, public_id)
    if listing is None:
        raise NotFound("no such listing")
    levels = confidence.opened(session, actor, [listing.id or 0]).get(listing.id or 0, confidence.CLOSED)
    if not levels and not policy.SEE.allows(actor, listing):
        raise NotFound("no such listing")
    return full(session, listing, confidence.sight(actor, listing, levels))


def full(session: Session, listing: Listing, sight: Sight = STRANGER) -> FullListing:
    """The listing with everything that belongs to it and that may be known."""
    return fulls(session, [listing], sight)[0]


def fulls_by_id(session: Session, ids: Iterable[int]) -> dict[int, FullListing]:
    """Listings by row id as strangers know them, whatever their status; the caller decided who may see them."""
    rows = session.execute(select(Listing).where(col(Listing.id).in_(list(ids)))).scalars().all()
    return {found.listing.id: found for found in fulls(session, rows) if found.listing.id is not None}


def fulls(session: Session, listings: Sequence[Listing], sight: Sight = STRANGER) -> list[FullListing]:
    """The same for many, in three queries; of what `sight` does not open nothing is in them."""
    ids = [listing.id for listing in listings]
    texts: dict[int, list[ListingText]] = {}
    rows = session.execute(select(ListingText).where(col(ListingText.listing_id).in_(ids)).order_by(ListingText.lang))
    for text in rows.scalars():
        texts.setdefault(text.listing_id, []).append(text)
    codes: dict[int, dict[Scheme, list[str]]] = {}
    found = session.execute(select(ListingCode).where(col(ListingCode.listing_id).in_(ids)).order_by(ListingCode.code))
    for code in found.scalars():
        codes.setdefault(code.listing_id, {}).setdefault(code.scheme, []).append(code.code)
    owners = session.execute(
        select(Organisation).where(col(Organisation.id).in_({x.organisation_id for x in listings} - {None}))
    ).scalars()
    by_id = {owner.id: owner for owner in owners}
    return [
        _seen(
            FullListing(
                listing=x,
                texts=sorted(texts.get(x.id or 0, []), key=lambda t, x=x: (t.lang != x.lang, t.lang)),  # type: ignore[misc]
                codes={name: codes.get(x.id or 0, {}).get(scheme, []) for name, scheme in CODED.items()},
                organisation=by_id.get(x.organisation_id),
                sight=sight,
            )
        )
        for x in listings
    ]


def _seen(whole: FullListing) -> FullListing:
    """The same without the words that are under embargo for its reader."""
    if not whole.is_shortened:
        return whole
    short = [
        ListingText(listing_id=t.listing_id, lang=t.lang, origin=t.origin, title=t.title, summary=t.summary)
        for t in whole.texts
    ]
    return replace(whole, texts=short)


def published_where(filters: Filters) -> list[ColumnElement[bool]]:
    """The conditions that a published listing must meet."""
    where: list[ColumnElement[bool]] = [col(Listing.status) == Status.PUBLISHED]
    if filters.direction:
        where.append(col(Listing.direction) == filters.direction)
    if filters.not_countries:
        where.append(col(Listing.country).not_in(filters.not_countries))
    for name, column in _COLUMN_FACETS.items():
        if chosen := getattr(filters, name):
            where.append(col(column).in_(chosen))
    for name, scheme in _CODE_FACETS.items():
        if chosen := getattr(filters, name):
            where.append(_carries(scheme, chosen))
    return where


def matching_ids(session: Session, filters: Filters) -> list[int]:
    """Row ids of the published listings that the filters keep."""
    return list(session.execute(select(col(Listing.id)).where(*published_where(filters))).scalars())


def browse(session: Session, filters: Filters, page: tuple[int, int], reader: Reader) -> Page[ListingCard]:
    """Published listings, newest first, one of each family; `page` is (number from 1, size)."""
    where = published_where(filters)
    where.append(col(Listing.id).not_in(families.repeated(where, reader.actor)))
    number, size = page
    total = session.execute(select(func.count()).select_from(Listing).where(*where)).scalar_one()
    order = (col(Listing.published_at).desc(), col(Listing.id).desc())
    # The page is cut from the index alone; words are fetched for its rows only.
    ids = select(col(Listing.id)).where(*where).order_by(*order).offset((number - 1) * size).limit(size)
    newest = select(Listing).where(col(Listing.id).in_(list(session.execute(ids).scalars()))).order_by(*order)
    return Page(_cards_of(session, newest, reader), number, size, total)


def facets(session: Session, filters: Filters) -> list[Facet]:
    """For each filter, its values with counts; a filter's own choice does not narrow its own counts."""
    found = []
    for name, column in _COLUMN_FACETS.items():
        where = published_where(_without(filters, name))
        rows = session.execute(select(col(column), func.count()).where(*where).group_by(col(column)))
        found.append(_facet(name, ((code, n) for code, n in rows if code), getattr(filters, name)))
    for name, scheme in _CODE_FACETS.items():
        where = published_where(_without(filters, name))
        rows = session.execute(
            select(col(ListingCode.code), func.count())
            .join(Listing, col(Listing.id) == ListingCode.listing_id)
            .where(col(ListingCode.scheme) == scheme, *where)
            .group_by(col(ListingCode.code))
        )
        found.append(_facet(name, ((code, n) for code, n in rows), getattr(filters, name)))
    return found


def cards(session: Session, ids: Iterable[int], reader: Reader) -> dict[int, ListingCard]:
    """Cards by row id, whatever the status; the caller decided who may see them."""
    wanted = select(Listing).where(col(Listing.id).in_(list(ids)))
    return {card.id: card for card in _cards_of(session, wanted, reader)}


def titled(text: str) -> ColumnElement[bool]:
    """Whether a title in any language says all these words."""
    words = [or_(*(col(ListingText.title).like(like, escape="\\") for like in _likes(word))) for word in text.split()]
    return exists().where(col(ListingText.listing_id) == Listing.id, *words).correlate(Listing)


def counts(session: Session) -> Counts:
    """How large the market is now."""
    published = col(Listing.status) == Status.PUBLISHED
    by_direction = dict(
        session.execute(
            select(col(Listing.direction), func.count()).where(published).group_by(col(Listing.direction))
        ).all()
    )
    countries, languages = session.execute(
        select(
            func.count(func.distinct(func.nullif(col(Listing.country), ""))),
            func.count(func.distinct(col(Listing.lang))),
        ).where(published)
    ).one()
    return Counts(by_direction.get(Direction.NEED, 0), by_direction.get(Direction.RESULT, 0), countries, languages)


def last_change(session: Session) -> int:
    """The newest id of the change log, 0 when it is empty."""
    return session.execute(select(func.max(col(ListingChange.id)))).scalar_one() or 0


def changed_since(session: Session, cursor: int) -> dict[int, int]:
    """Listing id → its newest change after the cursor."""
    rows = session.execute(
        select(col(ListingChange.listing_id), func.max(col(ListingChange.id)))
        .where(col(ListingChange.id) > cursor)
        .group_by(col(ListingChange.listing_id))
    )
    return dict(rows.all())


def embedded_since(session: Session, cursor: int, limit: int) -> tuple[list[int], int]:
    """The next listings whose vectors are new, and where in the change log the last of them stands."""
    wanted = select(col(ListingChange.id), col(ListingChange.listing_id)).where(
        col(ListingChange.id) > cursor, col(ListingChange.kind) == ChangeKind.EMBEDDED
    )
    rows = session.execute(wanted.order_by(col(ListingChange.id)).limit(limit)).all()
    return list(dict.fromkeys(row[1] for row in rows)), rows[-1][0] if rows else cursor


def containing(session: Session, text: str, filters: Filters) -> list[int]:
    """Published listings that say the very words in title or summary, or bear them as number, owner or code.

    A search by meaning alone would miss what has no meaning: names, numbers, codes, single words of a trade.
    """
    words = text.split()
    named = _likes(text.strip())
    if not words or len(words) > MOST_WORDS:
        return []
    said = [or_(*(column.like(like, escape="\\") for column in _SAID for like in _likes(word))) for word in words]
    code = text.strip().upper()
    borne = [
        col(Listing.public_id) == text.strip().lower(),
        # Who looks for a name finds nobody who does not show it.
        and_(
            col(Listing.anonymous).is_(False),
            or_(*(name.like(like, escape="\\") for name in _NAMES for like in named)),
        ),
        exists().where(col(ListingCode.listing_id) == Listing.id, col(ListingCode.code) == code).correlate(Listing),
    ]
    wanted = (
        select(col(Listing.id))
        .join(ListingText, col(ListingText.listing_id) == Listing.id)
        .outerjoin(Organisation, col(Organisation.id) == Listing.organisation_id)
        .where(*published_where(filters), or_(and_(*said), *borne))
        .order_by(col(Listing.published_at).desc())
        .limit(MOST_EXACT)
    )
    return list(dict.fromkeys(session.execute(wanted).scalars()))


def _likes(word: str) -> list[str]:
    """Patterns that find a word in any writing; the database folds the capitals of English only."""
    plain = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return [f"%{form}%" for form in dict.fromkeys((plain, plain.lower(), plain.capitalize(), plain.upper()))]


def _carries(scheme: Scheme, codes: Sequence[str]) -> ColumnElement[bool]:
    carried = exists().where(
        col(ListingCode.listing_id) == Listing.id,
        col(ListingCode.scheme) == scheme,
        col(ListingCode.code).in_(codes),
    )
    # Only the listing is the outer query's: one that counts codes has a table of codes of its own.
    return carried.correlate(Listing)


def _without(filters: Filters, name: str) -> Filters:
    return Filters(**{**filters.__dict__, name: ()})


def _facet(name: str, counted: Iterable[tuple[str, int]], chosen: Sequence[str]) -> Facet:
    values = [FacetValue(code, count, code in chosen) for code, count in counted]
    return Facet(name, sorted(values, key=lambda v: (not v.chosen, -v.count, v.code)))


def _cards_of(session: Session, listings: Select[Any], reader: Reader) -> list[ListingCard]:
    """One query for all cards: the original's words, and the reader's version where there is one.

    A second one where something is hidden that may have been opened to somebody who is signed in.
    """
    own, version = aliased(ListingText), aliased(ListingText)
    listed = listings.with_only_columns(Listing, own, version, Organisation)
    joined = (
        listed.join(own, and_(col(own.listing_id) == Listing.id, col(own.lang) == Listing.lang))
        .outerjoin(version, and_(col(version.listing_id) == Listing.id, col(version.lang) == reader.lang))
        .outerjoin(Organisation, col(Organisation.id) == Listing.organisation_id)
    )
    rows = session.execute(joined).all()
    seen = confidence.sights(session, reader.actor, (row[0] for row in rows))
    return [_card(x, read or original, owner, seen.get(x.id or 0, STRANGER)) for x, original, read, owner in rows]


def _card(listing: Listing, text: ListingText, owner: Organisation | None, sight: Sight) -> ListingCard:
    is_short = is_embargoed(listing) and not sight.inside
    return ListingCard.model_construct(
        **{name: getattr(listing, name) for name in ListingCard.model_fields if name in _COLUMNS},
        text_lang=text.lang,
        text_origin=text.origin,
        title=text.title,
        excerpt=shorten(text.summary or ("" if is_short else text.description), EXCERPT),
        owner=owner_line(listing, owner, named=sight.inside),
    )
