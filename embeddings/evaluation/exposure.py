"""Who is shown, and how often: whether a few famous documents fill every list; pure functions, checked by hand.

An exposure is a place in somebody's list. Coverage is the share of all documents that have one at least; the Gini
coefficient (Gini 1912) of the exposures of all documents, those without any included, is 0 where all have the same and
nears 1 where one has them all; the top share is what the most shown hundredth of the documents takes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil

import numpy as np
from numpy.typing import NDArray

from embeddings.evaluation.report import SEED, Figure

# Fewer than for quality: each one counts every place of every list again.
SAMPLES = 200
TOP = 0.01
MEASURES = ("coverage", "gini", "top_share")

Counts = NDArray[np.float64]


@dataclass(frozen=True)
class Exposure:
    """The figures of one group of documents that `askers` lists could have shown."""

    askers: int
    documents: int
    coverage: Figure
    gini: Figure
    top_share: Figure
    # How often each document was shown.
    counts: Counts = field(repr=False, compare=False)

    def as_dict(self) -> dict[str, float | int | dict[str, list[float]]]:
        """The figures by name, the counts, and the intervals."""
        figures = {name: getattr(self, name) for name in MEASURES}
        return {
            "askers": self.askers,
            "documents": self.documents,
            **{name: round(figure.mean, 6) for name, figure in figures.items()},
            "intervals": {name: [round(figure.low, 6), round(figure.high, 6)] for name, figure in figures.items()},
        }


def coverage(counts: Counts) -> float:
    """Share of the documents that somebody is shown; 0 where there are none."""
    return float((counts > 0).mean()) if len(counts) else 0.0


def gini(counts: Counts) -> float:
    """How unevenly the exposures are spread, from 0 (all the same) to 1 − 1/n (one has all); 0 without any."""
    total = counts.sum()
    if not total:
        return 0.0
    ordered = np.sort(counts)
    n = len(ordered)
    return float(2 * (np.arange(1, n + 1) @ ordered) / (n * total) - (n + 1) / n)


def lorenz(counts: Counts, points: int = 101) -> list[float]:
    """What the least shown have of all exposures together, at evenly spaced shares of the documents from 0 to 1."""
    total = counts.sum()
    if not total:
        return []
    shares = np.concatenate([[0.0], np.cumsum(np.sort(counts)) / total])
    found = np.interp(np.linspace(0, 1, points), np.linspace(0, 1, len(shares)), shares)
    return [round(float(share), 6) for share in found]


def top_share(counts: Counts, share: float = TOP) -> float:
    """What the most shown `share` of the documents (one at least) takes of all exposures; 0 without any."""
    total = counts.sum()
    if not total:
        return 0.0
    most = ceil(share * len(counts))
    return float(np.partition(counts, len(counts) - most)[-most:].sum() / total)


def exposure(lists: Sequence[NDArray[np.int64]], documents: NDArray[np.int64]) -> Exposure:
    """The figures for these documents, from one list of ids for each asker; ids of other documents are left out.

    The 95 % intervals come from a seeded bootstrap over askers. To draw askers with replacement repeats some, which by
    itself covers less: every interval is therefore moved so that the mean of its samples is the figure itself.
    """
    askers, places = _places(lists, documents)
    counts = np.bincount(places, minlength=len(documents)).astype(np.float64)
    found = np.array([coverage(counts), gini(counts), top_share(counts)])
    low, high = _intervals(found, (askers, places), (len(lists), len(documents)))
    figures = [Figure(float(found[i]), float(low[i]), float(high[i])) for i in range(len(MEASURES))]
    cover, uneven, most = figures
    return Exposure(len(lists), len(documents), cover, uneven, most, counts)


def _places(
    lists: Sequence[NDArray[np.int64]], documents: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each exposure its asker's number and its document's place among `documents`."""
    if not len(lists) or not len(documents):
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    ids = np.concatenate(lists)
    askers = np.repeat(np.arange(len(lists)), [len(one) for one in lists])
    order = np.argsort(documents)
    at = np.minimum(np.searchsorted(documents, ids, sorter=order), len(documents) - 1)
    known = documents[order[at]] == ids
    return askers[known], order[at[known]]


def _intervals(
    found: NDArray[np.float64], exposures: tuple[NDArray[np.int64], NDArray[np.int64]], size: tuple[int, int]
) -> NDArray[np.float64]:
    """Lower and upper ends, shape (2, 3); `size` is how many askers and documents there are."""
    askers, documents = size
    if not askers or not documents:
        return np.stack([found, found])
    random = np.random.default_rng(SEED)
    samples = np.empty((SAMPLES, len(found)))
    for i in range(SAMPLES):
        drawn = np.bincount(random.integers(0, askers, askers), minlength=askers)
        weights = drawn[exposures[0]].astype(np.float64)
        counts: Counts = np.bincount(exposures[1], weights=weights, minlength=documents).astype(np.float64)
        samples[i] = coverage(counts), gini(counts), top_share(counts)
    ends = np.percentile(samples, [2.5, 97.5], axis=0) + (found - samples.mean(axis=0))
    clipped: NDArray[np.float64] = np.clip(ends, 0.0, 1.0)
    return clipped
