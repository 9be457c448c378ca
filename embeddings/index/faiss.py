"""FAISS, exact, half precision, mapped from a file that all processes share."""

import os
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from embeddings.encoders.base import Vectors
from embeddings.index.base import Keep, Rows, Scores, best_first

# One search of many must not take all cores from the other requests; two threads made p99 worse.
faiss.omp_set_num_threads(1)

# More than asked for, so that the tie-break by row sees the ties at the cut.
SPARE = 16


class FaissIndex:
    """A scalar-quantised (fp16) flat index; open it with `load` or make one with `build`."""

    def __init__(self, index: Any, whole: Any = None) -> None:
        # A part lies in the memory of the whole, which must live as long.
        self._index, self._whole = index, whole

    @classmethod
    def build(cls, vectors: Vectors) -> "FaissIndex":
        """An index in memory over rows of shape (count, dim)."""
        index = faiss.IndexScalarQuantizer(vectors.shape[1], faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
        rows = np.ascontiguousarray(vectors, dtype=np.float32)
        index.train(rows)
        index.add(rows)
        return cls(index)

    @classmethod
    def load(cls, path: Path) -> "FaissIndex":
        """Map a saved index; its memory is shared by all processes that map it. Raises ValueError when unfit."""
        try:
            return cls(faiss.read_index(os.fspath(path), faiss.IO_FLAG_MMAP_IFC))
        except RuntimeError as error:
            raise ValueError(f"{path.name} is not an index that can be read") from error

    def save(self, path: Path) -> None:
        """Write the index and wait until it is on the disk."""
        faiss.write_index(self._index, os.fspath(path))
        with path.open("rb") as file:
            os.fsync(file.fileno())

    @property
    def dim(self) -> int:
        return int(self._index.d)

    @property
    def count(self) -> int:
        return int(self._index.ntotal)

    def search(self, queries: Vectors, k: int, *, keep: Keep | None = None) -> tuple[Scores, Rows]:
        """See VectorIndex.search."""
        # FAISS fails on an index without rows, and its scan costs as much as the rows that are kept.
        most = self.count if keep is None else int(np.count_nonzero(keep))
        if min(k, most) == 0:
            empty = np.empty((len(queries), 0), dtype=np.float32)
            return best_first(empty, empty.astype(np.int64), k)
        parameters = None
        if keep is not None:
            bits = np.packbits(keep, bitorder="little")
            selector = faiss.IDSelectorBitmap(bits)  # type: ignore[call-arg, arg-type]  # the stub misses the array form
            parameters = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]  # likewise
        asked, wanted = np.ascontiguousarray(queries, dtype=np.float32), min(k + SPARE, most)
        while True:
            scores, rows = self._index.search(asked, wanted, params=parameters)
            # Of equal scores FAISS keeps any; when the ties at the cut reach the end, there may be more behind it.
            if wanted == most or not (scores[:, k - 1] == scores[:, -1]).any():
                break
            wanted = min(2 * wanted, most)
        return best_first(np.where(rows < 0, -np.inf, scores).astype(np.float32), rows, k)

    def part(self, place: slice) -> "FaissIndex":
        """See VectorIndex.part. With a selector over all rows FAISS would ask of each whether it may be found."""
        start, stop, _ = place.indices(self.count)
        whole, size = self._index, self._index.sa_code_size()
        codes = faiss.rev_swig_ptr(whole.codes.data(), self.count * size)[start * size : stop * size]
        bytes_of: Any = faiss.MaybeOwnedVectorUInt8  # the stub misses what makes views
        part = faiss.IndexScalarQuantizer(whole.d, whole.sq.qtype, whole.metric_type)
        part.codes = bytes_of.create_view(faiss.swig_ptr(codes), len(codes), whole.codes.owner)
        part.ntotal, part.is_trained = stop - start, True
        return FaissIndex(part, whole)

    def vectors(self, rows: Rows) -> Vectors:
        """See VectorIndex.vectors."""
        if len(rows) == 0:
            return np.empty((0, self.dim), dtype=np.float32)
        found: Vectors = self._index.reconstruct_batch(np.ascontiguousarray(rows, dtype=np.int64))
        return found
