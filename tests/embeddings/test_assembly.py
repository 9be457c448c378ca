"""A pool that was saved and mapped again is the same pool."""

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from embeddings import assembly, store
from embeddings.assembly import layer_of, pool_of
from embeddings.encoders.base import unit_rows
from embeddings.encoders.ensemble import Block
from embeddings.fairness import UNKNOWN, Reference
from embeddings.index.faiss import FaissIndex
from embeddings.layers import Layer, Rows
from embeddings.pool import Pool
from embeddings.store import UnfitSnapshot

RANDOM = np.random.default_rng(21)
DIM = 16


def drawn(owners: list[int], languages: list[str]) -> Rows:
    count = len(owners)
    vectors = unit_rows(RANDOM.standard_normal((count, DIM)).astype(np.float32))
    return Rows(np.array(owners, dtype=np.int64), languages, np.arange(count, dtype=np.int64) + 500, vectors)


@pytest.fixture
def rows() -> Rows:
    owners = [int(owner) for owner in RANDOM.integers(0, 40, 150)]
    return drawn(owners, RANDOM.choice(["de", "en", "zh"], 150).tolist())


def answers(pool: Pool, rows: Rows) -> list[tuple[int, float]]:
    market = [np.ones(layer.wholes.count, dtype=bool) for layer in pool.layers]
    found = pool.search(pool.seek(rows.vectors[:2], rows.languages[:2]), 20, market=market)
    return [(row.owner, row.standing) for row in found]


# A second encoder that knows two languages only.
TWO = (Block(0, 10, 0.6), Block(10, DIM, 0.4, frozenset({"de", "zh"})))


@pytest.mark.parametrize("blocks", [None, TWO], ids=["one encoder", "two encoders"])
def test_a_saved_pool_answers_as_before(tmp_path: Path, rows: Rows, blocks: tuple[Block, ...] | None) -> None:
    known = Reference({"fr": rows.vectors[0]})
    pool = pool_of(rows, known, blocks, build=FaissIndex.build)
    written = assembly.save(tmp_path / "at-9", pool, encoder="hashing-16", watermark=9)
    loaded, manifest = assembly.load(tmp_path / "at-9", encoder="hashing-16", checksum=written.checksum)
    assert (manifest.watermark, manifest.encoder, manifest.dim) == (9, "hashing-16", DIM)
    assert [owner for owner, _ in answers(loaded, rows)] == [owner for owner, _ in answers(pool, rows)]
    assert [s for _, s in answers(loaded, rows)] == pytest.approx([s for _, s in answers(pool, rows)], abs=1e-5)


def test_everything_that_was_fitted_is_saved(tmp_path: Path, rows: Rows) -> None:
    pool = pool_of(rows, Reference({"fr": rows.vectors[0]}), TWO)
    written = assembly.save(tmp_path / "at-9", pool, encoder="hashing-16", watermark=9)
    loaded, _ = assembly.load(tmp_path / "at-9", encoder="hashing-16", checksum=written.checksum)
    assert loaded.names == pool.names == ("de", "en", "zh")
    assert loaded.correction.means.keys() == pool.correction.means.keys() == {"de", "en", "fr", "zh", UNKNOWN}
    for lang, mean in pool.correction.means.items():
        np.testing.assert_array_equal(loaded.correction.means[lang], mean)
    assert loaded.correction.blocks == pool.correction.blocks == TWO
    assert loaded.usual.keys() == pool.usual.keys() == {-1, 0, 1, 2}
    for code, usual in pool.usual.items():
        assert loaded.usual[code].count == usual.count
        np.testing.assert_array_equal(loaded.usual[code].sample, usual.sample)
    for field in fields(Layer):
        before, after = getattr(pool.layers[0], field.name), getattr(loaded.layers[0], field.name)
        if isinstance(before, np.ndarray):
            np.testing.assert_array_equal(after, before)
            assert after.dtype == before.dtype


def test_an_empty_pool_can_be_saved(tmp_path: Path) -> None:
    pool = pool_of(drawn([], []), Reference())
    written = assembly.save(tmp_path / "at-0", pool, encoder="hashing-16", watermark=0)
    loaded, _ = assembly.load(tmp_path / "at-0", encoder="hashing-16", checksum=written.checksum)
    nothing = drawn([1], ["de"])
    assert answers(loaded, nothing) == answers(pool, nothing) == []
    assert assembly.with_layer(loaded, nothing).layers[1].owners.tolist() == [1]


def test_a_snapshot_that_is_laid_out_otherwise_is_refused(tmp_path: Path, rows: Rows) -> None:
    vectors = {"wholes": rows.vectors, "passages": rows.vectors}
    manifest = store.Manifest("hashing-16", DIM, dict.fromkeys(vectors, len(rows.vectors)), watermark=3)
    written = store.save(tmp_path / "at-3", manifest, vectors, {"owners": rows.owners})
    with pytest.raises(UnfitSnapshot, match="at-3"):
        assembly.load(tmp_path / "at-3", encoder="hashing-16", checksum=written.checksum)


def test_a_snapshot_of_another_encoder_is_refused(tmp_path: Path, rows: Rows) -> None:
    written = assembly.save(tmp_path / "at-9", pool_of(rows, Reference()), encoder="hashing-16", watermark=9)
    with pytest.raises(UnfitSnapshot):
        assembly.load(tmp_path / "at-9", encoder="bundled", checksum=written.checksum)


def test_passages_are_grouped_by_document_and_language_and_the_group_is_their_mean() -> None:
    rows = drawn([5, 2, 5, 5, 2], ["zh", "de", "de", "zh", "de"])
    pool = pool_of(rows, Reference())
    layer = pool.layers[0]
    assert layer.owners.tolist() == [2, 5, 5]
    assert [pool.names[code] for code in layer.languages] == ["de", "de", "zh"]
    assert layer.starts.tolist() == [0, 2, 3, 5]
    assert layer.passage_ids.tolist() == [501, 504, 502, 500, 503]
    fair = pool.correction.apply(rows.vectors, rows.languages)
    np.testing.assert_allclose(layer.passages.vectors(np.arange(5)), fair[[1, 4, 2, 0, 3]], atol=1e-6)
    wholes = unit_rows(np.stack([fair[[1, 4]].mean(axis=0), fair[2], fair[[0, 3]].mean(axis=0)]))
    np.testing.assert_allclose(layer.wholes.vectors(np.arange(3)), wholes, atol=1e-6)


def test_the_order_in_which_rows_are_read_changes_nothing(rows: Rows) -> None:
    order = RANDOM.permutation(len(rows.owners))
    shuffled = Rows(rows.owners[order], [rows.languages[i] for i in order], rows.passages[order], rows.vectors[order])
    pool = pool_of(rows, Reference())
    layers = [layer_of(each, pool.correction, pool.names) for each in (rows, shuffled)]
    for name in ("owners", "languages", "starts", "passage_ids"):
        np.testing.assert_array_equal(getattr(layers[0], name), getattr(layers[1], name))


def test_what_is_joined_is_found_beside_the_rest_and_leaves_the_first_pool_as_it_was():
    rng = np.random.default_rng(5)
    rows = some_rows(rng, 0, 40, ("de", "en"))
    other = some_rows(rng, 100, 12, ("aa", "en", "zh"))
    pool = assembly.pool_of(rows, Reference())
    beside = assembly.beside(pool, other)
    both = assembly.joined(pool, beside)
    assert both.names == ("de", "en", "aa", "zh")
    assert [both.names[code] for code in both.layers[1].languages] == [
        beside.names[code] for code in beside.layers[0].languages
    ]
    assert both.layers[0] is pool.layers[0]
    assert both.usual is pool.usual
    sought = both.seek(rng.normal(size=(2, rows.vectors.shape[1])).astype(np.float32), ["en", "en"])
    everything = [np.ones(len(layer.owners), dtype=bool) for layer in both.layers]
    found = {row.owner for row in both.search(sought, 100, market=everything)}
    assert found == {*rows.owners.tolist(), *other.owners.tolist()}


def some_rows(rng: np.random.Generator, first: int, count: int, languages: tuple[str, ...]) -> Rows:
    owners = first + np.arange(count, dtype=np.int64)
    names = [languages[number % len(languages)] for number in range(count)]
    return Rows(owners, names, owners * 10, rng.normal(size=(count, 16)).astype(np.float32))
