"""Whether two listings say the same: pure judgement over their open passages, for families and for nobody's page.

It uses what duplicates.py asks a writer about, with higher bars: a question that was needless costs a click, and a
listing that stands behind another one by mistake is not seen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from embeddings.encoders.base import Vectors
from embeddings.pool import Pool
from matchmaker.listings.models import Likeness
from matchmaker.matching.duplicates import jaccard, plain, same_figures
from matchmaker.matching.models import Passage
from matchmaker.matching.service import unpack

# The share of common pieces from which two texts of one language are copies of each other.
SAME_TEXT = 0.6
# The likeness of meaning from which two listings say the same: in one language, and in two. Read off the demo: of its
# 7,275 pairs of different listings in two languages none reaches 0.43, of 1,577 in one language none 0.47; of its 65
# freely worded translations of title and summary 45 in 100 reach 0.5, 58 reach 0.45. Who is missed stands alone, as
# before; brokers can join them.
SAME_MEANING = 0.7
# By how many other things speak for it: none, one of the same named owner and the same figures, or both.
ACROSS = (0.5, 0.45, 0.38)


@dataclass(frozen=True)
class Version:
    """The open words of a listing in one language: raw vectors (n, dim) of its passages."""

    lang: str
    text: str
    vectors: Vectors


@dataclass(frozen=True)
class Alike:
    """That two listings say the same, and how much so, from 0 to 1."""

    kind: Likeness
    likeness: float


def versions_of(passages: Mapping[str, Sequence[Passage]]) -> list[Version]:
    """A listing's passages by language, as they are compared."""
    return [
        Version(lang, " ".join(row.text for row in rows), np.stack([unpack(row.vector) for row in rows]))
        for lang, rows in passages.items()
    ]


def alike(pool: Pool, mine: Sequence[Version], theirs: Sequence[Version], *, sure: bool) -> Alike | None:
    """How two listings say the same, None where they do not; `sure` when something else than words speaks for it."""
    found = [each for own in mine for other in theirs if (each := _versions_alike(pool, own, other, sure=sure))]
    return max(found, key=lambda each: (each.kind is Likeness.TEXT, each.likeness), default=None)


def _versions_alike(pool: Pool, own: Version, other: Version, *, sure: bool) -> Alike | None:
    same_language = own.lang == other.lang
    if same_language and (share := jaccard(plain(own.text), plain(other.text))) >= SAME_TEXT:
        return Alike(Likeness.TEXT, share)
    sought = pool.seek(own.vectors, [own.lang] * len(own.vectors))
    likeness = pool.likeness(sought, other.vectors, [other.lang] * len(other.vectors))
    return Alike(Likeness.MEANING, min(1.0, likeness)) if likeness >= _bar(own, other, sure=sure) else None


def _bar(own: Version, other: Version, *, sure: bool) -> float:
    if own.lang == other.lang:
        return SAME_MEANING
    return ACROSS[sure + same_figures(own.text, other.text)]
