"""Encoders by name, as an operator writes them in a setting."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from embeddings.encoders.base import Encoder, Progress
from embeddings.encoders.bundled import open_bundled
from embeddings.encoders.ensemble import Ensemble, Member
from embeddings.encoders.hashing import HashingEncoder
from embeddings.encoders.sentence_transformer import SentenceTransformerEncoder
from embeddings.encoders.universal import LANGUAGES, UniversalEncoder

DEFAULT_SPEC = "bundled"


@dataclass(frozen=True)
class Opening:
    """What a factory gets to know: where models live, how many threads to use, whom to tell of progress."""

    folder: Path
    threads: int | None
    progress: Progress | None


Factory = Callable[[re.Match[str], Opening], Encoder]


def _bundled_e5(_: re.Match[str], opening: Opening) -> Encoder:
    return open_bundled(opening.folder, threads=opening.threads, progress=opening.progress)


def _bundled(match: re.Match[str], opening: Opening) -> Encoder:
    """Where the second encoder knows both languages it has two fifths of the say: measured on other data."""
    return Ensemble(
        (
            Member(_bundled_e5(match, opening), share=0.6),
            # One thread: its matrices are too small to share, and two threads waiting for each other cost seven
            # times more.
            Member(UniversalEncoder(threads=1), share=0.4, languages=LANGUAGES),
        )
    )


def _hashing(spec: re.Match[str], _: Opening) -> Encoder:
    return HashingEncoder(int(spec["dim"] or 256))


def _sentence_transformer(spec: re.Match[str], opening: Opening) -> Encoder:
    return SentenceTransformerEncoder(spec[0], threads=opening.threads)


# The first pattern that matches the whole spec wins; the last takes every name and path.
FACTORIES: tuple[tuple[re.Pattern[str], Factory], ...] = (
    (re.compile(r"bundled"), _bundled),
    (re.compile(r"bundled-e5"), _bundled_e5),
    (re.compile(r"hashing(?:-(?P<dim>[1-9]\d{0,4}))?"), _hashing),
    (re.compile(r".+", re.DOTALL), _sentence_transformer),
)


def open_encoder(
    spec: str = DEFAULT_SPEC, *, folder: Path, threads: int | None = None, progress: Progress | None = None
) -> Encoder:
    """The encoder of `spec`: "bundled", "bundled-e5", "hashing", "hashing-<dim>", else a sentence-transformers model.

    `folder` holds built models; the bundled encoder is built there on first use, and `progress` hears of
    its steps. `threads` caps the threads of one call (default: the library's own choice). Raises ValueError
    for an empty spec and EncoderUnavailable, with one line that says what to do, when a model cannot be
    opened.
    """
    opening = Opening(folder, threads, progress)
    for pattern, factory in FACTORIES:
        if match := pattern.fullmatch(spec.strip()):
            return factory(match, opening)
    raise ValueError("the name of an encoder is empty")
