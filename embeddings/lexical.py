"""BM25 (Robertson and Zaragoza 2009) over words and CJK bigrams: the yardstick that needs no model."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from embeddings.text import lexical_tokens

K1, B = 1.2, 0.75


class Bm25:
    """An index over texts, searched by exact scores."""

    def __init__(self, texts: Sequence[str]) -> None:
        counts = [Counter(lexical_tokens(text)) for text in texts]
        self._words = {word: i for i, word in enumerate(sorted(set().union(*counts)))} if counts else {}
        lengths = np.array([max(1, sum(count.values())) for count in counts], dtype=np.float64)
        rows, columns, values = [], [], []
        frequency = np.zeros(len(self._words))
        norm = K1 * (1 - B + B * lengths / lengths.mean()) if counts else lengths
        for row, count in enumerate(counts):
            for word, times in count.items():
                column = self._words[word]
                frequency[column] += 1
                rows.append(row)
                columns.append(column)
                values.append(times * (K1 + 1) / (times + norm[row]))
        idf = np.log1p((len(texts) - frequency + 0.5) / (frequency + 0.5))
        shape = (len(texts), len(self._words))
        self._weights = sparse.csr_array((values, (rows, columns)), shape=shape).multiply(idf).tocsc()

    def scores(self, query: str) -> NDArray[np.float64]:
        """The score of every text, shape (texts,)."""
        columns = [self._words[word] for word in set(lexical_tokens(query)) if word in self._words]
        if not columns:
            return np.zeros(self._weights.shape[0])
        found: NDArray[np.float64] = np.asarray(self._weights[:, columns].sum(axis=1)).ravel()
        return found
