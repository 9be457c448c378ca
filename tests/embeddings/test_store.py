"""A snapshot is complete or absent, is checked before use, and is refused when it belongs to something else."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from embeddings import store
from embeddings.store import Manifest, UnfitSnapshot

RANDOM = np.random.default_rng(1)
VECTORS = {
    "wholes": RANDOM.standard_normal((40, 16)).astype(np.float16).astype(np.float32),
    "passages": RANDOM.standard_normal((90, 16)).astype(np.float16).astype(np.float32),
}
ARRAYS = {"owners": np.arange(40), "names": np.array(["de", "zh"], dtype=np.str_)}
MANIFEST = Manifest("hashing-16", 16, {"wholes": 40, "passages": 90}, watermark=7)
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "index" / "at-7"


def saved(folder: Path) -> str:
    return store.save(folder, MANIFEST, VECTORS, ARRAYS).checksum


def refusal(folder: Path, checksum: str, encoder: str = "hashing-16") -> str:
    """The one line with which a snapshot is refused."""
    with pytest.raises(UnfitSnapshot) as caught:
        store.load(folder, encoder=encoder, checksum=checksum)
    line = str(caught.value)
    assert "\n" not in line
    assert folder.name in line
    return line


def test_what_was_saved_is_loaded(folder: Path) -> None:
    written = store.save(folder, MANIFEST, VECTORS, ARRAYS)
    manifest, indexes, arrays = store.load(folder, encoder="hashing-16", checksum=written.checksum)
    assert manifest == written
    assert (manifest.encoder, manifest.dim, manifest.counts, manifest.watermark) == (
        "hashing-16", 16, {"wholes": 40, "passages": 90}, 7,
    )  # fmt: skip
    for name, rows in VECTORS.items():
        np.testing.assert_array_equal(indexes[name].vectors(np.arange(len(rows))), rows)
    assert arrays.keys() == ARRAYS.keys()
    for name, values in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], values)


def test_the_same_content_has_the_same_checksum_and_other_content_another(tmp_path: Path) -> None:
    assert saved(tmp_path / "one") == saved(tmp_path / "two")
    other = {**ARRAYS, "owners": np.arange(40) + 1}
    assert store.save(tmp_path / "three", MANIFEST, VECTORS, other).checksum != saved(tmp_path / "one")


@pytest.mark.parametrize(
    ("vectors", "arrays"),
    [
        ({**VECTORS, "wrong": np.zeros(3, dtype=np.float32)}, ARRAYS),
        (VECTORS, {**ARRAYS, "wrong": np.array([object()])}),
    ],
    ids=["between two indexes", "in the arrays"],
)
def test_an_error_while_saving_leaves_nothing_behind_and_the_old_snapshot_in_place(
    folder: Path, vectors: dict[str, np.ndarray], arrays: dict[str, np.ndarray]
) -> None:
    for before in ([], ["at-7"]):
        checksum = saved(folder) if before else ""
        with pytest.raises((ValueError, IndexError)):
            store.save(folder, MANIFEST, vectors, arrays)
        assert [path.name for path in folder.parent.iterdir()] == before
    assert store.load(folder, encoder="hashing-16", checksum=checksum)[0].checksum == checksum


def test_a_process_killed_while_saving_leaves_no_snapshot_and_its_remains_are_swept(folder: Path) -> None:
    snippet = """
import os, signal, sys
from pathlib import Path
import numpy as np
from embeddings import store

class Killed(dict):
    def items(self):
        yield "wholes", np.ones((4, 8), dtype=np.float32)
        os.kill(os.getpid(), signal.SIGKILL)

store.save(Path(sys.argv[1]), store.Manifest("hashing-8", 8, {"wholes": 4}, 0), Killed(), {})
"""
    done = subprocess.run([sys.executable, "-c", snippet, str(folder)], cwd=ROOT, check=False)
    assert done.returncode == -9
    assert not folder.exists()
    assert len(list(folder.parent.iterdir())) == 1
    assert "cannot be read" in refusal(folder, "any", encoder="hashing-8")
    store.sweep(folder.parent, keep=folder.name)
    assert list(folder.parent.iterdir()) == []


def test_a_folder_that_is_not_there_is_refused(folder: Path) -> None:
    assert "cannot be read" in refusal(folder, "any")


def test_another_encoder_is_refused(folder: Path) -> None:
    assert "something else" in refusal(folder, saved(folder), encoder="hashing-32")


def test_another_checksum_is_refused(folder: Path) -> None:
    saved(folder)
    assert "something else" in refusal(folder, "0" * 64)


def test_another_format_is_refused(folder: Path) -> None:
    checksum = saved(folder)
    path = folder / store.MANIFEST
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": store.FORMAT + 1}))
    assert "something else" in refusal(folder, checksum)


@pytest.mark.parametrize("name", ["wholes.faiss", "passages.faiss", store.ARRAYS])
@pytest.mark.parametrize("keep", [0, 0.5, 0.99])
def test_a_truncated_file_is_refused(folder: Path, name: str, keep: float) -> None:
    checksum = saved(folder)
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: int(len(content) * keep)])
    assert "damaged" in refusal(folder, checksum)


@pytest.mark.parametrize("name", ["wholes.faiss", "passages.faiss", store.ARRAYS])
def test_one_changed_bit_is_refused(folder: Path, name: str) -> None:
    checksum = saved(folder)
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    assert "damaged" in refusal(folder, checksum)


@pytest.mark.parametrize("name", ["wholes.faiss", store.ARRAYS, store.MANIFEST])
def test_a_missing_file_is_refused(folder: Path, name: str) -> None:
    checksum = saved(folder)
    (folder / name).unlink()
    assert "cannot be read" in refusal(folder, checksum)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"7", b"\xff\xfe", b"{}", b'{"encoder": "hashing-16"}', b'{"surprise": 1}'],
)
def test_a_manifest_that_is_something_else_is_refused(folder: Path, content: bytes) -> None:
    checksum = saved(folder)
    (folder / store.MANIFEST).write_bytes(content)
    refusal(folder, checksum)


@pytest.mark.parametrize(
    "counts", [None, [], {"wholes": 40}, {"wholes": 40, "other": 1}, {"wholes": 3, "passages": 90}]
)
def test_a_manifest_that_does_not_fit_its_files_is_refused(folder: Path, counts: object) -> None:
    checksum = saved(folder)
    path = folder / store.MANIFEST
    path.write_text(json.dumps({**json.loads(path.read_text()), "counts": counts}))
    refusal(folder, checksum)


def test_foreign_files_under_the_right_names_are_refused(folder: Path) -> None:
    """Whoever made them even computed the checksum; they still are no indexes."""
    folder.mkdir(parents=True)
    for name in ("wholes.faiss", "passages.faiss", store.ARRAYS):
        (folder / name).write_bytes(b"PK\x03\x04 something else entirely")
    checksum = store._checksum(folder, MANIFEST.counts)
    content = {"encoder": "hashing-16", "dim": 16, "counts": MANIFEST.counts, "watermark": 7, "checksum": checksum}
    (folder / store.MANIFEST).write_text(json.dumps(content))
    assert "cannot be read" in refusal(folder, checksum)


def test_foreign_arrays_beside_good_indexes_are_refused(folder: Path) -> None:
    saved(folder)
    (folder / store.ARRAYS).write_bytes(b"PK\x03\x04 no archive")
    checksum = store._checksum(folder, MANIFEST.counts)
    path = folder / store.MANIFEST
    path.write_text(json.dumps({**json.loads(path.read_text()), "checksum": checksum}))
    assert "cannot be read" in refusal(folder, checksum)


def test_sweeping_leaves_the_newest_and_every_loose_file(tmp_path: Path) -> None:
    for name in ("at-1", "at-2", "at-3"):
        saved(tmp_path / name)
    (tmp_path / "notes.txt").write_text("an operator's")
    _, indexes, _ = store.load(tmp_path / "at-2", encoder="hashing-16", checksum=saved(tmp_path / "at-2"))
    store.sweep(tmp_path, keep="at-3")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["at-3", "notes.txt"]
    # Whoever still maps an old one keeps it until it closes.
    assert indexes["wholes"].search(VECTORS["wholes"][:1], 1)[1].tolist() != [[-1]]


def test_sweeping_a_place_that_is_not_there_is_nothing(tmp_path: Path) -> None:
    store.sweep(tmp_path / "nowhere", keep="at-1")
    assert list(tmp_path.iterdir()) == []
