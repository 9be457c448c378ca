"""Both indexes keep one contract: exact rows and scores, ties by row, filters before the cut."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.encoders.base import Vectors, unit_rows
from embeddings.index.base import Keep, Rows, Scores, VectorIndex
from embeddings.index.faiss import FaissIndex
from embeddings.index.flat import FlatIndex

Build = Callable[[Vectors], VectorIndex]
BUILDS = pytest.mark.parametrize("build", [FlatIndex, FaissIndex.build], ids=["flat", "faiss"])


def drawn(count: int, dim: int, seed: int) -> Vectors:
    """Unit rows that half precision holds as they are, so that both indexes compare the same numbers."""
    rows = unit_rows(np.random.default_rng(seed).standard_normal((count, dim)).astype(np.float32))
    return rows.astype(np.float16).astype(np.float32)


def brute_force(vectors: Vectors, queries: Vectors, k: int, keep: Keep | None = None) -> tuple[Scores, Rows]:
    """The contract in plain Python: best first, equal scores by lower row, padded with -1."""
    kept = range(len(vectors)) if keep is None else np.flatnonzero(keep).tolist()
    scores, rows = [], []
    for query in queries:
        ranked = sorted((-float(query @ vectors[row]), row) for row in kept)[:k]
        missing = k - len(ranked)
        scores.append([-score for score, _ in ranked] + [-np.inf] * missing)
        rows.append([row for _, row in ranked] + [-1] * missing)
    return np.array(scores, dtype=np.float32).reshape(-1, k), np.array(rows, dtype=np.int64).reshape(-1, k)


def same(found: tuple[Scores, Rows], wanted: tuple[Scores, Rows]) -> None:
    np.testing.assert_array_equal(found[1], wanted[1])
    np.testing.assert_allclose(found[0], wanted[0], atol=1e-3)
    assert found[1].dtype == np.int64


@BUILDS
def test_the_best_rows_come_first_with_their_scores(build: Build) -> None:
    vectors, queries = drawn(700, 48, seed=1), drawn(5, 48, seed=2)
    index = build(vectors)
    assert (index.count, index.dim) == (700, 48)
    same(index.search(queries, 20), brute_force(vectors, queries, 20))


@BUILDS
@pytest.mark.parametrize("place", [slice(0, 300), slice(299, 300), slice(10, 290)])
def test_a_part_answers_as_an_index_of_its_rows_alone(build: Build, place: slice) -> None:
    vectors, queries = drawn(300, 24, seed=6), drawn(3, 24, seed=7)
    part = build(vectors).part(place)  # the whole is held by nobody but its part
    own = vectors[place]
    keep = np.random.default_rng(8).random(len(own)) < 0.5
    assert (part.count, part.dim) == own.shape
    same(part.search(queries, 9), brute_force(own, queries, 9))
    same(part.search(queries, 9, keep=keep), brute_force(own, queries, 9, keep))
    np.testing.assert_array_equal(part.vectors(np.arange(len(own))), own)
    np.testing.assert_array_equal(part.part(slice(0, 1)).vectors(np.zeros(1, dtype=np.int64)), own[:1])


@BUILDS
@pytest.mark.parametrize("share", [0.5, 0.1, 0.01, 0.001])
def test_a_filter_is_applied_before_the_cut(build: Build, share: float) -> None:
    vectors, queries = drawn(3000, 16, seed=3), drawn(3, 16, seed=4)
    keep = np.random.default_rng(5).random(3000) < share
    keep[[17, 2999]] = True
    same(build(vectors).search(queries, 25, keep=keep), brute_force(vectors, queries, 25, keep))


@BUILDS
@pytest.mark.parametrize("share", [0.5, 0.1, 0.01, 0.001])
def test_as_many_rows_come_back_as_are_kept(build: Build, share: float) -> None:
    keep = np.zeros(3000, dtype=bool)
    keep[np.random.default_rng(6).choice(3000, size=int(3000 * share), replace=False)] = True
    _, rows = build(drawn(3000, 16, seed=7)).search(drawn(2, 16, seed=8), int(keep.sum()), keep=keep)
    for found in rows:
        assert sorted(found.tolist()) == np.flatnonzero(keep).tolist()


@BUILDS
@pytest.mark.parametrize("copies", [2, 30, 400])
def test_equal_scores_are_ordered_by_row_however_many_there_are(build: Build, copies: int) -> None:
    best, middle = np.eye(8, dtype=np.float32)[0], np.array([0.5, 0.5, 0.5, 0.5, 0, 0, 0, 0], dtype=np.float32)
    vectors = np.concatenate([np.tile(middle, (copies, 1)), best[None], np.tile(middle, (copies, 1)), best[None]])
    _, rows = build(vectors).search(best[None], 5)
    ties = [row for row in range(len(vectors)) if row not in {copies, 2 * copies + 1}]
    assert rows[0].tolist() == [copies, 2 * copies + 1, *ties[:3]]


@settings(deadline=None, max_examples=60, derandomize=True)
@given(data=st.data())
def test_both_indexes_agree_to_the_row_where_arithmetic_is_exact(data: st.DataObject) -> None:
    count, dim, k = data.draw(st.integers(0, 40)), data.draw(st.integers(1, 9)), data.draw(st.integers(1, 45))
    seed = data.draw(st.integers(0, 2**32 - 1))
    random = np.random.default_rng(seed)
    # Small whole numbers: every sum is exact in both indexes, and ties are everywhere.
    vectors = random.integers(-2, 3, (count, dim)).astype(np.float32)
    queries = random.integers(-2, 3, (3, dim)).astype(np.float32)
    keep = random.random(count) < data.draw(st.sampled_from([0.0, 0.2, 0.7, 1.0]))
    for filtered in (None, keep):
        wanted = brute_force(vectors, queries, k, filtered)
        same(FlatIndex(vectors).search(queries, k, keep=filtered), wanted)
        same(FaissIndex.build(vectors).search(queries, k, keep=filtered), wanted)


@BUILDS
def test_an_empty_index_finds_nothing(build: Build) -> None:
    index = build(np.empty((0, 4), dtype=np.float32))
    assert index.count == 0
    for keep in (None, np.zeros(0, dtype=bool)):
        scores, rows = index.search(drawn(2, 4, seed=9), 3, keep=keep)
        assert rows.tolist() == [[-1] * 3] * 2
        assert np.isneginf(scores).all()
    assert index.vectors(np.empty(0, dtype=np.int64)).shape == (0, 4)


@BUILDS
def test_keeping_nothing_finds_nothing(build: Build) -> None:
    scores, rows = build(drawn(50, 4, seed=10)).search(drawn(1, 4, seed=11), 3, keep=np.zeros(50, dtype=bool))
    assert rows.tolist() == [[-1, -1, -1]]
    assert np.isneginf(scores).all()


@BUILDS
def test_more_rows_than_there_are_is_padded(build: Build) -> None:
    scores, rows = build(drawn(2, 4, seed=12)).search(drawn(1, 4, seed=13), 5)
    assert sorted(rows[0, :2].tolist()) == [0, 1]
    assert rows[0, 2:].tolist() == [-1, -1, -1]
    assert np.isneginf(scores[0, 2:]).all()


@BUILDS
def test_no_queries_have_no_answers(build: Build) -> None:
    scores, rows = build(drawn(9, 4, seed=14)).search(np.empty((0, 4), dtype=np.float32), 3)
    assert scores.shape == rows.shape == (0, 3)


@BUILDS
def test_stored_vectors_come_back_in_the_order_asked_for(build: Build) -> None:
    vectors = drawn(30, 12, seed=15)
    found = build(vectors).vectors(np.array([29, 0, 7, 7]))
    np.testing.assert_array_equal(found, vectors[[29, 0, 7, 7]])


def test_a_saved_index_answers_as_before_and_is_mapped_from_its_file(tmp_path: Path) -> None:
    path, vectors = tmp_path / "rows.faiss", drawn(20_000, 64, seed=16)
    index = FaissIndex.build(vectors)
    index.save(path)
    loaded = FaissIndex.load(path)
    queries, keep = drawn(3, 64, seed=17), np.arange(20_000) % 7 == 0
    same(loaded.search(queries, 10, keep=keep), index.search(queries, 10, keep=keep))
    assert (loaded.count, loaded.dim) == (20_000, 64)
    maps = Path("/proc/self/maps")
    if maps.exists():
        assert str(path) in maps.read_text()


def test_an_empty_index_can_be_saved_and_mapped(tmp_path: Path) -> None:
    FaissIndex.build(np.empty((0, 8), dtype=np.float32)).save(tmp_path / "empty.faiss")
    loaded = FaissIndex.load(tmp_path / "empty.faiss")
    assert (loaded.count, loaded.dim) == (0, 8)
    assert loaded.search(drawn(1, 8, seed=18), 2)[1].tolist() == [[-1, -1]]


@pytest.mark.parametrize("content", [b"", b"not an index", b"IxSQ" + b"\x00" * 40])
def test_a_file_that_is_no_index_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "strange.faiss"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"strange\.faiss"):
        FaissIndex.load(path)


def test_threads_search_while_indexes_are_built_mapped_and_swapped(tmp_path: Path) -> None:
    queries = drawn(4, 32, seed=19)
    generations = [drawn(800, 32, seed=20 + number) for number in range(4)]
    wanted = [brute_force(vectors, queries, 10)[1] for vectors in generations]
    # One attribute is replaced as a whole, as the product does with its view.
    current: list[tuple[int, VectorIndex]] = [(0, FaissIndex.build(generations[0]))]

    def search() -> int:
        seen = 0
        for _ in range(120):
            number, index = current[0]
            np.testing.assert_array_equal(index.search(queries, 10)[1], wanted[number])
            seen += 1
        return seen

    def swap(worker: int) -> int:
        for step in range(24):
            number = step % len(generations)
            made = FaissIndex.build(generations[number])
            path = tmp_path / f"{worker}-{step}.faiss"
            made.save(path)
            current[0] = (number, FaissIndex.load(path) if step % 2 else made)
            path.unlink()  # whoever maps an old file keeps it
        return 24

    with ThreadPoolExecutor(6) as threads:
        searches = [threads.submit(search) for _ in range(4)]
        swaps = [threads.submit(swap, worker) for worker in range(2)]
        assert [job.result() for job in searches] == [120] * 4
        assert [job.result() for job in swaps] == [24] * 2
