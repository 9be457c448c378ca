"""What every encoder promises, and nothing about how it keeps the promise."""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Progress = Callable[[int, int], None]  # (done, total), called from the thread that does the work


class EncoderUnavailable(Exception):
    """The encoder asked for cannot be opened; the message is one line for the operator."""


class Encoder(Protocol):
    """Turn texts into unit vectors; a query is not a passage, and each encoder knows its own prompts.

    `name` is a versioned identity: two encoders with the same name give the same vectors, so it is part of
    the key under which vectors are stored. Both methods return float32 rows of length 1 and shape
    (len(texts), dim); no texts give shape (0, dim), an empty text is a text like any other. Implementations
    may be called from several threads.
    """

    @property
    def name(self) -> str: ...

    @property
    def dim(self) -> int: ...

    def encode_queries(self, texts: Sequence[str], *, progress: Progress | None = None) -> Vectors: ...

    def encode_passages(self, texts: Sequence[str], *, progress: Progress | None = None) -> Vectors: ...


def unit_rows(vectors: Vectors) -> Vectors:
    """The same rows scaled to length 1; a row of zeros becomes the first axis."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    rows: Vectors = np.divide(vectors, np.where(norms == 0, 1, norms), dtype=np.float32)
    rows[norms[:, 0] == 0, :1] = 1
    return rows
