import numpy as np
import pytest

from embeddings.encoders.hashing import HashingEncoder


def test_the_same_text_has_the_same_unit_vector_every_time() -> None:
    texts = ["Drilling robot for coal mines", "矿山钻孔机器人", "", "🚁"]
    vectors = HashingEncoder(64).encode_passages(texts)
    np.testing.assert_array_equal(vectors, HashingEncoder(64).encode_queries(texts))
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert (vectors.dtype, vectors.shape) == (np.float32, (4, 64))


def test_shared_words_make_texts_similar_whatever_their_case_and_accents() -> None:
    encode = HashingEncoder().encode_passages
    drill, same, other = encode(["Drilling robot for mines", "mines: ROBÔT drilling", "Potato breeding institute"])
    assert drill @ same > 0.8
    assert drill @ other < 0.3


def test_chinese_texts_share_pairs_of_characters() -> None:
    mine, robot, film = HashingEncoder().encode_passages(["矿山机器人", "矿山钻孔机器人", "可降解薄膜"])
    assert mine @ robot > 0.6
    assert mine @ film < 0.3


def test_no_texts_make_no_rows_and_each_text_is_reported() -> None:
    encoder = HashingEncoder(8)
    assert (encoder.name, encoder.encode_passages([]).shape) == ("hashing-8", (0, 8))
    said: list[tuple[int, int]] = []
    encoder.encode_queries(["a", "b"], progress=lambda done, total: said.append((done, total)))
    assert said == [(1, 2), (2, 2)]


def test_an_encoder_without_dimensions_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one dimension"):
        HashingEncoder(0)
