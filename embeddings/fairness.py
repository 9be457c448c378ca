"""Take language out of vectors and scores, so that a document competes on what it says.

Multilingual vectors of one language share a direction: plain cosine puts the reader's own language first, whatever
it says. Three steps undo it. (1) Each language's mean vector is taken away. The mean of the corpus itself would do if
every language had enough documents; parallel sentences, which say the same in 54 languages, stand in for the rest.
(2) Directions in which translations of the same sentence still differ are damped (within-class covariance
normalisation, Hatch et al. 2006; the classes are sentences). (3) A score counts by how far it stands out from the best
scores of its own language (adaptive score normalisation as in speaker recognition), see pool.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from embeddings.encoders.base import Vectors, unit_rows

# A language's own mean counts n / (n + SHRINK) for n documents; any value from 5 to 20 did as well on other data.
SHRINK = 20.0
# The mean of a language that nobody knows.
UNKNOWN = ""


@dataclass(frozen=True)
class Reference:
    """Numbers derived from parallel texts for one encoder; see reference/README.md for their provenance."""

    means: Mapping[str, Vectors] = field(default_factory=dict)
    # (dim, dim), or None where nothing is known of this encoder.
    damping: NDArray[np.float32] | None = None


@cache
def reference(encoder: str) -> Reference:
    """The shipped reference of an encoder; an empty one for an encoder without."""
    path = resources.files("embeddings").joinpath("reference", f"{encoder}.npz")
    if not path.is_file():
        return Reference()
    with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        means = {name.removeprefix("mean:"): arrays[name] for name in arrays.files if name.startswith("mean:")}
        damping = arrays["damping"].astype(np.float32) if "damping" in arrays.files else None
    return Reference({lang: mean.astype(np.float32) for lang, mean in means.items()}, damping)


@dataclass(frozen=True)
class Correction:
    """What is done to every raw vector before it is compared; fitted once for a generation of the index."""

    means: Mapping[str, Vectors]
    damping: NDArray[np.float32] | None = None

    def apply(self, vectors: Vectors, languages: Sequence[str]) -> Vectors:
        """Unit rows without their language; a language that nobody knows loses the mean of all."""
        if len(vectors) == 0:
            return vectors.astype(np.float32)
        unknown = self.means[UNKNOWN]
        fair = vectors - np.stack([self.means.get(language, unknown) for language in languages])
        return unit_rows((fair if self.damping is None else fair @ self.damping).astype(np.float32))


def fit(vectors: Vectors, languages: Sequence[str], known: Reference) -> Correction:
    """Means of a corpus of raw vectors (n, dim), shrunk towards the reference moved by the corpus's own offset."""
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
    return Correction(means, known.damping)


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
