"""The held-out curve: how well what was never trained on is found across languages."""

from collections.abc import Callable, Sequence

import numpy as np

from embeddings.encoders.base import Vectors
from embeddings.training.pairs import ASKING, KEPT_OUT, HeldOut, Texts

# Languages beside those kept out that a sentence is asked in.
KNOWN = ("en", "fr", "zh")

Encode = Callable[[Sequence[str]], Vectors]


def curve_point(held: HeldOut, encode: Encode) -> dict[str, float]:
    """Mean reciprocal ranks among texts of both languages, the asker's own included.

    `unknown` sentences in languages kept out of the training, `known` in others, `groups` of patents from Chinese to
    English.
    """
    unknown = [_pair_rank(held.lines, encode, one, other) for one, other in _rings(KEPT_OUT)]
    known = [_pair_rank(held.lines, encode, one, other) for one, other in _rings(KNOWN)]
    return {
        "unknown": float(np.mean(unknown)),
        "known": float(np.mean(known)),
        "groups": _group_rank(list(held.groups.values()), encode),
    }


def _rings(names: Sequence[str]) -> list[tuple[str, str]]:
    return [(name, names[(i + 1) % len(names)]) for i, name in enumerate(names)]


def _pair_rank(lines: Sequence[Texts], encode: Encode, one: str, other: str) -> float:
    asked, answers = encode([line[one] for line in lines]), encode([line[other] for line in lines])
    return _reciprocal(asked, np.concatenate([answers, asked]))


def _group_rank(groups: Sequence[Sequence[Texts]], encode: Encode) -> float:
    asked = encode(["; ".join(title["zh"] for title in group[:ASKING]) for group in groups])
    answers = encode(["; ".join(title["en"] for title in group[ASKING : ASKING + 6]) for group in groups])
    return _reciprocal(asked, np.concatenate([answers, asked]))


def _reciprocal(asked: Vectors, pool: Vectors) -> float:
    """Row i of the pool is the answer to row i; whoever asks stands in the second half of the pool."""
    scores = asked @ pool.T
    own = np.arange(len(asked))
    scores[own, own + len(asked)] = -np.inf
    ranks = (scores > scores[own, own][:, None]).sum(axis=1) + 1
    return float((1 / ranks).mean())
