"""Make a pool from raw vectors, and carry its main layer to the disk and back."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from embeddings import store
from embeddings.encoders.base import Vectors, unit_rows
from embeddings.fairness import Correction, Reference, fit
from embeddings.index.base import VectorIndex
from embeddings.index.faiss import FaissIndex
from embeddings.index.flat import FlatIndex
from embeddings.pool import SPREAD_SHRINK, Language, Layer, Pool, Rows

Build = Callable[[Vectors], VectorIndex]


def pool_of(rows: Rows, known: Reference, *, build: Build = FlatIndex) -> Pool:
    """A pool with one layer over these rows, fitted to them."""
    correction = fit(rows.vectors, rows.languages, known)
    names = tuple(sorted(set(rows.languages)))
    layer = layer_of(rows, correction, names, build=build)
    return Pool(correction, names, _usual(layer), (layer,))


def with_layer(pool: Pool, rows: Rows) -> Pool:
    """The pool's first layer, and these newer rows under the same correction."""
    names = tuple([*pool.names, *sorted(set(rows.languages) - set(pool.names))])
    return Pool(pool.correction, names, pool.usual, (pool.layers[0], layer_of(rows, pool.correction, names)))


def layer_of(rows: Rows, correction: Correction, names: tuple[str, ...], *, build: Build = FlatIndex) -> Layer:
    """Searchable rows: passages grouped by document and language, and the mean of each group."""
    order = {name: code for code, name in enumerate(names)}
    codes = np.array([order[language] for language in rows.languages], dtype=np.int32)
    sorting = np.lexsort((rows.passages, codes, rows.owners))
    owners, codes = rows.owners[sorting], codes[sorting]
    fair = correction.apply(rows.vectors[sorting], [rows.languages[i] for i in sorting])
    first = np.ones(len(owners), dtype=bool)
    first[1:] = (owners[1:] != owners[:-1]) | (codes[1:] != codes[:-1])
    starts = np.flatnonzero(first)
    wholes = unit_rows(np.add.reduceat(fair, starts, axis=0)) if len(starts) else fair
    return Layer(
        wholes=build(wholes),
        owners=owners[starts],
        languages=codes[starts],
        starts=np.append(starts, len(owners)).astype(np.int64),
        passages=build(fair),
        passage_ids=rows.passages[sorting],
    )


def save(folder: Path, pool: Pool, *, encoder: str, watermark: int) -> store.Manifest:
    """Write the pool's first layer and everything that was fitted to it."""
    layer = pool.layers[0]
    vectors = {
        name: index.vectors(np.arange(index.count, dtype=np.int64))
        for name, index in (("wholes", layer.wholes), ("passages", layer.passages))
    }
    means = sorted(pool.correction.means)
    usual = sorted(pool.usual)
    damping = pool.correction.damping
    arrays: dict[str, NDArray[np.generic]] = {
        "owners": layer.owners,
        "languages": layer.languages,
        "starts": layer.starts,
        "passage_ids": layer.passage_ids,
        "names": np.array(pool.names, dtype=np.str_),
        "mean_names": np.array(means, dtype=np.str_),
        "means": np.stack([pool.correction.means[name] for name in means]),
        "usual_codes": np.array(usual, dtype=np.int32),
        "usual_counts": np.array([pool.usual[code].count for code in usual], dtype=np.int64),
        "usual_means": np.stack([pool.usual[code].mean for code in usual]),
        "usual_covariances": np.stack([pool.usual[code].covariance for code in usual]),
        "damping": np.empty((0, 0), dtype=np.float32) if damping is None else damping,
    }
    counts = {name: len(rows) for name, rows in vectors.items()}
    manifest = store.Manifest(encoder=encoder, dim=layer.wholes.dim, counts=counts, watermark=watermark)
    return store.save(folder, manifest, vectors, arrays)


def load(folder: Path, *, encoder: str, checksum: str) -> tuple[Pool, store.Manifest]:
    """Map a saved pool; raises store.UnfitSnapshot."""
    manifest, indexes, arrays = store.load(folder, encoder=encoder, checksum=checksum)
    return _pool(indexes, arrays), manifest


def _pool(indexes: Mapping[str, FaissIndex], arrays: Mapping[str, NDArray[np.generic]]) -> Pool:
    damping = arrays["damping"]
    correction = Correction(
        dict(zip(map(str, arrays["mean_names"]), arrays["means"], strict=True)),
        damping.astype(np.float32) if damping.size else None,
    )
    usual = {
        int(code): Language(int(count), mean, covariance)
        for code, count, mean, covariance in zip(
            arrays["usual_codes"],
            arrays["usual_counts"],
            arrays["usual_means"],
            arrays["usual_covariances"],
            strict=True,
        )
    }
    layer = Layer(
        wholes=indexes["wholes"],
        owners=arrays["owners"].astype(np.int64),
        languages=arrays["languages"].astype(np.int32),
        starts=arrays["starts"].astype(np.int64),
        passages=indexes["passages"],
        passage_ids=arrays["passage_ids"].astype(np.int64),
    )
    return Pool(correction, tuple(map(str, arrays["names"])), usual, (layer,))


def _usual(layer: Layer) -> dict[int, Language]:
    """Mean and covariance per language, shrunk towards those of all; -1 stands for a language without rows."""
    wholes = layer.wholes.vectors(np.arange(layer.wholes.count, dtype=np.int64))
    everything = _moments(wholes)
    found = {-1: everything}
    for code in np.unique(layer.languages).tolist():
        own = _moments(wholes[layer.languages == code])
        weight = own.count / (own.count + SPREAD_SHRINK)
        found[code] = Language(
            own.count,
            (weight * own.mean + (1 - weight) * everything.mean).astype(np.float32),
            (weight * own.covariance + (1 - weight) * everything.covariance).astype(np.float32),
        )
    return found


def _moments(vectors: Vectors) -> Language:
    dim = vectors.shape[1]
    if len(vectors) == 0:
        # An empty pool: any direction is as likely as any other.
        return Language(0, np.zeros(dim, dtype=np.float32), (np.eye(dim) / dim).astype(np.float32))
    mean = vectors.mean(axis=0)
    centred = vectors - mean
    return Language(len(vectors), mean, (centred.T @ centred / len(vectors)).astype(np.float32))
