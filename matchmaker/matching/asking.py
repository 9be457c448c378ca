"""A listing's question to the market: what it looks for, who may answer, and what of both may be quoted."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from embeddings.index.base import Keep
from embeddings.pool import ECHO_LEAST_TEXT, Found, Pool, Share, Sought
from embeddings.rarity import Agreement, Term, as_written
from embeddings.text import is_unspaced
from matchmaker.listings.models import Listing
from matchmaker.matching import service
from matchmaker.matching.index import Columns, Rooms
from matchmaker.matching.judging import confidence, quote
from matchmaker.matching.models import Passage
from matchmaker.matching.queries import Quotable
from matchmaker.matching.schemas import Aligned, Doubt, Quote, Shared

# Under this share of a full confidence, and under so many letters, a list of matches is shown with a word of doubt.
DOUBTFUL, SAYS_LITTLE = 0.6, 150
# A character of a script without spaces says about as much as so many letters.
LETTERS = 3


@dataclass(frozen=True)
class Own:
    """A listing as it asks: its passages, and what it is answered from.

    `words` are those of its sealed passages by digest, for its own people.
    """

    listing: Listing
    passages: Sequence[Quotable]
    rooms: Rooms
    words: Mapping[str, str]

    @property
    def is_long(self) -> bool:
        """Whether its closest listings may speak for it; whoever has something to seal has written a listing."""
        rows = [each.passage for each in self.passages]
        return any(row.sealed for row in rows) or is_long(row.text for row in rows)

    @cached_property
    def text(self) -> str:
        """What everybody may read of it."""
        return "\n".join(each.passage.text for each in self.passages)

    def quote(self, number: int) -> Quote:
        """One of its passages, as far as it may be shown."""
        found = quote(self.passages[number], self.listing.lang)
        return replace(found, text=self.words.get(self.passages[number].passage.digest, "")) if found.sealed else found


@dataclass(frozen=True)
class Asked:
    """A listing's question: what it looks for, its echo included, the rows that could answer, its rare words."""

    own: Own
    sought: Sought
    market: Sequence[Keep]
    terms: Sequence[Term]

    @property
    def pool(self) -> Pool:
        return self.own.rooms.pool

    @property
    def doubt(self) -> Doubt | None:
        """Why the list means little, if it does; by what everybody may read of the listing."""
        scale = self.sought.scale
        if scale is not None and confidence(scale.reach) < DOUBTFUL:
            return Doubt.FAR
        return Doubt.SHORT if length(self.own.text) < SAYS_LITTLE else None

    def closest(self, k: int, wanted: Callable[[Columns], Keep]) -> list[Found]:
        """The k best answers among the wanted rows."""
        keep = self.own.rooms.keep(wanted)
        return self.pool.search(self.sought, k, market=self.market, keep=keep, echo=False)

    def aligned(self, lang: str, texts: Mapping[int, Quotable], shares: Sequence[tuple[Share, float]]) -> list[Aligned]:
        """Every passage of a listing in that language that may be quoted, with its points, those with most first."""
        found = [
            Aligned(self.own.quote(share.own), quote(texts[share.passage_id], lang), points)
            for share, points in shares
            if share.passage_id in texts
        ]
        return sorted(found, key=lambda each: -each.points)

    def words(self, agreement: Agreement) -> Shared:
        """What of its rare words another listing says too, as its own text writes them."""
        forms = {term.form for term in agreement.terms}
        return Shared(agreement.value, tuple(as_written(self.own.text, forms)) if forms else ())


def seek(pool: Pool, own: Sequence[Passage]) -> Sought:
    """What a listing's passages look for."""
    vectors = np.stack([service.unpack(passage.vector) for passage in own])
    return pool.seek(vectors, [passage.lang for passage in own])


def is_long(texts: Iterable[str]) -> bool:
    """Whether this is a listing, whose closest listings may speak for it, or a few words typed into a box."""
    return sum(map(len, texts)) >= ECHO_LEAST_TEXT


def length(text: str) -> int:
    """How much a text says, in letters."""
    return sum(LETTERS if is_unspaced(character) else 1 for character in text)
