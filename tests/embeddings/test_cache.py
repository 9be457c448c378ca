from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from embeddings import cache as cache_module
from embeddings.cache import VectorCache
from embeddings.encoders.base import Progress, Vectors
from embeddings.encoders.ensemble import Ensemble, Member
from embeddings.encoders.hashing import HashingEncoder


class CountingEncoder(HashingEncoder):
    """The hashing encoder, which also remembers what it was asked for and can break off like a machine does."""

    def __init__(self, dim: int = 16, *, breaks_after: int | None = None) -> None:
        super().__init__(dim)
        self.asked: list[str] = []
        self.breaks_after = breaks_after

    def encode_passages(self, texts: Sequence[str], *, progress: Progress | None = None) -> Vectors:
        if self.breaks_after is not None and len(self.asked) >= self.breaks_after:
            raise KeyboardInterrupt
        self.asked += texts
        return super().encode_passages(texts, progress=progress)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "vectors.db"


@pytest.fixture
def cache(path: Path) -> Iterator[VectorCache]:
    with VectorCache(path) as opened:
        yield opened


def test_each_text_is_encoded_once_and_answered_in_order(cache: VectorCache) -> None:
    encoder = CountingEncoder()
    texts = ["coal", "tea", "coal", "", "电池"]
    first = cache.encode(encoder, texts)
    np.testing.assert_allclose(first, HashingEncoder(16).encode_passages(texts), atol=1e-6)
    assert sorted(encoder.asked) == sorted(set(texts))
    again = cache.encode(encoder, [*texts, "kiwi"])
    np.testing.assert_array_equal(again[:-1], first)
    assert len(encoder.asked) == len(set(texts)) + 1


def test_what_was_encoded_before_an_interruption_is_kept(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_module, "CHUNK", 4)
    texts = [f"text {number}" for number in range(10)]
    with VectorCache(path) as cache, pytest.raises(KeyboardInterrupt):
        cache.encode(CountingEncoder(breaks_after=8), texts)
    encoder = CountingEncoder()
    with VectorCache(path) as cache:
        cache.encode(encoder, texts)
    assert len(encoder.asked) == 2


def test_encoders_do_not_share_vectors(cache: VectorCache) -> None:
    cache.encode(CountingEncoder(16), ["coal"])
    other = CountingEncoder(8)
    assert cache.encode(other, ["coal"]).shape == (1, 8)
    assert other.asked == ["coal"]


def test_vectors_of_another_dimension_under_the_same_name_are_refused(cache: VectorCache) -> None:
    cache.encode(CountingEncoder(16), ["coal"])
    liar = CountingEncoder(8)
    liar.name = "hashing-16"
    with pytest.raises(ValueError, match="another dimension"):
        cache.encode(liar, ["coal"])


def test_two_users_of_one_file_get_on(path: Path) -> None:
    texts = [f"text {number}" for number in range(600)]

    def use(_: int) -> Vectors:
        with VectorCache(path) as cache:
            return cache.encode(HashingEncoder(16), texts)

    with ThreadPoolExecutor(4) as pool:
        for vectors in pool.map(use, range(4)):
            np.testing.assert_allclose(vectors, HashingEncoder(16).encode_passages(texts), atol=1e-6)


def test_no_texts_are_no_rows_and_progress_starts_with_what_is_known(cache: VectorCache) -> None:
    encoder = CountingEncoder()
    assert cache.encode(encoder, []).shape == (0, 16)
    cache.encode(encoder, ["coal"])
    said: list[tuple[int, int]] = []
    cache.encode(encoder, ["coal", "tea"], progress=lambda done, total: said.append((done, total)))
    assert (said[0], said[-1]) == ((1, 2), (2, 2))


def test_exchanging_one_member_of_an_ensemble_encodes_nothing_again_with_the_others(cache: VectorCache) -> None:
    stays, goes, comes = CountingEncoder(16), CountingEncoder(8), CountingEncoder(32)
    texts = ["coal", "tea"]
    cache.encode(Ensemble((Member(goes, 0.5), Member(stays, 0.5))), texts)
    both = Ensemble((Member(comes, 0.5), Member(stays, 0.5)))
    found = cache.encode(both, texts)
    assert (len(stays.asked), len(goes.asked), len(comes.asked)) == (2, 2, 2)
    np.testing.assert_allclose(found, both.encode_passages(texts), atol=1e-6)
