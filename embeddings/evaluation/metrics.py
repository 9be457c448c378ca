"""Measures of one ranking; pure functions, checked by hand in their tests.

Definitions: nDCG with exponential gain (Burges et al. 2005: 2^grade − 1, discount log2(rank + 1)), MRR (Voorhees 1999).
"""

from collections.abc import Mapping, Sequence
from math import log2

Grades = Mapping[str, int]


def ndcg(ranked: Sequence[str], grades: Grades, k: int) -> float:
    """Discounted gain of the first k, as a share of the best possible; 0 when nothing is relevant."""
    gain = sum(_gain(grades.get(id_, 0), rank) for rank, id_ in enumerate(ranked[:k], 1))
    best = sorted(grades.values(), reverse=True)[:k]
    ideal = sum(_gain(grade, rank) for rank, grade in enumerate(best, 1))
    return gain / ideal if ideal else 0.0


def hit(ranked: Sequence[str], grades: Grades, k: int) -> float:
    """1 when a relevant id is among the first k, else 0."""
    return float(any(grades.get(id_, 0) > 0 for id_ in ranked[:k]))


def reciprocal_rank(ranked: Sequence[str], grades: Grades) -> float:
    """1/rank of the first relevant id; 0 when none was retrieved."""
    return next((1 / rank for rank, id_ in enumerate(ranked, 1) if grades.get(id_, 0) > 0), 0.0)


def recall(ranked: Sequence[str], grades: Grades, k: int) -> float:
    """Share of the relevant ids that are among the first k; 0 when nothing is relevant."""
    relevant = {id_ for id_, grade in grades.items() if grade > 0}
    return len(relevant.intersection(ranked[:k])) / len(relevant) if relevant else 0.0


def own_language_excess(ranked: Sequence[str], grades: Grades, languages: Mapping[str, str], own: str, k: int) -> float:
    """Share of own-language ids among the first k, beyond their share among the relevant ones; 0 is fair."""
    shown = ranked[:k]
    relevant = [id_ for id_, grade in grades.items() if grade > 0]
    return _share(shown, languages, own) - _share(relevant, languages, own)


def _gain(grade: int, rank: int) -> float:
    return float(2**grade - 1) / log2(rank + 1)


def _share(ids: Sequence[str], languages: Mapping[str, str], own: str) -> float:
    return sum(languages.get(id_) == own for id_ in ids) / len(ids) if ids else 0.0
