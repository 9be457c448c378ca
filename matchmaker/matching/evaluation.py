"""Measure the product's own ranking on a task, beside plain cosine and BM25; and what each of its steps is worth."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from embeddings.assembly import pool_of
from embeddings.cache import VectorCache
from embeddings.encoders.base import Encoder, Progress, Vectors, unit_rows
from embeddings.encoders.ensemble import Block, blocks_of
from embeddings.evaluation.dataset import Dataset, Document, Query
from embeddings.evaluation.report import Summary, pairs, summarise, within, worst_pair, worth
from embeddings.fairness import reference
from embeddings.index.faiss import FaissIndex
from embeddings.layers import Rows
from embeddings.lexical import Bm25
from embeddings.pool import PRODUCT, Found, Pool, Recipe
from embeddings.rarity import Agreement
from matchmaker.matching import lexicon, scoring
from matchmaker.matching.asking import is_long
from matchmaker.matching.judging import judge
from matchmaker.matching.passages import cut
from matchmaker.matching.ranking import CLOSE, MOST_SAID
from matchmaker.matching.schemas import NOTHING_SHARED, Shared, Side

# Deep enough for recall@100; a first answer below this rank adds less than 1/200 to a query's MRR and counts as none.
DEPTH = 200
SCOPES = {"all": False, "cross_border": True}
NOTHING = Side()
# Documents that go into the lexicon at once.
CHUNK = 500

Ranking = dict[str, list[str]]
Say = Callable[[str], Progress]


@dataclass(frozen=True)
class Variation:
    """The product, or the product without one of its steps."""

    recipe: Recipe = PRODUCT
    # Whether language means are taken away (of the adapted encoder's vectors, too), the second encoder is heard, and
    # rare words count.
    means: bool = True
    all_means: bool = False
    second: bool = True
    words: bool = True


WHOLE = Variation()
# What is left out, and the product without it; the adapter is left out by encoding everything without it.
STEPS: Mapping[str, Variation] = {
    "language means": Variation(means=False),
    "no language means of the adapted encoder": Variation(all_means=True),
    "second encoder": Variation(second=False),
    "late interaction": Variation(recipe=replace(PRODUCT, late=0.0)),
    "echo of the closest": Variation(recipe=replace(PRODUCT, echo=0.0)),
    "levels of languages": Variation(recipe=replace(PRODUCT, level=0.0, own_level=0.0)),
    "more off the own language": Variation(recipe=replace(PRODUCT, own_level=PRODUCT.level)),
    "spreads of languages": Variation(recipe=replace(PRODUCT, spread=0.0)),
    "rare words": Variation(words=False),
}
ADAPTER = "adapter"
# The measures that an ablation tells.
TOLD = ("ndcg@10", "hit@10", "mrr", "own_language_excess")


class Reasons(Protocol):
    """Whether reasons are true; see reason_check.py."""

    def as_dict(self) -> dict[str, float]: ...


@dataclass(frozen=True)
class Result:
    """Figures of every way of ranking, by way and scope; of the product per language pair (cross-border); of steps.

    Of a pair, needs of one language are answered from the foreign documents of the other alone; `pairs_among_all` has
    the same documents as right answers, while those of all languages compete.
    """

    ways: Mapping[str, Mapping[str, Summary]]
    pairs: Mapping[str, Summary]
    pairs_among_all: Mapping[str, Summary] = field(default_factory=dict)
    # Step → scope → what is lost without it.
    steps: Mapping[str, Mapping[str, Summary]] = field(default_factory=dict)
    reasons: Reasons | None = None

    def as_dict(self) -> dict[str, object]:
        """The JSON of the command."""
        ways = {way: {scope: found.as_dict() for scope, found in scopes.items()} for way, scopes in self.ways.items()}
        said: dict[str, object] = {**ways}
        for name, figures in (("pair", self.pairs), ("pair_among_all", self.pairs_among_all)):
            said[name.replace("pair", "pairs")] = {pair: found.as_dict() for pair, found in figures.items()}
            pair, share = worst_pair(figures, "hit@10")
            if pair:
                said[f"worst_{name}"] = {"pair": pair, "share_of_mean": round(share, 6), "measure": "hit@10"}
        if self.steps:
            said["ablation"] = list(self._ablation())
        if self.reasons:
            said["reasons"] = self.reasons.as_dict()
        return said

    def _ablation(self) -> Iterator[dict[str, object]]:
        for step, scopes in self.steps.items():
            for scope, lost in scopes.items():
                for measure in TOLD:
                    whole, delta = self.ways["product"][scope].figures[measure], lost.figures[measure]
                    yield {
                        "step": step,
                        "scope": scope,
                        "measure": measure,
                        **{name: round(getattr(whole, name), 6) for name in ("mean", "low", "high")},
                        "delta": round(delta.mean, 6),
                        "delta_low": round(delta.low, 6),
                        "delta_high": round(delta.high, 6),
                    }


@dataclass(frozen=True)
class Also:
    """What is measured besides: `plain` is the encoder without its adapter, whose plain cosine is the yardstick."""

    plain: Encoder | None = None
    ablation: bool = False


NOTHING_ELSE = Also()


@dataclass(frozen=True)
class Encoded:
    """Documents as the product stores them, and queries as a listing's passages."""

    rows: Rows
    queries: list[Vectors]
    firsts: NDArray[np.int64]
    encoder: str
    blocks: tuple[Block, ...]

    def of_first(self) -> "Encoded":
        """As if there were the first encoder alone."""
        block = self.blocks[0]
        rows = replace(self.rows, vectors=unit_rows(self.rows.vectors[:, : block.stop]))
        queries = [unit_rows(vectors[:, : block.stop]) for vectors in self.queries]
        return replace(
            self, rows=rows, queries=queries, blocks=(Block(0, block.stop, fair=block.fair),), encoder=self._first_name
        )

    @property
    def _first_name(self) -> str:
        return self.encoder.split("+")[0]


@dataclass(frozen=True)
class Trial:
    """A task with everything that rankings of it share: which documents may be shown, what says which rare words."""

    dataset: Dataset
    words: Mapping[str, "Said"]
    say: Say

    def ranking(self, encoded: Encoded, how: Variation, scope: str, depth: int = DEPTH) -> Ranking:
        """Every query's documents as the product ranks them, or as it would without one of its steps."""
        encoded = encoded if how.second or len(encoded.blocks) == 1 else encoded.of_first()
        if how.all_means:
            encoded = replace(encoded, blocks=tuple(replace(block, fair=False) for block in encoded.blocks))
        known = reference(encoded.encoder)
        pool = pool_of(encoded.rows, known, encoded.blocks, build=FaissIndex.build, means=how.means)
        pool = replace(pool, recipe=how.recipe)
        owners, ids = pool.layers[0].owners, [document.id for document in self.dataset.documents]
        progress, ranking = self.say(f"ranking, {scope}"), Ranking()
        keeps = _keeps(self.dataset, cross_border=SCOPES[scope])
        for number, query, vectors, keep in zip(count(1), self.dataset.queries, encoded.queries, keeps, strict=False):
            market = [np.array([ids[owner] != query.itself for owner in owners])]
            said = self.words[query.id] if how.words else Said()
            found = _found(pool, (query, vectors), said, (market, keep[owners], depth))
            # A task says nothing but texts, so every other part of the score is the same for all.
            scores = {row.owner: scoring.total(judge(NOTHING, NOTHING, row, shared=said.shared(row))) for row in found}
            order = sorted(scores, key=lambda owner: (-scores[owner], owner))
            ranking[query.id] = [ids[owner] for owner in order]
            progress(number, len(self.dataset.queries))
        return ranking


@dataclass(frozen=True)
class Said:
    """What documents say of a query's rare words, by place: those with any, those with most first."""

    agreements: Mapping[int, Agreement] = field(default_factory=dict)

    def shared(self, row: Found) -> Shared:
        agreement = self.agreements.get(row.owner)
        if agreement is None:
            return NOTHING_SHARED
        return Shared(agreement.value, tuple(term.form for term in agreement.terms))


def evaluate(
    dataset: Dataset,
    encoder: Encoder,
    cache: VectorCache,
    say: Say,
    also: Also = NOTHING_ELSE,
) -> Result:
    """Rank every query of the task in every way; `say` opens a progress bar for a step."""
    encoded = encode(dataset, encoder, cache, say)
    unadapted = encode(dataset, also.plain, cache, say) if also.plain else None
    trial = Trial(dataset, _words(dataset, say("looking for rare words")), say)
    bm25 = Bm25([f"{document.title}\n{document.text}" for document in dataset.documents])
    ways: dict[str, dict[str, Summary]] = {"product": {}, "plain_cosine": {}, "bm25": {}}
    by_pair: tuple[dict[str, Summary], dict[str, Summary]] = ({}, {})
    steps: dict[str, dict[str, Summary]] = {}
    for scope, cross in SCOPES.items():
        keeps = list(_keeps(dataset, cross_border=cross))
        product = trial.ranking(encoded, WHOLE, scope)
        ways["product"][scope] = summarise(dataset, product, cross_border=cross)
        cosine = _by_scores(dataset, keeps, _cosine(unadapted or encoded))
        ways["plain_cosine"][scope] = summarise(dataset, cosine, cross_border=cross)
        words = _by_scores(dataset, keeps, (bm25.scores(query.text) for query in dataset.queries))
        ways["bm25"][scope] = summarise(dataset, words, cross_border=cross)
        if cross:
            by_pair = _by_pair(trial, encoded, product)
        for step, without in _without(trial, encoded, unadapted, scope) if also.ablation else ():
            steps.setdefault(step, {})[scope] = worth(dataset, product, without, cross_border=cross)
    return Result(ways, *by_pair, steps)


def _by_pair(trial: Trial, encoded: Encoded, product: Ranking) -> tuple[dict[str, Summary], dict[str, Summary]]:
    """Per pair of languages the figures among documents of the other language alone, and among all."""
    languages = len({document.lang for document in trial.dataset.documents})
    deep = trial.ranking(encoded, WHOLE, "cross_border", DEPTH * languages) if languages > 1 else product
    known = pairs(trial.dataset, cross_border=True)
    alone = {pair: within(trial.dataset, deep, pair) for pair in known}
    return alone, {pair: summarise(trial.dataset, product, cross_border=True, pair=pair) for pair in known}


def _without(trial: Trial, encoded: Encoded, unadapted: Encoded | None, scope: str) -> Iterator[tuple[str, Ranking]]:
    """The rankings without each step in turn."""
    if unadapted is not None:
        yield ADAPTER, trial.ranking(unadapted, WHOLE, scope)
    for step, how in STEPS.items():
        if (how.second or len(encoded.blocks) > 1) and (not how.all_means or any(b.fair for b in encoded.blocks)):
            yield step, trial.ranking(encoded, how, scope)


def encode(dataset: Dataset, encoder: Encoder, cache: VectorCache, say: Say) -> Encoded:
    """The task's documents and queries, cut and encoded as listings are."""
    documents = [[encoded for _, encoded in cut(*_title_and_body(document))] for document in dataset.documents]
    flat = [text for texts in documents for text in texts]
    vectors = cache.encode(encoder, flat, progress=say("encoding documents"))
    lengths = np.array([len(texts) for texts in documents])
    owners = np.repeat(np.arange(len(documents), dtype=np.int64), lengths)
    languages = [dataset.documents[owner].lang for owner in owners]
    rows = Rows(owners, languages, np.arange(len(flat), dtype=np.int64), vectors)
    asked = [[encoded for _, encoded in cut("", query.text)] for query in dataset.queries]
    answers = cache.encode(encoder, [text for texts in asked for text in texts], progress=say("encoding queries"))
    ends = np.cumsum([len(texts) for texts in asked])[:-1]
    firsts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    return Encoded(rows, np.split(answers, ends), firsts, encoder.name, blocks_of(encoder))


def _found(
    pool: Pool,
    asked: tuple[Query, Vectors],
    said: Said,
    among: tuple[Sequence[NDArray[np.bool_]], NDArray[np.bool_], int],
) -> list[Found]:
    """The documents that are looked at: the closest, and of the others those that say the same rare words."""
    (query, vectors), (market, keep, depth) = asked, among
    sought = pool.seek(vectors, [query.lang] * len(vectors))
    if is_long([query.text]):
        sought = pool.echoed(sought, market)
    found = pool.search(sought, max(depth, CLOSE), market=market, keep=[keep], echo=False)
    here = {row.owner for row in found}
    most = [owner for owner in list(said.agreements)[:MOST_SAID] if owner not in here]
    more = keep & np.isin(pool.layers[0].owners, np.array(most, dtype=np.int64))
    return [*found, *pool.search(sought, len(most), market=market, keep=[more], echo=False)[: len(most)]]


def _words(dataset: Dataset, progress: Progress) -> dict[str, Said]:
    """What every document says of every query's rare words, from a lexicon of the task alone."""
    found: dict[str, Said] = {}
    entries = [
        lexicon.Entry(place + 1, "result", document.country, {document.lang: f"{document.title}\n{document.text}"})
        for place, document in enumerate(dataset.documents)
    ]
    with lexicon.in_memory() as database:
        for start in range(0, len(entries), CHUNK):
            lexicon.store(database, entries[start : start + CHUNK])
        for number, query in enumerate(dataset.queries, 1):
            terms = lexicon.rare_terms(database, query.text)
            hits = [hit.listing_id for hit in lexicon.hits(database, terms, lexicon.Wanted(), len(entries))]
            shared = lexicon.shared(database, terms, hits)
            found[query.id] = Said({id_ - 1: shared[id_] for id_ in hits if id_ in shared})
            progress(number, len(dataset.queries))
    return found


def _title_and_body(document: Document) -> tuple[str, str]:
    return document.title, document.text


def _keeps(dataset: Dataset, *, cross_border: bool) -> Iterator[NDArray[np.bool_]]:
    """Per query, the documents that may be shown: never the query itself."""
    ids = np.array([document.id for document in dataset.documents])
    countries = np.array([document.country for document in dataset.documents])
    for query in dataset.queries:
        keep = ids != query.itself
        yield keep & (countries != query.country) if cross_border and query.country else keep


def _cosine(encoded: Encoded) -> Iterator[NDArray[np.float64]]:
    """Plain cosine over the same raw vectors of the first encoder, which knows all languages: the best pair."""
    block = encoded.blocks[0]
    documents = unit_rows(encoded.rows.vectors[:, block.start : block.stop])
    for vectors in encoded.queries:
        per_passage = (documents @ unit_rows(vectors[:, block.start : block.stop]).T).max(axis=1)
        yield np.maximum.reduceat(per_passage, encoded.firsts).astype(np.float64)


def _by_scores(dataset: Dataset, keeps: Sequence[NDArray[np.bool_]], scores: Iterator[NDArray[np.float64]]) -> Ranking:
    ranking: Ranking = {}
    for query, keep, row in zip(dataset.queries, keeps, scores, strict=True):
        order = np.argsort(-np.where(keep, row, -np.inf), kind="stable")[:DEPTH]
        ranking[query.id] = [dataset.documents[i].id for i in order if keep[i]]
    return ranking
