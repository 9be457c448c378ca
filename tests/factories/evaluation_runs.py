"""Kept runs with invented figures of every kind."""

from typing import Any

from matchmaker.matching.runs import Finding

LANGUAGES = ("zh", "de", "fr", "sr", "it")


def summary(mean: float, queries: int = 120) -> dict[str, Any]:
    """What `Summary.as_dict()` gives, with one mean for all."""
    measures = {"ndcg@10": mean, "hit@10": 3 * mean, "mrr": 1.5 * mean, "own_language_excess": 0.02}
    return {**measures, "queries": queries, "intervals": {name: [m - 0.02, m + 0.02] for name, m in measures.items()}}


def measured(mean: float = 0.16, **more: Any) -> dict[str, Any]:
    """The figures of an evaluation, and what others add to them."""
    pairs = [(a, b) for a in LANGUAGES for b in LANGUAGES if a != b]
    return {
        "product": {"all": summary(mean - 0.03), "cross_border": summary(mean)},
        "plain_cosine": {"all": summary(0.03), "cross_border": summary(0.055)},
        "bm25": {"all": summary(0.021), "cross_border": summary(0.023)},
        "pairs": {f"{a}>{b}": summary(mean * (0.4 + 0.06 * i), 12 + i) for i, (a, b) in enumerate(pairs)},
        **more,
    }


ABLATION = [
    {"step": "plain cosine", "scope": "cross_border", "measure": "ndcg@10", "mean": 0.052, "low": 0.04, "high": 0.06},
    {"step": "language means removed", "scope": "cross_border", "measure": "ndcg@10", "mean": 0.113, "low": 0.1,
     "high": 0.13, "delta": 0.061, "delta_low": 0.05, "delta_high": 0.07},
    {"step": "the three closest listings speak for the query", "scope": "cross_border", "measure": "ndcg@10",
     "mean": 0.145, "low": 0.13, "high": 0.16, "delta": -0.002, "delta_low": -0.01, "delta_high": 0.006},
]  # fmt: skip
CALIBRATION = {
    "ece": 0.034,
    "bins": [{"predicted": p, "observed": p * p + 0.1, "count": 40} for p in (0.1, 0.3, 0.5, 0.7, 0.9)],
}
COVERAGE = {"coverage": 0.83, "gini": 0.41, "lorenz": [(i / 20) ** 2 for i in range(21)]}


def finding(mean: float = 0.16, task: str = "tenders", **more: Any) -> Finding:
    """A run of a task with all measures."""
    figures = measured(mean, **more)
    return Finding(task, "bundled", figures, "d" * 64, "all, cross_border", seconds=41.0, queries=603, documents=2970)


def coverage() -> Finding:
    """A run that measured who is shown."""
    return Finding("coverage", "bundled", COVERAGE, scope="cross_border", documents=130)
