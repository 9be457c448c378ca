"""Several encoders side by side: their vectors follow each other in one, and each keeps to the languages it knows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from embeddings.encoders.base import Encoder, EncoderUnavailable, Progress, Vectors


@dataclass(frozen=True)
class Block:
    """The stretch of a vector that one encoder made.

    `share` is its part of a similarity where all blocks speak; `languages` are those it speaks for, None means all.
    What a `fair` encoder makes does not tell languages apart, so nothing of that is to be taken away.
    """

    start: int
    stop: int
    share: float = 1.0
    languages: frozenset[str] | None = None
    fair: bool = False


@dataclass(frozen=True)
class Member:
    """One encoder of an ensemble."""

    encoder: Encoder
    share: float
    languages: frozenset[str] | None = None


class Ensemble:
    """An encoder of encoders; a vector is the concatenation of theirs (fairness.py says how it is compared)."""

    def __init__(self, members: Sequence[Member]) -> None:
        self.members = tuple(members)
        self.name = "+".join(member.encoder.name for member in members)
        ends = np.cumsum([member.encoder.dim for member in members]).tolist()
        self.dim = int(ends[-1])
        self.blocks = tuple(
            Block(end - member.encoder.dim, end, member.share, member.languages, _is_fair(member.encoder))
            for member, end in zip(members, ends, strict=True)
        )

    def encode_passages(self, texts: Sequence[str], *, progress: Progress | None = None) -> Vectors:
        parts = [
            member.encoder.encode_passages(texts, progress=progress if number == 0 else None)
            for number, member in enumerate(self.members)
        ]
        return side_by_side(parts)

    def encode_queries(self, texts: Sequence[str], *, progress: Progress | None = None) -> Vectors:
        parts = [
            member.encoder.encode_queries(texts, progress=progress if number == 0 else None)
            for number, member in enumerate(self.members)
        ]
        return side_by_side(parts)


def side_by_side(parts: Sequence[Vectors]) -> Vectors:
    """The members' unit vectors as one unit vector each, shape (n, sum of dims)."""
    return np.hstack(parts) / np.float32(len(parts) ** 0.5)


class Former:
    """An encoder that is known by the name under which vectors are stored: they can be compared without it.

    To encode, it must have been given the encoder itself; until then it raises EncoderUnavailable.
    """

    def __init__(self, name: str, dim: int, blocks: tuple[Block, ...]) -> None:
        self.name, self.dim, self.blocks = name, dim, blocks
        self.opened: Encoder | None = None

    def encode_passages(self, texts: Sequence[str], *, progress: Progress | None = None) -> Vectors:
        return self._encoder().encode_passages(texts, progress=progress)

    def encode_queries(self, texts: Sequence[str], *, progress: Progress | None = None) -> Vectors:
        return self._encoder().encode_queries(texts, progress=progress)

    def _encoder(self) -> Encoder:
        if self.opened is None:
            raise EncoderUnavailable(f"of the encoder {self.name} there are only vectors")
        return self.opened


def _is_fair(encoder: Encoder) -> bool:
    return getattr(encoder, "fair", False)


def members_of(encoder: Encoder) -> tuple[Member, ...]:
    """The encoders of an ensemble, or the single one."""
    return encoder.members if isinstance(encoder, Ensemble) else (Member(encoder, 1.0),)


def blocks_of(encoder: Encoder) -> tuple[Block, ...]:
    """The blocks of an encoder's vectors; a single encoder is one block for all languages."""
    if isinstance(encoder, Ensemble | Former):
        return encoder.blocks
    return (Block(0, encoder.dim, fair=_is_fair(encoder)),)
