"""Learn from sentences that say the same in many languages what an encoder's languages look like."""

import gzip
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile

import numpy as np

from embeddings.encoders.base import Encoder, Progress, Vectors

# Languages that the parallel texts lack, and the closest relative that stands in until the corpus has its own.
RELATIVES = {"hr": ("bs",), "sr": ("sr-Cyrl", "sr-Latn"), "no": ("da",), "id": ("ms",)}


class UnfitSentences(ValueError):
    """The file does not hold parallel sentences; the message is one line."""


def read(path: Path, most: int) -> dict[str, list[str]]:
    """The first `most` lines of objects with `texts`: language → sentence; a language that misses one is left out."""
    rows: list[Mapping[str, str]] = []
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8") as file:
            for line in file:
                if len(rows) == most:
                    break
                rows.append(json.loads(line)["texts"])
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise UnfitSentences(f"{path.name} holds no parallel sentences: {error}") from error
    shared = set(rows[0]).intersection(*rows) if rows else set()
    return {language: [row[language] for row in rows] for language in sorted(shared)}


def means(
    encoder: Encoder, sentences: Mapping[str, Sequence[str]], progress: Progress | None = None
) -> dict[str, Vectors]:
    """The mean vector (dim,) of each language's sentences, and those of languages that a relative stands in for."""
    found: dict[str, Vectors] = {}
    for done, (language, texts) in enumerate(sentences.items()):
        if progress:
            progress(done, len(sentences))
        found[language] = encoder.encode_passages(texts).mean(axis=0)
    if progress:
        progress(len(sentences), len(sentences))
    for language, relatives in RELATIVES.items():
        known = [found[relative] for relative in relatives if relative in found]
        if known and language not in found:
            found[language] = np.mean(known, axis=0)
    return found


def save(path: Path, found: Mapping[str, Vectors]) -> None:
    """Write a reference file in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, delete=False) as file:
        np.savez_compressed(
            file, allow_pickle=False, **{f"mean:{name}": mean.astype(np.float32) for name, mean in found.items()}
        )
    os.replace(file.name, path)
    path.chmod(0o644)
