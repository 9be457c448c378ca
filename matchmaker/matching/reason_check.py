"""Whether reasons are true: what a match loses when the text of a shown reason is really taken out of the document.

The score claims for each passage what would be missing without it. Here the text is taken out, the rest is cut and
encoded again as a listing would be, and the score is computed anew. Claims are true when they fall as claimed.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from embeddings.assembly import pool_of, with_layer
from embeddings.cache import VectorCache
from embeddings.encoders.base import Encoder, Vectors
from embeddings.evaluation.dataset import Dataset, Document, Query
from embeddings.fairness import reference
from embeddings.index.base import Keep
from embeddings.index.faiss import FaissIndex
from embeddings.layers import Rows
from embeddings.pool import Found, Pool, Sought
from matchmaker.matching.asking import is_long
from matchmaker.matching.evaluation import Say, encode
from matchmaker.matching.judging import fit
from matchmaker.matching.passages import cut

# Matches of each query that are looked at, and documents that have at least so many passages.
MATCHES, LEAST_PASSAGES = 5, 2
SEED, SAMPLES = 20261122, 1000


@dataclass(frozen=True)
class ReasonCheck:
    """Rank correlation (Spearman) of what passages were said to add and what was lost, with its 95 % interval.

    `bias` is the mean of lost minus claimed, `error` the mean of its absolute value, in shares of the text's points.
    """

    matches: int
    passages: int
    correlation: float
    low: float
    high: float
    bias: float
    error: float

    def as_dict(self) -> dict[str, float]:
        return {name: round(float(value), 6) for name, value in vars(self).items()}


@dataclass(frozen=True)
class _Claim:
    match: int
    claimed: float
    lost: float


def check(dataset: Dataset, encoder: Encoder, cache: VectorCache, say: Say, most: int = 200) -> ReasonCheck | None:
    """Take the text of every passage of up to `most` matches out; None where no document has two passages."""
    encoded = encode(dataset, encoder, cache, say)
    pool = pool_of(encoded.rows, reference(encoded.encoder), encoded.blocks, build=FaissIndex.build)
    lab = _Lab(dataset, pool, encoder, cache)
    order = np.random.default_rng(SEED).permutation(len(dataset.queries))
    progress, claims, matches = say("taking reasons out"), list[_Claim](), 0
    for place in order:
        for claimed in lab.claims(dataset.queries[place], encoded.queries[place]):
            claims += [_Claim(matches, *pair) for pair in claimed]
            matches += 1
        progress(min(matches, most), most)
        if matches >= most:
            break
    return _summary(claims, matches) if len(claims) > 2 else None


@dataclass(frozen=True)
class _Lab:
    dataset: Dataset
    pool: Pool
    encoder: Encoder
    cache: VectorCache

    def claims(self, query: Query, vectors: Vectors) -> Iterator[list[tuple[float, float]]]:
        """For the best matches that have passages to take out, what was claimed and what was lost, of each passage."""
        owners = self.pool.layers[0].owners
        market = np.array([self.dataset.documents[owner].id != query.itself for owner in owners])
        sought = self.pool.seek(vectors, [query.lang] * len(vectors))
        if is_long([query.text]):
            sought = self.pool.echoed(sought, [market])
        for found in self.pool.search(sought, MATCHES, market=[market], echo=False):
            document = self.dataset.documents[found.owner]
            chunks = [text for text, _ in cut(document.title, document.text)]
            if len(chunks) >= LEAST_PASSAGES:
                yield list(self._of_one(sought, found, market, (document, chunks)))

    def _of_one(
        self, sought: Sought, found: Found, market: Keep, said: tuple[Document, list[str]]
    ) -> Iterator[tuple[float, float]]:
        document, chunks = said
        full = fit(found.standing, found.reach)
        for i, share in enumerate(self.pool.contributions(sought, found)):
            rest = "\n".join(chunks[:i] + chunks[i + 1 :])
            lost = full - self._without(sought, found, market, cut(document.title, rest))
            yield full - fit(share.standing_without, found.reach), lost

    def _without(self, sought: Sought, found: Found, market: Keep, pieces: list[tuple[str, str]]) -> float:
        """The fit of the document with these passages instead of its own."""
        vectors = self.cache.encode(self.encoder, [encoded for _, encoded in pieces])
        owners = np.full(len(pieces), found.owner, dtype=np.int64)
        numbers: NDArray[np.int64] = np.arange(len(pieces), dtype=np.int64)
        pool = with_layer(self.pool, Rows(owners, [found.language] * len(pieces), numbers, vectors))
        old = market & (self.pool.layers[0].owners != found.owner)
        new = np.ones(pool.layers[1].wholes.count, dtype=bool)
        keep = [np.zeros_like(old), new]
        (row,) = pool.search(sought, 1, market=[old, new], keep=keep, echo=False)
        return fit(row.standing, row.reach)


def _summary(claims: list[_Claim], matches: int) -> ReasonCheck:
    """Intervals by a bootstrap over matches, whose passages belong together."""
    table = np.array([(claim.claimed, claim.lost) for claim in claims])
    groups = [np.flatnonzero(np.array([claim.match for claim in claims]) == number) for number in range(matches)]
    groups = [group for group in groups if len(group)]
    random, drawn = np.random.default_rng(SEED), []
    for _ in range(SAMPLES):
        rows = np.concatenate([groups[i] for i in random.integers(0, len(groups), len(groups))])
        drawn.append(_correlation(table[rows]))
    low, high = np.percentile(drawn, [2.5, 97.5])
    off = table[:, 1] - table[:, 0]
    return ReasonCheck(matches, len(claims), _correlation(table), low, high, off.mean(), np.abs(off).mean())


def _correlation(table: NDArray[np.float64]) -> float:
    return float(spearmanr(table[:, 0], table[:, 1]).statistic)
