"""Any sentence-transformers model, by the path of its folder or by its name in the local model cache."""

import hashlib
import json
import os
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from embeddings.encoders.base import EncoderUnavailable, Progress, Vectors, unit_rows
from embeddings.encoders.layout import MODULE, MODULES_FILE, PROMPTS_FILE

BATCH_SIZE = 16
_BATCHES_A_STEP = 4  # progress is told after so many batches
_WHOLE_FILE_BYTES = 1 << 20
_PASSAGE_PROMPTS = ("document", "passage", "corpus")


class SentenceTransformerEncoder:
    """A model with its own query and passage prompts; nothing is ever fetched from a hub.

    `name` defaults to the folder's name and a fingerprint of its files. `threads` caps the threads of one
    call; for torch models that setting is the whole process's. Raises EncoderUnavailable when the model
    cannot be opened.
    """

    def __init__(
        self,
        name_or_path: str,
        *,
        name: str | None = None,
        threads: int | None = None,
        batch_size: int = BATCH_SIZE,
        fair: bool = False,
    ) -> None:
        # Libraries read this on import; the models here are local, whatever their files may refer to.
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        folder = _find(name_or_path)
        try:
            self._model, self._guard = _open(folder, threads)
        except Exception as fault:  # a foreign folder can fail in any way its libraries know
            reason = (str(fault) or type(fault).__name__).splitlines()[0]
            raise EncoderUnavailable(f"the model in {folder} cannot be opened: {reason}") from fault
        self.name = name or f"{Path(name_or_path).name or 'model'}-{fingerprint(folder)}"
        self._batch_size = batch_size
        # Whether it was trained until its vectors do not tell languages apart, see ensemble.Block.
        self.fair = fair
        self.dim: int = self._model.get_embedding_dimension() or self._encode(self._model.encode, ["."], None).shape[1]

    def encode_queries(self, texts: Sequence[str], *, progress: Progress | None = None) -> Vectors:
        return self._encode(self._model.encode_query, texts, progress)

    def encode_passages(self, texts: Sequence[str], *, progress: Progress | None = None) -> Vectors:
        return self._encode(partial(self._model.encode_document, prompt=self._passage_prompt), texts, progress)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """How many tokens the model reads of each passage, its prompt and special tokens included."""
        with self._guard:
            masks = [self._model.preprocess([text], prompt=self._passage_prompt)["attention_mask"] for text in texts]
        return [int(mask.sum()) for mask in masks]

    @property
    def _passage_prompt(self) -> str:
        """The model's prompt for passages, under whichever name it has one.

        Left to itself the library takes "document", which it adds to every model as an empty prompt, before "passage".
        """
        prompts: dict[str, str] = self._model.prompts
        return next((prompts[name] for name in _PASSAGE_PROMPTS if prompts.get(name)), "")

    def _encode(self, encode: Any, texts: Sequence[str], progress: Progress | None) -> Vectors:
        if not texts:
            return np.zeros((0, self.dim), dtype=np.float32)
        # A lone surrogate is no Unicode text; tokenizers refuse it.
        clean = [text.encode("utf-8", "replace").decode("utf-8") for text in texts]
        longest_first = np.argsort([-len(text) for text in clean], kind="stable")
        rows: list[Vectors] = []
        done = 0
        for start in range(0, len(clean), self._batch_size * _BATCHES_A_STEP):
            step = longest_first[start : start + self._batch_size * _BATCHES_A_STEP]
            with self._guard:
                rows.append(encode([clean[i] for i in step], batch_size=self._batch_size, show_progress_bar=False))
            done += len(step)
            if progress is not None:
                progress(done, len(clean))
        vectors = np.concatenate(rows).astype(np.float32, copy=False)
        return unit_rows(vectors[np.argsort(longest_first)])


def fingerprint(folder: Path) -> str:
    """Eight hex digits of the folder's files: small ones whole, large ones by size, head and tail."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        size = path.stat().st_size
        digest.update(f"{path.relative_to(folder).as_posix()}\0{size}\0".encode())
        with path.open("rb") as file:
            if size <= _WHOLE_FILE_BYTES:
                digest.update(file.read())
            else:
                digest.update(file.read(_WHOLE_FILE_BYTES // 2))
                file.seek(-_WHOLE_FILE_BYTES // 2, os.SEEK_END)
                digest.update(file.read())
    return digest.hexdigest()[:8]


def _find(name_or_path: str) -> Path:
    path = Path(name_or_path).expanduser()
    if path.is_dir():
        return path
    if path.is_absolute() or name_or_path.startswith((".", "~")) or path.exists():
        raise EncoderUnavailable(f"there is no model folder at {name_or_path}")
    from huggingface_hub import snapshot_download  # noqa: PLC0415  (heavy; only models in the cache need it)

    names = [name_or_path] if "/" in name_or_path else [name_or_path, f"sentence-transformers/{name_or_path}"]
    for candidate in names:
        try:
            cache = os.environ.get("SENTENCE_TRANSFORMERS_HOME")
            return Path(snapshot_download(candidate, cache_dir=cache, local_files_only=True))
        except (OSError, ValueError):  # not in the cache, or no name that could be
            continue
    raise EncoderUnavailable(
        f"the model {name_or_path!r} is not on this machine; copy its folder here and give the path instead"
    )


def _open(folder: Path, threads: int | None) -> tuple[Any, AbstractContextManager[Any]]:
    """The model, and a lock where its tokenizer cannot serve two threads at once."""
    import torch  # noqa: PLC0415  (torch takes a second and 200 MB, which the hashing encoder never needs)
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415  (as above, and four seconds more)

    modules = folder / MODULES_FILE
    if modules.is_file() and json.loads(modules.read_text())[0]["type"] == MODULE:
        from embeddings.encoders.onnx import OnnxText  # noqa: PLC0415  (defines a torch module, so it imports torch)

        config = json.loads((folder / PROMPTS_FILE).read_text())
        # Naming the class here spares `trust_remote_code`, which would let any folder run code of its own.
        module = OnnxText.load(str(folder), threads=threads)
        return SentenceTransformer(modules=[module], prompts=config["prompts"], device="cpu"), nullcontext()
    from transformers.utils import logging  # noqa: PLC0415  (as above)

    logging.set_verbosity_error()  # its reports and bars on the loading of weights are not for our users
    logging.disable_progress_bar()
    if threads is not None:
        torch.set_num_threads(threads)
    return SentenceTransformer(str(folder), local_files_only=True), Lock()
