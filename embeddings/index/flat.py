"""The reference: plain arithmetic in memory, for small sets and for checking the others."""

import numpy as np

from embeddings.encoders.base import Vectors
from embeddings.index.base import Keep, Rows, Scores, best_first


class FlatIndex:
    """All vectors in one array of shape (count, dim)."""

    def __init__(self, vectors: Vectors) -> None:
        self._vectors = np.ascontiguousarray(vectors, dtype=np.float32)

    @property
    def dim(self) -> int:
        return int(self._vectors.shape[1])

    @property
    def count(self) -> int:
        return len(self._vectors)

    def search(self, queries: Vectors, k: int, *, keep: Keep | None = None) -> tuple[Scores, Rows]:
        """See VectorIndex.search."""
        kept = np.arange(self.count) if keep is None else np.flatnonzero(keep)
        scores = (queries @ self._vectors[kept].T).astype(np.float32)
        rows = np.broadcast_to(kept.astype(np.int64), scores.shape)
        return best_first(scores, rows, k)

    def part(self, place: slice) -> "FlatIndex":
        """See VectorIndex.part."""
        return FlatIndex(self._vectors[place])

    def vectors(self, rows: Rows) -> Vectors:
        """See VectorIndex.vectors."""
        found: Vectors = self._vectors[rows]
        return found
