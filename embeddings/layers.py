"""Rows of documents: as they are stored, as a layer that can be searched, and a sample of a language's."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from embeddings.encoders.base import Vectors
from embeddings.index.base import VectorIndex

# Where the rows are of a language that a layer does not have.
NOWHERE: tuple[slice, None] = (slice(0, 0), None)


@dataclass(frozen=True)
class Rows:
    """Documents' rows before they are searchable: passages in order of row, raw vectors (m, dim)."""

    owners: NDArray[np.int64]
    languages: Sequence[str]
    passages: NDArray[np.int64]
    vectors: Vectors


@dataclass(frozen=True)
class Layer:
    """Searchable rows, those of a language beside each other; `starts[i]:starts[i + 1]` are the passages of row i."""

    wholes: VectorIndex
    owners: NDArray[np.int64]
    languages: NDArray[np.int32]
    starts: NDArray[np.int64]
    passages: VectorIndex
    passage_ids: NDArray[np.int64]

    @cached_property
    def parts(self) -> dict[int, tuple[slice, VectorIndex]]:
        """Code of a language → its rows, and the index of their wholes alone: a scan costs no more than these.

        Raises ValueError where a language's rows lie apart.
        """
        bounds = [0, *(np.flatnonzero(np.diff(self.languages)) + 1).tolist(), len(self.languages)]
        places = [slice(start, stop) for start, stop in pairwise(bounds) if start < stop]
        found = {int(self.languages[place.start]): (place, self.wholes.part(place)) for place in places}
        if len(found) < len(places):
            raise ValueError("the rows of a language do not lie beside each other")
        return found


@dataclass(frozen=True)
class Language:
    """How many rows a language has, and some of them (n, dim), evenly drawn, to tell how far its scores spread."""

    count: int
    sample: Vectors
