"""A sentence-transformers module that tokenizes with `tokenizers` and computes with ONNX Runtime.

sentence-transformers' own ONNX backend needs `optimum`, whose releases ask for an older transformers.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import onnxruntime
import torch
from sentence_transformers.base.modules.input_module import InputModule
from sentence_transformers.util import load_dir_path
from tokenizers import Tokenizer

MODEL_FILE = "model.onnx"
TOKENIZER_FILE = "tokenizer.json"
CONFIG_FILE = "onnx_text_config.json"


class OnnxText(InputModule):  # type: ignore[misc]  # the library is not typed for mypy
    """Texts in, `sentence_embedding` out: one graph that pools and normalises as well.

    Safe to call from several threads: neither the session nor the tokenizer changes after loading.
    """

    config_file_name = CONFIG_FILE
    config_keys = ["embedding_dimension", "max_seq_length"]  # noqa: RUF012  (the library declares it so)

    def __init__(self, folder: str, embedding_dimension: int, max_seq_length: int, threads: int | None = None) -> None:
        super().__init__()
        self.folder = Path(folder)
        self.embedding_dimension = embedding_dimension
        self.tokenizer = Tokenizer.from_file(str(self.folder / TOKENIZER_FILE))
        self.max_seq_length = max_seq_length
        self.session = _session(self.folder / MODEL_FILE, threads)

    @property
    def max_seq_length(self) -> int:
        """Longer texts are cut to this many tokens, specials included."""
        return self._max_seq_length

    @max_seq_length.setter
    def max_seq_length(self, tokens: int) -> None:
        self._max_seq_length = tokens
        self.tokenizer.enable_truncation(tokens)

    def get_embedding_dimension(self) -> int:
        return self.embedding_dimension

    def preprocess(self, inputs: Sequence[str], prompt: str | None = None, **_: Any) -> dict[str, Any]:
        """Token ids and mask of shape (texts, longest), padded as tokenizer.json says."""
        encodings = self.tokenizer.encode_batch([(prompt or "") + text for text in inputs])
        return {
            "input_ids": torch.tensor([encoding.ids for encoding in encodings]),
            "attention_mask": torch.tensor([encoding.attention_mask for encoding in encodings]),
        }

    def forward(self, features: dict[str, Any], **_: Any) -> dict[str, Any]:
        names = ("input_ids", "attention_mask")
        (embedding,) = self.session.run(None, {name: features[name].numpy() for name in names})
        return {**features, "sentence_embedding": torch.from_numpy(embedding)}

    def save(self, output_path: str, *_: Any, **__: Any) -> None:
        for name in (MODEL_FILE, TOKENIZER_FILE):
            shutil.copyfile(self.folder / name, Path(output_path) / name)
        self.save_config(output_path)

    @classmethod
    def load(cls, model_name_or_path: str, subfolder: str = "", threads: int | None = None, **options: Any) -> Self:
        """Open a saved folder; `threads` may also come as `model_kwargs={"threads": 2}` of SentenceTransformer."""
        hub = {key: options.get(key) for key in ("token", "cache_folder", "revision", "local_files_only")}
        hub["local_files_only"] = bool(hub["local_files_only"])
        folder = load_dir_path(model_name_or_path, subfolder=subfolder, **hub)
        config = cls.load_config(folder)
        return cls(folder, threads=threads or (options.get("model_kwargs") or {}).get("threads"), **config)


def _session(path: Path, threads: int | None) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors only: warnings about a graph we wrote ourselves help no operator
    if threads is not None:
        options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
