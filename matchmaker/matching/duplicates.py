"""Listings that look like one that is about to be handed in: the same words, or the same matter in any language.

Only open words are compared and shown: one's own organisation's listings in whole, of others what anybody may read.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session

from embeddings.pool import Pool, Sought
from matchmaker.accounts.schemas import Actor
from matchmaker.core.errors import Unavailable
from matchmaker.listings import queries as listings
from matchmaker.listings.confidence import Reader
from matchmaker.listings.measures import digits, numbers
from matchmaker.listings.models import Direction, Listing, ListingText
from matchmaker.listings.queries import FullListing
from matchmaker.listings.schemas import ListingCard, ListingDraft
from matchmaker.matching import queries, service
from matchmaker.matching.models import Passage
from matchmaker.matching.passages import pieces_of
from matchmaker.matching.runtime import Matcher

# Characters of a piece of text that is compared, and of a title that says enough to be compared by itself.
GRAM, LEAST_TITLE = 3, 8
# Shares of common pieces from which titles and texts look like copies.
SAME_TITLE, SAME_TEXT = 0.75, 0.45
# The likeness of meaning from which two listings look like one: in one language, in two, and in two when something
# else speaks for it: the same owner, or the same figures. Chosen on the demo and 3,000 public notices and abstracts.
SAME_MEANING, ACROSS, ACROSS_SURE = 0.65, 0.5, 0.38
# So many figures of two digits or more, and such a share of the shorter text's, are no chance.
FIGURES, FIGURE_SHARE = 3, 0.5
# The beginning says what a listing is about, and the writer waits for the encoder.
MOST_PIECES = 2
# So many of the closest are looked at, and so many are shown.
CANDIDATES, SHOWN = 20, 5
# The first code point beyond the basic plane.
ASTRAL = 0x10000
_BETWEEN = re.compile(r"[\W_]+")


class Kind(StrEnum):
    """What two listings have in common; the surest first."""

    TITLE = "title"
    TEXT = "text"
    MEANING = "meaning"


@dataclass(frozen=True)
class Asked:
    """What is about to be handed in, and its row when it is stored already."""

    draft: ListingDraft
    listing: Listing | None = None

    @classmethod
    def of(cls, full: FullListing) -> "Asked":
        return cls(full.draft(), full.listing)

    @property
    def id(self) -> int:
        return (self.listing.id if self.listing else None) or 0

    def text(self) -> ListingText:
        """The words as a language version, which is what passages are cut from."""
        words: dict[str, Any] = dict(self.draft.words())
        return ListingText(listing_id=self.id, lang=self.draft.lang, **words)


@dataclass(frozen=True)
class Similar:
    """A listing that looks like the one asked about; `own` when the asker's organisation posted it."""

    card: ListingCard
    own: bool
    kind: Kind
    likeness: float


@dataclass(frozen=True)
class _Hit:
    kind: Kind
    likeness: float


def similar(matcher: Matcher, session: Session, actor: Actor, asked: Asked, lang: str) -> list[Similar]:
    """The listings of the same direction that look like it, one's own first; without those its owner has seen."""
    own = list(actor.memberships)
    found = _by_words(session, asked, own)
    for listing_id, hit in _by_meaning(matcher, session, asked, own).items():
        found.setdefault(listing_id, hit)
    for listing_id in (queries.seen(session, asked.id) if asked.id else set()) | {asked.id}:
        found.pop(listing_id, None)
    cards = listings.cards(session, found, Reader(lang, actor))
    owned = queries.owned(session, list(found), own)
    rows = [Similar(cards[id_], id_ in owned, hit.kind, hit.likeness) for id_, hit in found.items() if id_ in cards]
    order = list(Kind)
    return sorted(rows, key=lambda row: (not row.own, order.index(row.kind), -row.likeness, row.card.id))[:SHOWN]


def _by_words(session: Session, asked: Asked, own: Sequence[int]) -> dict[int, _Hit]:
    """Listings with the same title, or with much of the same text."""
    draft = asked.draft
    title, beginning = plain(draft.title), draft.summary or draft.description[: queries.BEGINNING]
    openings = queries.openings(session, draft.direction, own)
    titles = [opening.title for opening in openings]
    texts = [opening.title + opening.beginning for opening in openings]
    found: dict[int, _Hit] = {}
    for kind, mine, theirs, least in (
        (Kind.TITLE, title, titles, SAME_TITLE),
        (Kind.TEXT, title + plain(beginning), texts, SAME_TEXT),
    ):
        for place, share in _copies(mine, theirs, least):
            found.setdefault(openings[place].listing_id, _Hit(kind, share))
    return found


def _copies(mine: str, theirs: Sequence[str], least: float) -> list[tuple[int, float]]:
    """Places of the texts that share at least so much of their pieces with mine, and how much."""
    if len(mine) < LEAST_TITLE:
        return []
    rough = rough_shares(mine, theirs)
    # The rough share counts a repeated piece more than once, so a little less is looked at closely.
    close = [int(i) for i in np.argsort(-rough, kind="stable")[:CANDIDATES] if rough[i] >= least / 2]
    exact = ((i, jaccard(mine, plain(theirs[i]))) for i in close)
    return [(i, share) for i, share in exact if share >= least]


def plain(text: str) -> str:
    """Letters and digits alone, without regard to capitals and width."""
    return _BETWEEN.sub("", unicodedata.normalize("NFKC", text).casefold())


def grams(text: str) -> set[str]:
    """The pieces of a text."""
    return {text[i : i + GRAM] for i in range(len(text) - GRAM + 1)}


def jaccard(one: str, other: str) -> float:
    """The share of the pieces of two texts that are in both."""
    mine, theirs = grams(one), grams(other)
    return len(mine & theirs) / len(mine | theirs) if mine and theirs else 0.0


def rough_shares(mine: str, theirs: Sequence[str]) -> NDArray[np.float64]:
    """About the same for many texts as they are, shape (texts,): a piece counts as often as it comes.

    `mine` is plain already; all others are made plain and cut at once, since most of them are not looked at again.
    """
    known = np.unique(_numbers(_points(mine)))
    if not theirs or not len(known):
        return np.zeros(len(theirs))
    # A mark between the texts keeps pieces that reach from one into the next from being anybody's.
    points = _points(unicodedata.normalize("NFKC", "\0\0".join(theirs) + "\0\0").casefold())
    points = points[_letters()[np.minimum(points, ASTRAL)]]
    marks = np.flatnonzero(points == 0)[1::2]
    starts = np.concatenate([[0], marks[:-1] + 1])
    everything = _numbers(np.append(points, [0, 0]).astype(np.uint64))
    place = np.minimum(np.searchsorted(known, everything), len(known) - 1)
    hits = np.add.reduceat((known[place] == everything).astype(np.int64), starts)
    own = np.maximum(marks - starts - GRAM, 1)
    shares: NDArray[np.float64] = hits / np.maximum(own + len(known) - hits, 1)
    return shares


def _points(text: str) -> NDArray[np.uint64]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint64)


@cache
def _letters() -> NDArray[np.bool_]:
    """Which code points are kept: letters, digits and the mark; those beyond the first plane are letters to us."""
    return np.array([chr(i).isalnum() or i == 0 for i in range(ASTRAL)] + [True], dtype=bool)


def _numbers(points: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """A number for each piece; two pieces have the same one only when they are the same."""
    # A code point has 21 bits, so three of them fit into one number.
    numbers: NDArray[np.uint64] = (points[:-2] << np.uint64(42)) | (points[1:-1] << np.uint64(21)) | points[2:]
    return numbers


def _by_meaning(matcher: Matcher, session: Session, asked: Asked, own: Sequence[int]) -> dict[int, _Hit]:
    """Listings that say the same in whatever language; none while the encoder is not loaded."""
    whole = pieces_of([asked.text()])
    pieces, said = whole[:MOST_PIECES], " ".join(piece.text for piece in whole)
    try:
        view = matcher.view(session)
        vectors = matcher.encoder(view.encoder).encode_passages([piece.encoded for piece in pieces])
    except Unavailable:
        return {}
    sought = view.pool.seek(vectors, [piece.lang for piece in pieces])
    is_need = asked.draft.direction is Direction.NEED
    market = view.keep(lambda columns: (columns.is_need == is_need) & (columns.owners != asked.id))
    near = [row.owner for row in view.pool.search(sought, CANDIDATES, market=market, echo=False)]
    # What the index holds may be sealed; what is shown is judged by open passages alone, of others if not embargoed.
    readable, owned = sorted(queries.readable(session, near, own)), queries.owned(session, near, own)
    found: dict[int, _Hit] = {}
    for listing_id, versions in queries.open_passages(session, readable, view.encoder).items():
        for lang, version in versions.items():
            share = _likeness(view.pool, sought, version)
            sure = listing_id in owned or same_figures(said, " ".join(passage.text for passage in version))
            if share >= needed(same_language=lang == pieces[0].lang, sure=sure):
                found[listing_id] = _Hit(
                    Kind.MEANING, max(share, found[listing_id].likeness if listing_id in found else 0)
                )
    return found


def needed(*, same_language: bool, sure: bool) -> float:
    """How alike two listings must be to look like one."""
    return SAME_MEANING if same_language else ACROSS_SURE if sure else ACROSS


def same_figures(one: str, other: str) -> bool:
    """Whether two texts share so many figures that they may speak of one thing; figures need no translation."""
    mine, theirs = ({digits(number) for number in numbers(text)} for text in (one, other))
    mine, theirs = ({number for number in some if len(number) > 1} for some in (mine, theirs))
    common = len(mine & theirs)
    return common >= FIGURES and common >= FIGURE_SHARE * min(len(mine), len(theirs))


def _likeness(pool: Pool, sought: Sought, version: Sequence[Passage]) -> float:
    vectors = np.stack([service.unpack(passage.vector) for passage in version])
    return pool.likeness(sought, vectors, [passage.lang for passage in version])
