"""Snapshots on disk: complete or absent, checked before use, refused when they belong to something else."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import mkdtemp
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from embeddings.encoders.base import Vectors
from embeddings.index.faiss import FaissIndex

# Goes up whenever the arrays of a snapshot mean something else; an older one is then built again.
FORMAT = 2
ARRAYS, MANIFEST = "arrays.npz", "manifest.json"

Arrays = Mapping[str, NDArray[np.generic]]


class UnfitSnapshot(ValueError):
    """The folder is missing, half written, damaged or made for something else; build it again."""


@dataclass(frozen=True)
class Manifest:
    """What a snapshot is of; `watermark` is the place in the source's log that it includes.

    `counts` is the number of vectors in each of its indexes, by name.
    """

    encoder: str
    dim: int
    counts: dict[str, int]
    watermark: int
    checksum: str = ""
    format: int = FORMAT


def save(folder: Path, manifest: Manifest, vectors: Mapping[str, Vectors], arrays: Arrays) -> Manifest:
    """Write a snapshot beside its place and move it there at once; answers the manifest with its checksum."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        for name, rows in vectors.items():
            FaissIndex.build(rows).save(temporary / f"{name}.faiss")
        with (temporary / ARRAYS).open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
            file.flush()
            os.fsync(file.fileno())
        complete = Manifest(**{**asdict(manifest), "checksum": _checksum(temporary, vectors)})
        with (temporary / MANIFEST).open("w") as text:
            json.dump(asdict(complete), text, indent=1)
            text.flush()
            os.fsync(text.fileno())
        shutil.rmtree(folder, ignore_errors=True)
        temporary.rename(folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return complete


def load(
    folder: Path, *, encoder: str, checksum: str
) -> tuple[Manifest, dict[str, FaissIndex], dict[str, NDArray[np.generic]]]:
    """Map a snapshot; raises UnfitSnapshot unless it is whole, of this encoder and the one with this checksum."""
    try:
        manifest = Manifest(**json.loads((folder / MANIFEST).read_text()))
        if (manifest.format, manifest.encoder, manifest.checksum) != (FORMAT, encoder, checksum):
            raise UnfitSnapshot(f"snapshot {folder.name} was made for something else")
        if _checksum(folder, manifest.counts) != checksum:
            raise UnfitSnapshot(f"snapshot {folder.name} is damaged")
        indexes = {name: FaissIndex.load(folder / f"{name}.faiss") for name in manifest.counts}
        # numpy leaves a file open that is no archive, so it is given one that is closed in any case.
        with (folder / ARRAYS).open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (OSError, TypeError, ValueError, KeyError, BadZipFile) as error:
        if isinstance(error, UnfitSnapshot):
            raise
        raise UnfitSnapshot(f"snapshot {folder.name} cannot be read: {error}") from error
    if any((index.count, index.dim) != (manifest.counts[name], manifest.dim) for name, index in indexes.items()):
        raise UnfitSnapshot(f"snapshot {folder.name} does not hold what its manifest says")
    return manifest, indexes, arrays


def sweep(parent: Path, keep: str) -> None:
    """Remove every snapshot but the newest; whoever still maps an old one keeps it until it closes."""
    for folder in parent.iterdir() if parent.is_dir() else ():
        if folder.is_dir() and folder.name != keep:
            shutil.rmtree(folder, ignore_errors=True)


def _checksum(folder: Path, indexes: Iterable[str]) -> str:
    found = hashlib.sha256()
    for name in [*(f"{index}.faiss" for index in sorted(indexes)), ARRAYS]:
        with (folder / name).open("rb") as file:
            while block := file.read(1 << 20):
                found.update(block)
    return found.hexdigest()
