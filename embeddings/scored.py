"""Rows of one language with their scores, as arrays: what a pool computes with before it answers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# How many of a language's best say what is usual there.
PEERS = 5


@dataclass(frozen=True)
class Scored:
    """Each of shape (rows,); `layer` and `row` say where, the rest is what pool.Found is made of."""

    layer: NDArray[np.int64]
    row: NDArray[np.int64]
    whole: NDArray[np.float32]
    late: NDArray[np.float32]
    best: NDArray[np.float32]
    echo: NDArray[np.float32]
    # Of its own, half whole and half late; and with the echo, which is the same before the speakers are known.
    own: NDArray[np.float32]
    score: NDArray[np.float32]
    own_passage: NDArray[np.int64]
    passage_id: NDArray[np.int64]


def join(parts: list[Scored], n: int) -> Scored:
    if not parts:
        none, nothing = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
        return Scored(none, none, nothing, nothing, nothing, nothing, nothing, nothing, none, none)
    columns = [np.concatenate([getattr(part, name) for part in parts]) for name in Scored.__dataclass_fields__]
    joined = Scored(*columns)
    closest = np.argsort(-joined.score, kind="stable")[:n]
    return Scored(*(column[closest] for column in columns))


def level_of(scored: Scored) -> tuple[int, float]:
    """How many peers the language has (5 at most) and their mean score."""
    best = np.sort(scored.score)[::-1][:PEERS]
    return len(best), float(best.mean()) if len(best) else 0.0


def usual_level(levels: list[tuple[int, float]]) -> float:
    """The mean level of all languages, each by its number of peers; what a language with few documents borrows."""
    peers = sum(count for count, _ in levels)
    return sum(count * level for count, level in levels) / peers if peers else 0.0
