"""A pool of documents in many languages, searched fairly.

A document has one row per language version: the whole (the mean of its corrected passages) and its passages. A score
is half the whole's similarity and half the passages': for each passage of the query the best answer, which counts the
more the more specific that passage is (late interaction, Khattab and Zaharia 2020). Then a share of it is replaced by
the echo, the similarity to the three documents that fit best in any language (pseudo-relevance feedback, Rocchio 1971):
what a neighbour in a well-written language says helps to find the same thing in another. What counts in the end is how
far a score stands out from the best that the same query has in the same language. What a filter leaves out is left out
before the cut.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from embeddings.encoders.base import Vectors
from embeddings.fairness import Correction, unit_blocks
from embeddings.index.base import Keep
from embeddings.layers import NOWHERE, Language, Layer
from embeddings.scored import PEERS, Scored, join, level_of, usual_level

T = TypeVar("T", float, NDArray[np.float32])

# How many of the best documents speak for the query.
SPEAKERS = 3
# A shorter text than this many characters is a typed search, which the closest documents rather lead astray.
ECHO_LEAST_TEXT = 200
# A language with fewer documents than this borrows from the spread of all.
SPREAD_SHRINK = 20.0
# So many rows of a language tell its spread; a pool without rows has none, and any scale will do.
SAMPLE = 256
# Where everything is equally far, nothing stands out: real encoders spread by 0.1 and more.
LEAST_VARIANCE = 0.05**2
LEAST_SPREAD = 1e-3
# The code under which the spread of all languages together is kept.
ALL = -1
# How many rows of each language are looked at closely, at least.
CANDIDATES = 50


@dataclass(frozen=True)
class Recipe:
    """How much each step of the ranking counts; an ablation sets one of them to nothing."""

    # What passages answer passages, in a score of the document's own; the rest is the whole's.
    late: float = 0.5
    # What the documents that fit best say, in a score.
    echo: float = 0.2
    # How much of what is usual among the best of a language is taken off a score: of one that the query is not written
    # in, and of one that it is, whose every text is a little nearer than a translation would be.
    level: float = 0.2
    own_level: float = 0.35
    # The power of a language's variance by which a score is divided; a half is its standard deviation.
    spread: float = 0.5


PRODUCT = Recipe()


@dataclass(frozen=True)
class Scale:
    """What a question's scores are measured by: per language's code what is usual among its best, and the spread.

    `reach` is the highest score of its own that the question has in the whole market.
    """

    levels: Mapping[int, tuple[float, float]]
    reach: float


@dataclass(frozen=True)
class Sought:
    """What is looked for: corrected passages (q, dim) and their mean (dim,), whose blocks are unit vectors.

    `shares` (q,) say how much each passage counts; they add up to 1. `languages` are those that it is written in.
    `echo` is the mean of the documents that fit best, `scale` what the market answers; None before they are known.
    """

    passages: Vectors
    whole: Vectors
    shares: NDArray[np.float32]
    languages: frozenset[str]
    echo: Vectors | None = None
    scale: Scale | None = None


@dataclass(frozen=True)
class Found:
    """A document's row that fits: its standing, and what it is made of.

    `standing` orders documents of all languages; `whole`, `late` (its passages' answers) and `echo` (None where nobody
    speaks) are similarities; `level` is what the same query reaches among the best of this row's language, `spread` the
    scale of its scores; `reach` is the highest score of its own (half whole, half late) that the query has in the whole
    market; `pair` is (query passage, passage id) of the two that contribute most, `best` their similarity; `place` is
    (layer, row).
    """

    owner: int
    language: str
    standing: float
    whole: float
    late: float
    best: float
    echo: float | None
    level: float
    spread: float
    reach: float
    pair: tuple[int, int]
    place: tuple[int, int]


@dataclass(frozen=True)
class Share:
    """What one passage of a document adds: the standing that the document would have without it.

    `own` is the query's passage that it answers best, `similarity` how well.
    """

    passage_id: int
    own: int
    similarity: float
    standing_without: float


@dataclass(frozen=True)
class Pool:
    """Layers under one correction; immutable, so that any number of threads may search it."""

    correction: Correction
    names: tuple[str, ...]
    usual: dict[int, Language]
    layers: tuple[Layer, ...]
    recipe: Recipe = PRODUCT

    def seek(self, vectors: Vectors, languages: Sequence[str]) -> Sought:
        """What to look for, from raw vectors of passages (q, dim)."""
        passages = self.correction.apply(vectors, languages)
        whole = unit_blocks(passages.mean(axis=0, keepdims=True), self.correction.blocks)[0]
        return Sought(passages, whole, self._shares(passages), frozenset(languages))

    def _shares(self, passages: Vectors) -> NDArray[np.float32]:
        """How specific each passage is: one that is as near to everything as to anything says little."""
        sample = self.usual[ALL].sample
        spreads = (passages @ sample.T).std(axis=1) if len(sample) else np.ones(len(passages))
        found: NDArray[np.float32] = (
            np.maximum(spreads, LEAST_SPREAD) / np.maximum(spreads, LEAST_SPREAD).sum()
        ).astype(np.float32)
        return found

    def search(
        self, sought: Sought, k: int, *, market: Sequence[Keep], keep: Sequence[Keep] | None = None, echo: bool = True
    ) -> list[Found]:
        """The k best documents among `keep`, judged against `market`; both are one array of rows per layer.

        `market` is everything that could answer (the other side, without the asker's own document); `keep`, a part of
        it, is what may be shown. Without `echo` the closest documents do not speak for the query. Answers fewer than k
        only when fewer are kept.
        """
        if echo:
            sought = self.echoed(sought, market)
        return self._ranked(sought, max(k, CANDIDATES), market, market if keep is None else keep)[:k]

    def contributions(self, sought: Sought, found: Found) -> list[Share]:
        """What each passage of a document adds to the standing with which it was found, in their order.

        `sought` is what it was found by, its echo included. Everything else stays as it is: the level and the spread of
        the language, and who speaks for the query. Without its only passage a document says nothing.
        """
        number, row = found.place
        layer = self.layers[number]
        asked = self._weighted(sought, int(layer.languages[row]))
        members = np.arange(layer.starts[row], layer.starts[row + 1])
        vectors = layer.passages.vectors(members)
        similarity = vectors @ asked.passages.T
        return [
            Share(
                passage_id=int(layer.passage_ids[member]),
                own=int(similarity[i].argmax()),
                similarity=float(similarity[i].max()),
                standing_without=self._standing(asked, np.delete(vectors, i, axis=0), found),
            )
            for i, member in enumerate(members)
        ]

    def _standing(self, asked: Sought, vectors: Vectors, like: Found) -> float:
        """Where a document of the same language would stand that had these corrected passages (n, dim)."""
        score = 0.0
        if len(vectors):
            whole = unit_blocks(vectors.mean(axis=0, keepdims=True), self.correction.blocks)[0]
            late = float((vectors @ asked.passages.T).max(axis=0) @ asked.shares)
            score = self._mixed(float(whole @ asked.whole), late)
            if asked.echo is not None:
                score = (1 - self.recipe.echo) * score + self.recipe.echo * float(whole @ asked.echo)
        return (score - self._level_share(asked, like.language) * like.level) / like.spread

    def _level_share(self, sought: Sought, language: str) -> float:
        return self.recipe.own_level if language in sought.languages else self.recipe.level

    def _mixed(self, whole: T, late: T) -> T:
        return (1 - self.recipe.late) * whole + self.recipe.late * late

    def _aim(self, sought: Sought) -> Vectors:
        """What rows are compared with to find candidates: all of the score that is an inner product."""
        if sought.echo is None:
            return sought.whole
        return (1 - self.recipe.echo) * sought.whole + self.recipe.echo * sought.echo

    def prominence(self, sought: Sought, place: tuple[int, int]) -> float:
        """By how many standard deviations a row's best passage exceeds what the market at large answers.

        About 0 for what has nothing to do with the query, in whatever two languages.
        """
        layer = self.layers[place[0]]
        asked = self._weighted(sought, int(layer.languages[place[1]]))
        passages = layer.passages.vectors(np.arange(layer.starts[place[1]], layer.starts[place[1] + 1]))
        usual = self.usual[ALL].sample @ asked.whole if len(self.usual[ALL].sample) else np.zeros(1)
        return float(((passages @ asked.whole).max() - usual.mean()) / max(usual.std(), LEAST_SPREAD))

    def likeness(self, sought: Sought, vectors: Vectors, languages: Sequence[str]) -> float:
        """How alike a document of one language is, from -1 to 1, by its raw passages (n, dim) alone.

        Half whole and half best pair, since of two that say the same one may say more besides; the passages need not be
        in the pool.
        """
        passages = self.correction.apply(vectors, languages)
        whole = unit_blocks(passages.mean(axis=0, keepdims=True), self.correction.blocks)[0]
        weights = self.correction.weights(sought.whole, languages[0])
        best = float((passages @ (sought.passages * weights).T).max())
        return 0.5 * float(whole @ (sought.whole * weights)) + 0.5 * best

    def echoed(self, sought: Sought, market: Sequence[Keep]) -> Sought:
        """The same, with the best documents of the market speaking for it."""
        speakers = self._ranked(sought, PEERS * 2, market, market)[:SPEAKERS]
        if not speakers:
            return sought
        wholes = [self.layers[row.place[0]].wholes.vectors(np.array([row.place[1]])) for row in speakers]
        return replace(sought, echo=np.concatenate(wholes).mean(axis=0))

    def scaled(self, sought: Sought, market: Sequence[Keep]) -> Sought:
        """The same, with what the market answers, so that many searches for it ask the market once."""
        asked = {code: self._weighted(sought, code) for code in self._codes(market)}
        usual = {code: self._closest(one, code, market, PEERS * 2) for code, one in asked.items()}
        return replace(sought, scale=self._scale(asked, usual))

    def _ranked(self, sought: Sought, n: int, market: Sequence[Keep], keep: Sequence[Keep]) -> list[Found]:
        """The n closest of each language among `keep`, best document first."""
        scale = sought.scale
        asked = {code: self._weighted(sought, code) for code in self._codes(keep if scale else market)}
        usual: dict[int, Scored] = {}
        if scale is None:
            # Whoever asks for the whole market gets from one search both what is usual there and what is shown.
            depth = max(n, PEERS * 2) if keep is market else PEERS * 2
            usual = {code: self._closest(one, code, market, depth) for code, one in asked.items()}
            scale = self._scale(asked, usual)
        found: list[Found] = []
        for code, one in asked.items():
            if code in scale.levels:
                chosen = usual[code] if usual and keep is market else self._closest(one, code, keep, n)
                found += self._stand(chosen, code, self._level_share(sought, self.names[code]), scale)
        return _best_of_each(found)

    def _scale(self, asked: Mapping[int, Sought], usual: Mapping[int, Scored]) -> Scale:
        """What the best of every language reach; one with few documents borrows from all."""
        levels = {code: level_of(scored) for code, scored in usual.items()}
        everywhere = usual_level(list(levels.values()))
        reach = max((float(scored.own.max()) for scored in usual.values() if len(scored.own)), default=0.0)
        padded = {
            code: ((level * peers + everywhere * (PEERS - peers)) / PEERS, self._spread(asked[code], code))
            for code, (peers, level) in levels.items()
        }
        return Scale(padded, reach)

    def _weighted(self, sought: Sought, code: int) -> Sought:
        """The same for documents of one language: dimensions that say nothing in it are taken out."""
        weights = self.correction.weights(sought.whole, self.names[code])
        echo = None if sought.echo is None else sought.echo * weights
        return replace(sought, passages=sought.passages * weights, whole=sought.whole * weights, echo=echo)

    def _codes(self, keeps: Sequence[Keep]) -> list[int]:
        present: set[int] = set()
        for layer, keep in zip(self.layers, keeps, strict=True):
            present.update(np.unique(layer.languages[keep]).tolist())
        return sorted(present)

    def _spread(self, sought: Sought, code: int) -> float:
        """The scale of the language's scores, as far as it is taken out."""
        usual = float(np.var(self.usual[ALL].sample @ sought.whole)) if len(self.usual[ALL].sample) else 0.0
        own = self.usual.get(code)
        if own is not None:
            weight = own.count / (own.count + SPREAD_SHRINK)
            usual = weight * float(np.var(own.sample @ sought.whole)) + (1 - weight) * usual
        return float(max(usual, LEAST_VARIANCE) ** self.recipe.spread)

    def _closest(self, sought: Sought, code: int, keeps: Sequence[Keep], n: int) -> Scored:
        """The n rows of a language whose whole is closest, with their exact scores."""
        parts = []
        for number, (layer, keep) in enumerate(zip(self.layers, keeps, strict=True)):
            place, wholes = layer.parts.get(code, NOWHERE)
            if wholes is not None and keep[place].any():
                _, rows = wholes.search(self._aim(sought)[None], n, keep=keep[place])
                parts.append(self._scored(sought, number, place.start + rows[0][rows[0] >= 0]))
        return join(parts, n)

    def _scored(self, sought: Sought, number: int, rows: NDArray[np.int64]) -> Scored:
        layer = self.layers[number]
        wholes = layer.wholes.vectors(rows)
        starts, ends = layer.starts[rows], layer.starts[rows + 1]
        lengths = ends - starts
        members = np.repeat(starts - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths) + np.arange(lengths.sum())
        similarity = layer.passages.vectors(members) @ sought.passages.T
        bounds = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        answers = np.maximum.reduceat(similarity, bounds, axis=0)
        # Of each row the query's passage that contributes most, and the row's first that answers it best.
        own_passage = (answers * sought.shares).argmax(axis=1)
        chosen = similarity[np.arange(len(members)), np.repeat(own_passage, lengths)]
        groups = np.repeat(np.arange(len(rows)), lengths)
        order = np.lexsort((-chosen, groups))
        first = order[np.searchsorted(groups[order], np.arange(len(rows)))]
        whole, late = (wholes @ sought.whole).astype(np.float32), (answers @ sought.shares).astype(np.float32)
        own = self._mixed(whole, late)
        echo = np.full(len(rows), np.nan, dtype=np.float32)
        if sought.echo is not None:
            echo = (wholes @ sought.echo).astype(np.float32)
        return Scored(
            layer=np.full(len(rows), number, dtype=np.int64),
            row=rows,
            whole=whole,
            late=late,
            best=chosen[first].astype(np.float32),
            echo=echo,
            own=own,
            score=own if sought.echo is None else (1 - self.recipe.echo) * own + self.recipe.echo * echo,
            own_passage=own_passage,
            passage_id=layer.passage_ids[members[first]],
        )

    def _stand(self, scored: Scored, code: int, share: float, scale: Scale) -> Iterator[Found]:
        level, spread = scale.levels[code]
        standing = (scored.score - share * level) / spread
        for i, number in enumerate(scored.layer):
            yield Found(
                owner=int(self.layers[number].owners[scored.row[i]]),
                language=self.names[code],
                standing=float(standing[i]),
                whole=float(scored.whole[i]),
                late=float(scored.late[i]),
                best=float(scored.best[i]),
                echo=None if np.isnan(scored.echo[i]) else float(scored.echo[i]),
                level=level,
                spread=spread,
                reach=scale.reach,
                pair=(int(scored.own_passage[i]), int(scored.passage_id[i])),
                place=(int(number), int(scored.row[i])),
            )


def _best_of_each(found: list[Found]) -> list[Found]:
    """The best row of each document, best document first, equals by owner."""
    best: dict[int, Found] = {}
    for row in sorted(found, key=lambda row: (-row.standing, row.owner)):
        best.setdefault(row.owner, row)
    return list(best.values())
