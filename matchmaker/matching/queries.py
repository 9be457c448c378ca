"""Every SELECT of the matcher's own tables, and of what it needs to know about listings."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, CompoundSelect, Select, and_, case, func, or_, select, union_all
from sqlmodel import Session, col

from matchmaker.core.clock import now
from matchmaker.listings import families
from matchmaker.listings.models import (
    Direction,
    Listing,
    ListingAttachment,
    ListingChange,
    ListingText,
    SealedText,
    SimilarSeen,
    Status,
    TextOrigin,
)
from matchmaker.listings.queries import Filters, published_where
from matchmaker.matching.lexicon import TOKENISER
from matchmaker.matching.models import Embedding, IndexSnapshot, LexicalListing, Passage, ServingEncoder

# Vectors are stored at half precision: exact enough (cosine error below 0.001) and half the room.
STORED = np.float16
# Listing, passage, language, vector, whether it is sealed.
Columns = Select[int, int | None, str, bytes, bool]
_QUOTABLE = (
    select(Passage, col(Embedding.revision) == Listing.revision)
    .join(Listing, col(Listing.id) == Passage.listing_id)
    .join(
        Embedding,
        and_(col(Embedding.listing_id) == Passage.listing_id, col(Embedding.encoder) == Passage.encoder),
    )
)
# Characters of a description that stand for a missing summary; listings that are looked through, newest first.
BEGINNING, MOST_OPENINGS = 300, 20_000
# The pace of the encoder is read off so many of the newest vectors.
PACE = 256


@dataclass(frozen=True)
class Stored:
    """Passages of many listings as arrays: `vectors` (n, dim) raw, the rest (n,)."""

    owners: NDArray[np.int64]
    passages: NDArray[np.int64]
    languages: Sequence[str]
    vectors: NDArray[np.float32]
    sealed: NDArray[np.bool_]

    def open(self) -> "Stored":
        """What anybody may be answered from."""
        return self._where(~self.sealed)

    def closed(self) -> "Stored":
        """All passages, the open ones too, of the listings that have sealed ones."""
        return self._where(np.isin(self.owners, self.owners[self.sealed]))

    def _where(self, keep: NDArray[np.bool_]) -> "Stored":
        languages = [language for language, kept in zip(self.languages, keep, strict=True) if kept]
        return Stored(self.owners[keep], self.passages[keep], languages, self.vectors[keep], self.sealed[keep])


@dataclass(frozen=True)
class Quotable:
    """A passage, and whether its listing still says what it says."""

    passage: Passage
    is_current: bool


@dataclass(frozen=True)
class Opening:
    """How a listing begins, in one language."""

    listing_id: int
    own: bool
    title: str
    beginning: str


@dataclass(frozen=True)
class Progress:
    """How many of the published listings an encoder has done; `left` is None where nothing tells its pace."""

    done: int
    total: int
    left: timedelta | None


@dataclass(frozen=True)
class Facts:
    """What a filter asks of a listing."""

    direction: Direction
    country: str
    # A number of this process's own for what families are looked for among.
    circle: int = 0


def position(session: Session) -> tuple[int, IndexSnapshot | None]:
    """Where the change log ends, and the newest snapshot."""
    last = session.execute(select(func.max(col(ListingChange.id)))).scalar_one() or 0
    newest = select(IndexSnapshot).order_by(col(IndexSnapshot.generation).desc()).limit(1)
    return last, session.execute(newest).scalar_one_or_none()


def serving(session: Session) -> ServingEncoder | None:
    """Whose vectors are answered from; None while there are none at all."""
    return session.get(ServingEncoder, 1)


def dim_of(session: Session, encoder: str) -> int:
    """The length of the vectors that are stored under this name; 0 when there are none."""
    one = select(col(Passage.vector)).where(col(Passage.encoder) == encoder).limit(1)
    found = session.execute(one).scalar_one_or_none()
    return len(found) // np.dtype(STORED).itemsize if found else 0


def superseded(session: Session, limit: int) -> list[tuple[int, str]]:
    """Listings, with the encoder, that have vectors of one that neither serves nor is wanted."""
    row = serving(session)
    kept = [row.encoder, row.wanted] if row else []
    wanted = select(col(Embedding.listing_id), col(Embedding.encoder)).where(col(Embedding.encoder).not_in(kept))
    return [(listing_id, encoder) for listing_id, encoder in session.execute(wanted.limit(limit))] if row else []


def progress(session: Session, encoder: str) -> Progress:
    """How far the published listings are encoded, and how long the rest takes at the pace of the newest vectors."""
    total = session.execute(
        select(func.count()).select_from(Listing).where(col(Listing.status) == Status.PUBLISHED)
    ).scalar_one()
    waiting = count_pending(session, encoder)
    newest = select(col(Embedding.at)).where(col(Embedding.encoder) == encoder).order_by(col(Embedding.at).desc())
    times = list(session.execute(newest.limit(PACE)).scalars())
    took = times[0] - times[-1] if times else timedelta()
    return Progress(total - waiting, total, waiting * took / (len(times) - 1) if waiting and took else None)


def pending(session: Session, encoder: str, limit: int) -> list[int]:
    """Published listings whose texts wait for the encoder: people's own before imports, newest first."""
    waiting = (
        select(col(Listing.id))
        .outerjoin(Embedding, _made_by(encoder))
        .where(col(Listing.status) == Status.PUBLISHED, _stale())
        .order_by(col(Listing.source).is_not(None), col(Listing.id).desc())
        .limit(limit)
    )
    return list(session.execute(waiting).scalars())


def count_pending(session: Session, encoder: str) -> int:
    """How many listings wait for the encoder."""
    waiting = (
        select(func.count())
        .select_from(Listing)
        .outerjoin(Embedding, _made_by(encoder))
        .where(col(Listing.status) == Status.PUBLISHED, _stale())
    )
    found: int = session.execute(waiting).scalar_one()
    return found


def embedding_of(session: Session, listing_id: int, encoder: str) -> Embedding | None:
    """What the encoder made of the listing's texts."""
    return session.get(Embedding, (listing_id, encoder))


def embeddings_of(session: Session, listing_id: int) -> list[Embedding]:
    """The same for every encoder that made something of them."""
    return list(session.execute(select(Embedding).where(col(Embedding.listing_id) == listing_id)).scalars())


def passages_of(session: Session, listing_ids: Sequence[int]) -> list[Passage]:
    """The passages of these listings, in order."""
    rows = select(Passage).where(col(Passage.listing_id).in_(listing_ids))
    return list(session.execute(rows.order_by(col(Passage.listing_id), col(Passage.id))).scalars())


def quotable(session: Session, ids: Iterable[int]) -> dict[int, Quotable]:
    """Passages by id. What was changed meanwhile may have been closed by that, and is not to be quoted."""
    rows = session.execute(_QUOTABLE.where(col(Passage.id).in_(set(ids))))
    return {row.id: Quotable(row, bool(current)) for row, current in rows if row.id is not None}


def quotable_of(session: Session, listing_id: int, encoder: str) -> list[Quotable]:
    """The same for one listing, in order."""
    wanted = _QUOTABLE.where(col(Passage.listing_id) == listing_id, col(Passage.encoder) == encoder)
    return [Quotable(row, bool(current)) for row, current in session.execute(wanted.order_by(col(Passage.id)))]


def file_texts(session: Session, listing_ids: Sequence[int]) -> dict[int, list[tuple[bool, str]]]:
    """What the files of these listings say that matching may read: whether it is sealed, and the text."""
    columns = (col(ListingAttachment.listing_id), col(ListingAttachment.sealed), col(ListingAttachment.text))
    wanted = select(*columns).where(
        col(ListingAttachment.listing_id).in_(listing_ids),
        col(ListingAttachment.feeds_matching),
        col(ListingAttachment.text) != "",
    )
    found: dict[int, list[tuple[bool, str]]] = {}
    for listing_id, is_sealed, text in session.execute(wanted.order_by(col(ListingAttachment.file_id))):
        found.setdefault(listing_id, []).append((is_sealed, text))
    return found


def open_passages(session: Session, listing_ids: Sequence[int], encoder: str) -> dict[int, dict[str, list[Passage]]]:
    """The passages of these listings that are not sealed, by listing and language."""
    wanted = select(Passage).where(
        col(Passage.listing_id).in_(listing_ids), col(Passage.encoder) == encoder, col(Passage.sealed).is_(False)
    )
    found: dict[int, dict[str, list[Passage]]] = {}
    for passage in session.execute(wanted.order_by(col(Passage.id))).scalars():
        found.setdefault(passage.listing_id, {}).setdefault(passage.lang, []).append(passage)
    return found


def openings(session: Session, direction: Direction, own: Sequence[int]) -> list[Opening]:
    """How the listings of a direction begin: published ones, and all those of the organisations `own`.

    Only words that people wrote and anybody may read: of others, title and summary.
    """
    is_own = col(Listing.organisation_id).in_(own)
    said = func.coalesce(
        func.nullif(col(ListingText.summary), ""), func.substr(col(ListingText.description), 1, BEGINNING)
    )
    beginning = case((or_(is_own, _unembargoed()), said), else_=col(ListingText.summary))
    wanted = (
        select(col(Listing.id), is_own, col(ListingText.title), beginning)
        .join(ListingText, col(ListingText.listing_id) == Listing.id)
        .where(
            col(Listing.direction) == direction,
            or_(col(Listing.status) == Status.PUBLISHED, is_own),
            col(ListingText.origin) == TextOrigin.OWNER,
        )
        .order_by(col(Listing.id).desc())
        .limit(MOST_OPENINGS)
    )
    return [Opening(row[0], bool(row[1]), row[2], row[3]) for row in session.execute(wanted)]


def readable(session: Session, listing_ids: Sequence[int], own: Sequence[int]) -> set[int]:
    """Those of the listings whose whole open text the members of the organisations `own` may read."""
    is_own = col(Listing.organisation_id).in_(own)
    wanted = select(col(Listing.id)).where(col(Listing.id).in_(listing_ids), or_(is_own, _unembargoed()))
    return set(session.execute(wanted).scalars())


def owned(session: Session, listing_ids: Sequence[int], own: Sequence[int]) -> set[int]:
    """Those of the listings that belong to one of the organisations `own`."""
    wanted = select(col(Listing.id)).where(col(Listing.id).in_(listing_ids), col(Listing.organisation_id).in_(own))
    return set(session.execute(wanted).scalars())


def seen(session: Session, listing_id: int) -> set[int]:
    """Listings that its owner was shown as similar, and went on."""
    return set(
        session.execute(select(col(SimilarSeen.other_id)).where(col(SimilarSeen.listing_id) == listing_id)).scalars()
    )


def stored(session: Session, encoder: str, dim: int, listing_ids: Sequence[int] | None = None) -> Stored:
    """The vectors of published listings, the sealed ones too, of all or of some, ordered by passage."""
    wanted = _vectors(encoder)
    if listing_ids is not None:
        wanted = wanted.where(col(Passage.listing_id).in_(listing_ids))
    return _stored(session, wanted, dim)


def open_stored(session: Session, encoder: str, dim: int) -> Stored:
    """The vectors of all open passages of published listings: what an index is fitted to and saved from."""
    return _stored(session, _vectors(encoder).where(col(Passage.sealed).is_(False)), dim)


def closed_stored(session: Session, encoder: str, dim: int) -> Stored:
    """All vectors of the published listings that have something sealed, looked for where it is told quickly."""
    may_have: CompoundSelect[Any] = union_all(
        select(col(SealedText.listing_id)),
        select(col(ListingAttachment.listing_id)).where(col(ListingAttachment.sealed)),
        select(col(Listing.id)).where(col(Listing.embargo_until).is_not(None)),
    )
    return _stored(session, _vectors(encoder).where(col(Passage.listing_id).in_(may_have)), dim).closed()


def without_words(session: Session, limit: int) -> list[int]:
    """Published listings whose words are not kept as they are now, newest first.

    What still waits for the encoder is none of them: its words come with its passages.
    """
    stale = or_(
        col(LexicalListing.listing_id).is_(None),
        col(LexicalListing.revision) != Listing.revision,
        col(LexicalListing.tokeniser) != TOKENISER,
    )
    wanted = (
        select(col(Listing.id))
        .join(Embedding, col(Embedding.listing_id) == Listing.id)
        .outerjoin(LexicalListing, col(LexicalListing.listing_id) == Listing.id)
        .where(col(Listing.status) == Status.PUBLISHED, col(Embedding.revision) == Listing.revision, stale)
        .order_by(col(Listing.id).desc())
        .limit(limit)
    )
    return list(session.execute(wanted).scalars())


def searchable(filters: Filters) -> list[ColumnElement[bool]]:
    """What the lexicon's listings must meet: kept by the filters, and unchanged since their words were read.

    A change may have closed words.
    """
    return [*published_where(filters), col(LexicalListing.revision) == Listing.revision]


def over_embargoes(session: Session, today: date, limit: int) -> list[int]:
    """Published listings whose passages were made while an embargo held that is over now."""
    wanted = (
        select(col(Listing.id), col(Listing.embargo_until), col(Embedding.at))
        .join(Embedding, col(Embedding.listing_id) == Listing.id)
        .where(col(Listing.status) == Status.PUBLISHED, col(Listing.embargo_until) <= today)
        .where(col(Embedding.revision) == Listing.revision, col(Embedding.problem) == "")
        .order_by(col(Listing.id))
    )
    # Days are compared here: databases differ in whose midnight they mean. Two encoders may have made the same.
    return list(dict.fromkeys(id_ for id_, until, at in session.execute(wanted) if at.date() < until))[:limit]


def _vectors(encoder: str) -> Columns:
    wanted = select(
        col(Passage.listing_id), col(Passage.id), col(Passage.lang), col(Passage.vector), col(Passage.sealed)
    ).join(Listing, col(Listing.id) == Passage.listing_id)
    return wanted.where(col(Listing.status) == Status.PUBLISHED, col(Passage.encoder) == encoder)


def _stored(session: Session, wanted: Columns, dim: int) -> Stored:
    rows = session.execute(wanted.order_by(col(Passage.id))).all()
    vectors = np.frombuffer(b"".join(row[3] for row in rows), dtype=STORED).reshape(-1, dim)
    return Stored(
        owners=np.array([row[0] for row in rows], dtype=np.int64),
        passages=np.array([row[1] for row in rows], dtype=np.int64),
        languages=[row[2] for row in rows],
        vectors=vectors.astype(np.float32),
        sealed=np.array([row[4] for row in rows], dtype=bool),
    )


def facts(session: Session, listing_ids: Sequence[int] | None = None) -> dict[int, Facts]:
    """What filters ask of published listings, of all or of some."""
    columns = select(col(Listing.id), col(Listing.direction), col(Listing.country), families.circle(None))
    wanted = columns.where(col(Listing.status) == Status.PUBLISHED)
    if listing_ids is not None:
        wanted = wanted.where(col(Listing.id).in_(listing_ids))
    return {row[0]: Facts(row[1], row[2], hash(row[3])) for row in session.execute(wanted)}


def _unembargoed() -> ColumnElement[bool]:
    return or_(col(Listing.embargo_until).is_(None), col(Listing.embargo_until) <= now().date())


def _made_by(encoder: str) -> ColumnElement[bool]:
    return and_(col(Embedding.listing_id) == Listing.id, col(Embedding.encoder) == encoder)


def _stale() -> ColumnElement[bool]:
    return or_(col(Embedding.listing_id).is_(None), col(Embedding.revision) != Listing.revision)
