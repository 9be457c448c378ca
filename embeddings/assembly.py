"""Make a pool from raw vectors, and carry its main layer to the disk and back."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from embeddings import store
from embeddings.encoders.base import Vectors
from embeddings.encoders.ensemble import Block
from embeddings.fairness import UNKNOWN, Correction, Reference, fit, unit_blocks
from embeddings.index.base import VectorIndex
from embeddings.index.faiss import FaissIndex
from embeddings.index.flat import FlatIndex
from embeddings.layers import Language, Layer, Rows
from embeddings.pool import ALL, SAMPLE, Pool

# How a block for every language is written in a snapshot.
EVERY = "*"

Build = Callable[[Vectors], VectorIndex]


def pool_of(
    rows: Rows,
    known: Reference,
    blocks: tuple[Block, ...] | None = None,
    *,
    build: Build = FlatIndex,
    means: bool = True,
) -> Pool:
    """A pool with one layer over these rows, fitted to them; `blocks` are the encoder's, one if not given.

    Without `means` every text loses the mean of all instead of its language's: an ablation.
    """
    correction = fit(rows.vectors, rows.languages, known, blocks)
    if not means:
        correction = Correction({UNKNOWN: correction.means[UNKNOWN]}, correction.blocks)
    names = tuple(sorted(set(rows.languages)))
    layer = layer_of(rows, correction, names, build=build)
    return Pool(correction, names, _usual(layer), (layer,))


def with_layer(pool: Pool, rows: Rows) -> Pool:
    """The pool's first layer, and these newer rows under the same correction."""
    names = tuple([*pool.names, *sorted(set(rows.languages) - set(pool.names))])
    return Pool(pool.correction, names, pool.usual, (pool.layers[0], layer_of(rows, pool.correction, names)))


def beside(pool: Pool, rows: Rows) -> Pool:
    """A pool of these rows alone, under the same correction."""
    names = tuple(sorted(set(rows.languages)))
    return Pool(pool.correction, names, pool.usual, (layer_of(rows, pool.correction, names),))


def joined(pool: Pool, other: Pool) -> Pool:
    """The layers of both; `other` was made under the same correction, and what is usual stays the first one's."""
    names = tuple([*pool.names, *(name for name in other.names if name not in pool.names)])
    codes = np.array([names.index(name) for name in other.names], dtype=np.int32)
    layers = (replace(layer, languages=codes[layer.languages]) for layer in other.layers)
    return Pool(pool.correction, names, pool.usual, (*pool.layers, *layers))


def layer_of(rows: Rows, correction: Correction, names: tuple[str, ...], *, build: Build = FlatIndex) -> Layer:
    """Searchable rows: passages grouped by language and document, and the mean of each group."""
    order = {name: code for code, name in enumerate(names)}
    codes = np.array([order[language] for language in rows.languages], dtype=np.int32)
    sorting = np.lexsort((rows.passages, rows.owners, codes))
    owners, codes = rows.owners[sorting], codes[sorting]
    fair = correction.apply(rows.vectors[sorting], [rows.languages[i] for i in sorting])
    first = np.ones(len(owners), dtype=bool)
    first[1:] = (owners[1:] != owners[:-1]) | (codes[1:] != codes[:-1])
    starts = np.flatnonzero(first)
    wholes = unit_blocks(np.add.reduceat(fair, starts, axis=0), correction.blocks) if len(starts) else fair
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
    blocks = pool.correction.blocks
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
        "usual_lengths": np.array([len(pool.usual[code].sample) for code in usual], dtype=np.int64),
        "usual_samples": np.concatenate([pool.usual[code].sample for code in usual]).astype(np.float16),
        "block_ends": np.array([[block.start, block.stop] for block in blocks], dtype=np.int64),
        "block_shares": np.array([block.share for block in blocks]),
        "block_languages": np.array([EVERY if b.languages is None else ",".join(sorted(b.languages)) for b in blocks]),
    }
    counts = {name: len(rows) for name, rows in vectors.items()}
    manifest = store.Manifest(encoder=encoder, dim=layer.wholes.dim, counts=counts, watermark=watermark)
    return store.save(folder, manifest, vectors, arrays)


def load(folder: Path, *, encoder: str, checksum: str) -> tuple[Pool, store.Manifest]:
    """Map a saved pool; raises store.UnfitSnapshot."""
    manifest, indexes, arrays = store.load(folder, encoder=encoder, checksum=checksum)
    try:
        return _pool(indexes, arrays), manifest
    except (KeyError, ValueError) as error:
        raise store.UnfitSnapshot(f"snapshot {folder.name} is not laid out as this version does: {error}") from error


def _pool(indexes: Mapping[str, FaissIndex], arrays: Mapping[str, NDArray[np.generic]]) -> Pool:
    blocks = tuple(
        Block(int(ends[0]), int(ends[1]), float(share), None if known == EVERY else frozenset(str(known).split(",")))
        for ends, share, known in zip(
            arrays["block_ends"], arrays["block_shares"], arrays["block_languages"], strict=True
        )
    )
    correction = Correction(dict(zip(map(str, arrays["mean_names"]), arrays["means"], strict=True)), blocks)
    samples = np.split(arrays["usual_samples"].astype(np.float32), np.cumsum(arrays["usual_lengths"])[:-1])
    usual = {
        int(code): Language(int(count), sample)
        for code, count, sample in zip(arrays["usual_codes"], arrays["usual_counts"], samples, strict=True)
    }
    layer = Layer(
        wholes=indexes["wholes"],
        owners=arrays["owners"].astype(np.int64),
        languages=arrays["languages"].astype(np.int32),
        starts=arrays["starts"].astype(np.int64),
        passages=indexes["passages"],
        passage_ids=arrays["passage_ids"].astype(np.int64),
    )
    layer.parts  # noqa: B018  (raises where an older version has laid the rows out otherwise)
    return Pool(correction, tuple(map(str, arrays["names"])), usual, (layer,))


def _usual(layer: Layer) -> dict[int, Language]:
    """A sample of the rows of each language, and of all together."""
    found = {ALL: _sample(layer, np.arange(layer.wholes.count, dtype=np.int64))}
    for code in np.unique(layer.languages).tolist():
        found[code] = _sample(layer, np.flatnonzero(layer.languages == code).astype(np.int64))
    return found


def _sample(layer: Layer, rows: NDArray[np.int64]) -> Language:
    drawn = rows[np.linspace(0, len(rows) - 1, min(SAMPLE, len(rows)), dtype=np.int64)] if len(rows) else rows
    # As it will be read back from a snapshot, so that saving changes no answer.
    return Language(len(rows), layer.wholes.vectors(drawn).astype(np.float16).astype(np.float32))
