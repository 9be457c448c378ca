from pathlib import Path

import numpy as np
import pytest

from embeddings.encoders.base import EncoderUnavailable
from embeddings.encoders.bundled import DEFAULT
from embeddings.encoders.ensemble import blocks_of
from embeddings.encoders.registry import former, open_encoder


@pytest.mark.parametrize(("spec", "name", "dim"), [("hashing", "hashing-256", 256), (" hashing-32 ", "hashing-32", 32)])
def test_the_hashing_encoder_is_opened_by_name_and_size(tmp_path: Path, spec: str, name: str, dim: int) -> None:
    encoder = open_encoder(spec, folder=tmp_path)
    assert (encoder.name, encoder.dim) == (name, dim)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("spec", ["", "   "])
def test_an_empty_name_is_refused(tmp_path: Path, spec: str) -> None:
    with pytest.raises(ValueError, match="empty"):
        open_encoder(spec, folder=tmp_path)


@pytest.mark.parametrize(
    "spec", ["hashing-0", "some-model-nobody-has", "somebody/some-model", "./no/such/folder", "a b"]
)
def test_a_model_that_is_not_here_is_one_clear_line(tmp_path: Path, spec: str) -> None:
    with pytest.raises(EncoderUnavailable) as caught:
        open_encoder(spec, folder=tmp_path)
    assert spec in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.encoder
def test_the_bundled_model_is_opened_from_the_folder_of_models(models: Path) -> None:
    encoder = open_encoder("bundled-e5", folder=models, threads=1)
    assert encoder.encode_queries(["coal"]).shape == (1, 384)


@pytest.mark.usefixtures("tiny_source")
@pytest.mark.parametrize(
    ("spec", "name"),
    [
        ("bundled-e5", DEFAULT.name),
        ("bundled", f"{DEFAULT.name}+use-multilingual-3"),
        ("bundled-e5-plain", "multilingual-e5-small-q4-int8-3"),
        ("bundled-plain", "multilingual-e5-small-q4-int8-3+use-multilingual-3"),
    ],
)
def test_a_bundled_encoder_is_opened_by_its_setting_and_by_the_name_of_its_vectors(
    tmp_path: Path, spec: str, name: str
) -> None:
    encoder = open_encoder(spec, folder=tmp_path, threads=1)
    assert encoder.name == name
    again = open_encoder(name, folder=tmp_path, threads=1)
    assert (again.name, blocks_of(again)) == (name, blocks_of(encoder))
    texts = ["drilling coal", "电池"]
    np.testing.assert_array_equal(again.encode_passages(texts), encoder.encode_passages(texts))


@pytest.mark.usefixtures("tiny_source")
def test_stored_vectors_are_compared_as_their_encoder_would(tmp_path: Path) -> None:
    for spec in ("bundled", "bundled-e5-plain", "hashing-32"):
        encoder = open_encoder(spec, folder=tmp_path, threads=1)
        kept = former(encoder.name, encoder.dim)
        assert (kept.name, kept.dim, blocks_of(kept)) == (encoder.name, encoder.dim, blocks_of(encoder))
        with pytest.raises(EncoderUnavailable, match="only vectors"):
            kept.encode_passages(["coal"])
        kept.opened = encoder
        np.testing.assert_array_equal(kept.encode_passages(["coal"]), encoder.encode_passages(["coal"]))
