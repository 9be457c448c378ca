"""Encoders by name, as an operator writes them in a setting."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from embeddings.encoders import universal
from embeddings.encoders.base import Encoder, Progress
from embeddings.encoders.bundled import DEFAULT, PLAIN, VARIANTS, Variant, open_bundled
from embeddings.encoders.ensemble import Block, Ensemble, Former, Member
from embeddings.encoders.hashing import HashingEncoder
from embeddings.encoders.sentence_transformer import SentenceTransformerEncoder
from embeddings.encoders.universal import UniversalEncoder

DEFAULT_SPEC = "bundled"


@dataclass(frozen=True)
class Opening:
    """What a factory gets to know: where models live, how many threads to use, whom to tell of progress."""

    folder: Path
    threads: int | None
    progress: Progress | None


Factory = Callable[[re.Match[str], Opening], Encoder]


@dataclass(frozen=True)
class Recipe:
    """A bundled encoder: which variant of the first model, and whether the second one stands beside it."""

    variant: Variant
    both: bool


# Every name of a bundled encoder: as an operator writes it, and as vectors are stored under it.
BUNDLED: Mapping[str, Recipe] = {
    "bundled": Recipe(DEFAULT, both=True),
    "bundled-e5": Recipe(DEFAULT, both=False),
    "bundled-plain": Recipe(PLAIN, both=True),
    "bundled-e5-plain": Recipe(PLAIN, both=False),
    **{f"{variant.name}+{universal.NAME}": Recipe(variant, both=True) for variant in VARIANTS},
    **{variant.name: Recipe(variant, both=False) for variant in VARIANTS},
}
# What the second encoder has to say where it knows both languages; chosen on half of the tender needs.
FIRST_SHARE, SECOND_SHARE = 0.7, 0.3


def _bundled(spec: re.Match[str], opening: Opening) -> Encoder:
    recipe = BUNDLED[spec[0]]
    first = open_bundled(opening.folder, recipe.variant, threads=opening.threads, progress=opening.progress)
    if not recipe.both:
        return first
    second = Member(_universal(), share=SECOND_SHARE, languages=universal.LANGUAGES)
    return Ensemble((Member(first, share=FIRST_SHARE), second))


@cache
def _universal() -> UniversalEncoder:
    """One for the process, whichever first model it stands beside.

    One thread: its matrices are too small to share, and two threads waiting for each other cost seven times more.
    """
    return UniversalEncoder(threads=1)


def _hashing(spec: re.Match[str], _: Opening) -> Encoder:
    return HashingEncoder(int(spec["dim"] or 256))


def _sentence_transformer(spec: re.Match[str], opening: Opening) -> Encoder:
    return SentenceTransformerEncoder(spec[0], threads=opening.threads)


# The first pattern that matches the whole spec wins; the last takes every name and path.
FACTORIES: tuple[tuple[re.Pattern[str], Factory], ...] = (
    (re.compile("|".join(map(re.escape, BUNDLED))), _bundled),
    (re.compile(r"hashing(?:-(?P<dim>[1-9]\d{0,4}))?"), _hashing),
    (re.compile(r".+", re.DOTALL), _sentence_transformer),
)


def open_encoder(
    spec: str = DEFAULT_SPEC, *, folder: Path, threads: int | None = None, progress: Progress | None = None
) -> Encoder:
    """The encoder of `spec`: a name of BUNDLED, "hashing", "hashing-<dim>", else a sentence-transformers model.

    The stored names of bundled and hashing encoders are specs too, so that a later version can open them.
    `folder` holds built models; a bundled encoder is built there on first use, and `progress` hears of its steps.
    `threads` caps the threads of one call (default: the library's own choice). Raises ValueError for an empty spec
    and EncoderUnavailable, with one line that says what to do, when a model cannot be opened.
    """
    opening = Opening(folder, threads, progress)
    for pattern, factory in FACTORIES:
        if match := pattern.fullmatch(spec.strip()):
            return factory(match, opening)
    raise ValueError("the name of an encoder is empty")


def former(name: str, dim: int) -> Former:
    """The encoder that stored vectors of this length under this name, which may not exist any more."""
    first, _, second = name.partition("+")
    fair = any(variant.is_fair for variant in VARIANTS if variant.name == first)
    if second != universal.NAME:
        return Former(name, dim, (Block(0, dim, fair=fair),))
    end = dim - universal.DIM
    blocks = Block(0, end, FIRST_SHARE, fair=fair), Block(end, dim, SECOND_SHARE, universal.LANGUAGES)
    return Former(name, dim, blocks)
