"""Take language out of vectors and scores, so that a document competes on what it says.

Multilingual vectors of one language share a direction: plain cosine puts the reader's own language first, whatever
it says. Two steps undo it. (1) Each language's mean vector is taken away. The mean of the corpus itself would do if
every language had enough documents; parallel sentences, which say the same in 54 languages, stand in for the rest.
(2) A score counts by how far it stands out from the best scores of its own language (adaptive score normalisation, as
in speaker recognition), see pool.py. Damping the directions in which translations differ (within-class covariance
normalisation) helped on some data and hurt on other, so it was left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

import numpy as np

from embeddings.encoders.base import Vectors
from embeddings.encoders.ensemble import Block

# A language's own mean counts n / (n + SHRINK) for n documents; any value from 5 to 20 did as well on other data.
SHRINK = 20.0
# What is shorter is what rounding leaves where a text was all that the mean was made of; it has no direction.
LEAST_LENGTH = 1e-4
# The mean of a language that nobody knows.
UNKNOWN = ""


@dataclass(frozen=True)
class Reference:
    """Numbers derived from parallel texts for one encoder; see reference/README.md for their provenance."""

    means: Mapping[str, Vectors] = field(default_factory=dict)


@cache
def reference(encoder: str) -> Reference:
    """The shipped reference of an encoder; an empty one for an encoder without.

    An ensemble's is its members' side by side: zeros where a member does not know a language, which is as good as
    anything, since its block is not looked at then.
    """
    members = [_shipped(name) for name in encoder.split("+")]
    if not all(members):
        return Reference()
    empty = [np.zeros_like(next(iter(member.values()))) for member in members]
    means: dict[str, Vectors] = {}
    for language in members[0]:
        parts = [member.get(language, nothing) for member, nothing in zip(members, empty, strict=True)]
        means[language] = (np.concatenate(parts) / len(members) ** 0.5).astype(np.float32)
    return Reference(means)


def _shipped(encoder: str) -> dict[str, Vectors]:
    path = resources.files("embeddings").joinpath("reference", f"{encoder}.npz")
    if not path.is_file():
        return {}
    with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        names = (name for name in arrays.files if name.startswith("mean:"))
        return {name.removeprefix("mean:"): arrays[name].astype(np.float32) for name in names}


@dataclass(frozen=True)
class Correction:
    """What is done to every raw vector before it is compared; fitted once for a generation of the index."""

    means: Mapping[str, Vectors]
    blocks: tuple[Block, ...]

    def apply(self, vectors: Vectors, languages: Sequence[str]) -> Vectors:
        """Vectors without their language: each block a unit vector, or zeros where its encoder knows no such language.

        A language that nobody knows loses the mean of all.
        """
        if len(vectors) == 0:
            return vectors.astype(np.float32)
        unknown = self.means[UNKNOWN]
        fair = vectors - np.stack([self.means.get(language, unknown) for language in languages])
        for block in self.blocks:
            if block.languages is not None:
                fair[[language not in block.languages for language in languages], block.start : block.stop] = 0
        return unit_blocks(fair.astype(np.float32), self.blocks)

    def weights(self, one: Vectors, language: str) -> Vectors:
        """How much each dimension (dim,) counts between a corrected vector and documents of a language.

        Shares are handed out among the blocks that speak for both, so that similarities stay comparable.
        """
        shares = np.array(
            [
                block.share
                if block.languages is None
                or (language in block.languages and bool(one[block.start : block.stop].any()))
                else 0.0
                for block in self.blocks
            ]
        )
        widths = [block.stop - block.start for block in self.blocks]
        found: Vectors = np.repeat(shares / shares.sum(), widths).astype(np.float32)
        return found


def unit_blocks(vectors: Vectors, blocks: Sequence[Block]) -> Vectors:
    """The same rows with every block scaled to length 1; a block of zeros, or of mere rounding, becomes zeros."""
    found = np.zeros_like(vectors)
    for block in blocks:
        part = vectors[:, block.start : block.stop]
        norms = np.linalg.norm(part, axis=1, keepdims=True)
        np.divide(part, norms, out=found[:, block.start : block.stop], where=norms > LEAST_LENGTH)
    return found


def fit(
    vectors: Vectors, languages: Sequence[str], known: Reference, blocks: tuple[Block, ...] | None = None
) -> Correction:
    """Means of a corpus of raw vectors (n, dim), shrunk towards the reference moved by the corpus's own offset.

    Of a fair encoder's block the mean of all is taken from every language: what its languages still differ in is what
    they speak of.
    """
    names, codes = np.unique(np.array(languages, dtype=str), return_inverse=True)
    counts = np.bincount(codes, minlength=len(names))
    dim = vectors.shape[1]
    everything = vectors.mean(axis=0) if len(vectors) else _mean(list(known.means.values()), dim)
    own = {str(name): vectors[codes == i].mean(axis=0) for i, name in enumerate(names)}
    offset = _offset(own, dict(zip(map(str, names), counts, strict=True)), known, dim)
    means = {UNKNOWN: everything.astype(np.float32)}
    for language in {*own, *known.means}:
        prior = known.means[language] + offset if language in known.means else everything
        count = int(counts[names == language].sum())
        weight = count / (count + SHRINK)
        means[language] = (weight * own.get(language, prior) + (1 - weight) * prior).astype(np.float32)
    for block in blocks or ():
        if block.fair:
            part = slice(block.start, block.stop)
            for mean in means.values():
                mean[part] = means[UNKNOWN][part]
    return Correction(means, blocks or (Block(0, dim),))


def _offset(own: Mapping[str, Vectors], counts: Mapping[str, int], known: Reference, dim: int) -> Vectors:
    """How the corpus differs from the reference in languages that both have, weighted by documents."""
    shared = [language for language in own if language in known.means]
    total = sum(counts[language] for language in shared)
    if not total:
        return np.zeros(dim, dtype=np.float32)
    found: Vectors = sum(
        ((own[lang] - known.means[lang]) * (counts[lang] / total) for lang in shared), np.zeros(dim, dtype=np.float32)
    )
    return found


def _mean(vectors: list[Vectors], dim: int) -> Vectors:
    found: Vectors = np.mean(vectors, axis=0) if vectors else np.zeros(dim, dtype=np.float32)
    return found
