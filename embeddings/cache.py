"""Vectors that were made once, on the disk: measuring again encodes nothing again."""

import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from embeddings.encoders.base import Encoder, Progress, Vectors
from embeddings.encoders.ensemble import members_of, side_by_side

# So many texts are encoded between two commits: what a crash can lose.
CHUNK = 256


class VectorCache:
    """A file of vectors by encoder and text; two processes may use it at once."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = sqlite3.connect(path, timeout=60, isolation_level=None)
        self._file.execute("PRAGMA journal_mode = WAL")
        self._file.execute(
            "CREATE TABLE IF NOT EXISTS vector (encoder TEXT, digest BLOB, vector BLOB, PRIMARY KEY (encoder, digest))"
            " WITHOUT ROWID"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._file.close()

    def encode(self, encoder: Encoder, texts: Sequence[str], *, progress: Progress | None = None) -> Vectors:
        """Passage vectors (texts, dim); only texts that were never seen go to the encoder, shortest first.

        An ensemble's members are kept apart, so that exchanging one encodes nothing again with the others. Raises
        ValueError when what was kept under the encoder's name has another dimension.
        """
        members = members_of(encoder)
        if len(members) > 1:
            return side_by_side([self.encode(member.encoder, texts, progress=progress) for member in members])
        digests = [hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest() for text in texts]
        missing = self._missing(encoder, dict(zip(digests, texts, strict=True)))
        done = len(texts) - len(missing)
        report = progress or (lambda _done, _total: None)
        report(done, len(texts))
        for chunk in _chunks(missing):
            vectors = encoder.encode_passages([text for _, text in chunk])
            rows = [
                (encoder.name, digest, vector.astype(np.float32).tobytes())
                for (digest, _), vector in zip(chunk, vectors, strict=True)
            ]
            self._file.executemany("INSERT OR REPLACE INTO vector VALUES (?, ?, ?)", rows)
            done += len(chunk)
            report(done, len(texts))
        return self._read(encoder, digests)

    def _missing(self, encoder: Encoder, wanted: dict[bytes, str]) -> list[tuple[bytes, str]]:
        known = {
            digest
            for chunk in _keys(wanted)
            for (digest,) in self._file.execute(
                f"SELECT digest FROM vector WHERE encoder = ? AND digest IN ({_marks(chunk)})",  # noqa: S608  only question marks
                (encoder.name, *chunk),
            )
        }
        return sorted(((d, text) for d, text in wanted.items() if d not in known), key=lambda pair: len(pair[1]))

    def _read(self, encoder: Encoder, digests: Sequence[bytes]) -> Vectors:
        found: dict[bytes, bytes] = {}
        for chunk in _keys(dict.fromkeys(digests, "")):
            found.update(
                self._file.execute(
                    f"SELECT digest, vector FROM vector WHERE encoder = ? AND digest IN ({_marks(chunk)})",  # noqa: S608  only question marks
                    (encoder.name, *chunk),
                )
            )
        if any(len(vector) != 4 * encoder.dim for vector in found.values()):
            raise ValueError(f"the kept vectors of {encoder.name} have another dimension than {encoder.dim}")
        rows = b"".join(found[digest] for digest in digests)
        return np.frombuffer(rows, dtype=np.float32).reshape(len(digests), encoder.dim).copy()


def _chunks(pairs: list[tuple[bytes, str]]) -> Iterator[list[tuple[bytes, str]]]:
    return (pairs[start : start + CHUNK] for start in range(0, len(pairs), CHUNK))


def _keys(wanted: dict[bytes, str]) -> Iterator[list[bytes]]:
    keys = list(wanted)
    return (keys[start : start + CHUNK] for start in range(0, len(keys), CHUNK))


def _marks(keys: Sequence[bytes]) -> str:
    return ", ".join("?" * len(keys))
