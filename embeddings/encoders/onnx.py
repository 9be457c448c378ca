"""A sentence-transformers module that tokenizes with sentencepiece and computes with ONNX Runtime.

sentence-transformers' own ONNX backend needs `optimum`, whose releases ask for an older transformers.
"""

import os
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from sentence_transformers.base.modules.input_module import InputModule
from sentence_transformers.util import load_dir_path
from sentencepiece import SentencePieceProcessor

from embeddings.encoders.layout import CONFIG_FILE, MODEL_FILE, TOKENIZER_FILE, WORDS_FILE


class OnnxText(InputModule):  # type: ignore[misc]  # the library is not typed for mypy
    """Texts in, `sentence_embedding` out: one graph that pools and normalises as well.

    Each text is computed alone, without padding and by one thread, several texts side by side: dynamic
    quantisation takes its range from everything in a run, so this is what makes a text's vector independent
    of its neighbours. Safe to call from several threads: nothing changes after loading.
    """

    config_file_name = CONFIG_FILE
    config_keys = ["embedding_dimension", "max_seq_length"]  # noqa: RUF012  (the library declares it so)

    def __init__(self, folder: str, embedding_dimension: int, max_seq_length: int, threads: int | None = None) -> None:
        super().__init__()
        self.folder = Path(folder)
        self.embedding_dimension = embedding_dimension
        self.max_seq_length = max_seq_length  # longer texts are cut to this many tokens, specials included
        self.threads = threads or len(os.sched_getaffinity(0))
        self.tokenizer = SentencePieceProcessor(model_file=str(self.folder / TOKENIZER_FILE))
        self._blank = self.tokenizer.piece_to_id("▁")
        self.session = _session(self.folder / MODEL_FILE)

    def get_embedding_dimension(self) -> int:
        return self.embedding_dimension

    def token_ids(self, text: str) -> list[int]:
        """The ids that the model reads for `text`, with the specials around them."""
        pieces: list[int] = self.tokenizer.encode(text)
        if text[-1:].isspace():
            # sentencepiece drops blanks at the end, the tokenizer that the model was trained with keeps one.
            pieces.append(self._blank)
        return [self.tokenizer.bos_id(), *pieces[: self.max_seq_length - 2], self.tokenizer.eos_id()]

    def preprocess(self, inputs: Sequence[str], prompt: str | None = None, **_: Any) -> dict[str, Any]:
        """`input_ids` and `attention_mask` of shape (texts, longest)."""
        rows = [self.token_ids((prompt or "") + text) for text in inputs]
        shape = (len(rows), max(map(len, rows)))
        ids = torch.full(shape, self.tokenizer.pad_id())
        mask = torch.zeros(shape, dtype=torch.int64)
        for i, row in enumerate(rows):
            ids[i, : len(row)] = torch.tensor(row)
            mask[i, : len(row)] = 1
        return {"input_ids": ids, "attention_mask": mask}

    def forward(self, features: dict[str, Any], **_: Any) -> dict[str, Any]:
        lengths = features["attention_mask"].sum(dim=1).tolist()
        rows = [ids[None, :length] for ids, length in zip(features["input_ids"].numpy(), lengths, strict=True)]
        if len(rows) == 1 or self.threads == 1:
            vectors = [self._vector(row) for row in rows]
        else:
            with ThreadPoolExecutor(min(self.threads, len(rows))) as pool:
                vectors = list(pool.map(self._vector, rows))
        return {**features, "sentence_embedding": torch.from_numpy(np.concatenate(vectors))}

    def _vector(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Shape (1, embedding_dimension)."""
        vector: NDArray[np.float32] = self.session.run(None, {"input_ids": ids})[0]
        return vector

    def save(self, output_path: str, *_: Any, **__: Any) -> None:
        for name in (MODEL_FILE, WORDS_FILE, TOKENIZER_FILE):
            shutil.copyfile(self.folder / name, Path(output_path) / name)
        self.save_config(output_path)

    @classmethod
    def load(cls, model_name_or_path: str, subfolder: str = "", threads: int | None = None, **options: Any) -> Self:
        """Open a saved folder; `threads` may also come as `model_kwargs={"threads": 2}` of SentenceTransformer."""
        hub = {key: options.get(key) for key in ("token", "cache_folder", "revision")}
        local = bool(options.get("local_files_only"))
        folder = load_dir_path(model_name_or_path, subfolder=subfolder, local_files_only=local, **hub)
        config = cls.load_config(folder)
        return cls(folder, threads=threads or (options.get("model_kwargs") or {}).get("threads"), **config)


def _session(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors only: warnings about a graph of our own help no operator
    # The graph is written as it is to run; the fusions of the higher levels would slow it down.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    # The threads are ours, one for each text: no pool of the session's spins beside them, and a fork is
    # harmless.
    options.intra_op_num_threads = 1
    # An arena keeps the most that any text ever took; what is given back serves the rest of the process.
    options.enable_cpu_mem_arena = False
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
