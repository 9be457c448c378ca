"""An encoder without a model: deterministic and instant, for tests and for trying the platform."""

from collections.abc import Sequence
from zlib import crc32

import numpy as np

from embeddings.encoders.base import Progress, Vectors, unit_rows
from embeddings.text import lexical_tokens


class HashingEncoder:
    """Signed feature hashing of words and CJK bigrams: shared words give a cosine, meaning does not."""

    def __init__(self, dim: int = 256) -> None:
        if dim < 1:
            raise ValueError(f"a hashing encoder needs at least one dimension, not {dim}")
        self.name, self.dim = f"hashing-{dim}", dim

    def encode_passages(self, texts: Sequence[str], *, progress: Progress | None = None) -> Vectors:
        vectors: Vectors = np.zeros((len(texts), self.dim), dtype=np.float32)
        for row, text in enumerate(texts):
            for token in lexical_tokens(text):
                digest = crc32(token.encode("utf-8", "surrogatepass"))
                # One bit of the hash is a sign, so that words that collide cancel out on average.
                vectors[row, (digest >> 1) % self.dim] += 1 if digest & 1 else -1
            if progress is not None:
                progress(row + 1, len(texts))
        return unit_rows(vectors)

    encode_queries = encode_passages
