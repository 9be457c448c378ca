"""What every index promises; its rows are numbered from 0 and never change."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from embeddings.encoders.base import Vectors

Scores = NDArray[np.float32]
Rows = NDArray[np.int64]
Keep = NDArray[np.bool_]


class VectorIndex(Protocol):
    """Immutable: to change it, build another one. Safe to search from several threads."""

    @property
    def dim(self) -> int: ...

    @property
    def count(self) -> int: ...

    def search(self, queries: Vectors, k: int, *, keep: Keep | None = None) -> tuple[Scores, Rows]:
        """The k best rows for each query, best first, equal scores by lower row.

        `keep` (count,) says which rows may be found, so that k come back when k are kept. Answers scores and rows
        of shape (queries, k); where fewer rows exist, the row is -1 and the score -inf.
        """
        ...

    def part(self, place: slice) -> "VectorIndex":
        """An index of these rows alone, which are counted from 0 there; it shares their memory."""
        ...

    def vectors(self, rows: Rows) -> Vectors:
        """The stored vectors of these rows, shape (rows, dim)."""
        ...


def best_first(scores: Scores, rows: Rows, k: int) -> tuple[Scores, Rows]:
    """Order candidates by (-score, row) and cut or pad to k; both of shape (queries, n)."""
    order = np.lexsort((rows, -scores), axis=1)[:, :k]
    scores, rows = np.take_along_axis(scores, order, 1), np.take_along_axis(rows, order, 1)
    missing = k - rows.shape[1]
    if missing > 0:
        scores = np.pad(scores, ((0, 0), (0, missing)), constant_values=-np.inf)
        rows = np.pad(rows, ((0, 0), (0, missing)), constant_values=-1)
    return scores, np.where(np.isneginf(scores), -1, rows)
