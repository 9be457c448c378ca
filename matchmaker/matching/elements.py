"""What a result answers of what a need says: its material, method, effect, product, application and indicators.

The advice on writing finds the sentence that says each; the encoder tells how far the result's passages stand out from
the market at large for that sentence alone. It changes no score: it tells a broker what to ask.
"""

from collections.abc import Callable

from embeddings.encoders.base import Vectors
from embeddings.pool import Found, Pool
from matchmaker.core.text import shorten
from matchmaker.listings.advice import LONGEST, Row, State, assess
from matchmaker.listings.measures import sentences
from matchmaker.listings.schemas import ListingDraft
from matchmaker.matching.schemas import Answered, ElementFit

# Standard deviations above what the market at large answers.
CLEARLY, FAINTLY = 3.0, 1.5

Encode = Callable[[str], Vectors]


def elements(need: ListingDraft, found: Found, pool: Pool, encode: Encode) -> list[ElementFit]:
    """Every element of the need, in the order of the advice."""
    return [_fit(row, need, found, pool, encode) for row in assess(need).rows]


def _fit(row: Row, need: ListingDraft, found: Found, pool: Pool, encode: Encode) -> ElementFit:
    if row.state is State.MISSING:
        return ElementFit(row.element.title, "", Answered.UNSAID, row.element.ask)
    said = next((sentence for piece in row.evidence if (sentence := _sentence(need, piece.field, piece.words))), "")
    if not said:
        return ElementFit(row.element.title, "", Answered.UNREAD)
    prominence = pool.prominence(pool.seek(encode(said), [need.lang]), found.place)
    answered = Answered.YES if prominence >= CLEARLY else Answered.PARTLY if prominence >= FAINTLY else Answered.NO
    return ElementFit(row.element.title, shorten(said, LONGEST), answered)


def _sentence(need: ListingDraft, field: str, words: str) -> str:
    """The sentence of the field that holds the words; nothing for a field that is merely filled in."""
    text = getattr(need, field, "") if words else ""
    return next((sentence for sentence in sentences(text) if words in sentence), words)
