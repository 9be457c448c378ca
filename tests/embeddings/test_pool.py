"""A pool answers exactly what its definition says, and every language's right answer comes up."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from embeddings.assembly import layer_of, pool_of, with_layer
from embeddings.encoders.base import Vectors, unit_rows
from embeddings.encoders.ensemble import Block
from embeddings.fairness import LEAST_LENGTH, Reference
from embeddings.index.base import Keep
from embeddings.index.faiss import FaissIndex
from embeddings.index.flat import FlatIndex
from embeddings.layers import Rows
from embeddings.pool import (
    CANDIDATES,
    LEAST_SPREAD,
    LEAST_VARIANCE,
    PRODUCT,
    SPEAKERS,
    SPREAD_SHRINK,
    Found,
    Pool,
)
from embeddings.scored import PEERS

LANGUAGES = ("ar", "de", "hu", "ja", "ru", "zh")
TOPICS, DIM = 30, 48
RANDOM = np.random.default_rng(11)
OFFSETS = {lang: 1.5 * unit_rows(RANDOM.standard_normal((1, DIM)).astype(np.float32))[0] for lang in (*LANGUAGES, "eo")}
CONTENTS = unit_rows(RANDOM.standard_normal((TOPICS, DIM)).astype(np.float32))
NOISE = 0.05
# What parallel sentences would say of these languages.
KNOWN = Reference({lang: offset / np.linalg.norm(offset) * 0.83 for lang, offset in OFFSETS.items()})


def said(topic: int, lang: str) -> Vectors:
    """One passage on a topic, as an encoder that cannot forget the language would put it."""
    noise = NOISE * RANDOM.standard_normal(DIM).astype(np.float32)
    return unit_rows((CONTENTS[topic] + OFFSETS[lang] + noise)[None])


def rows_of(documents: Sequence[tuple[int, str, Vectors]]) -> Rows:
    """Rows from (owner, language, passages)."""
    lengths = [len(vectors) for _, _, vectors in documents]
    return Rows(
        owners=np.repeat([owner for owner, _, _ in documents], lengths).astype(np.int64),
        languages=[lang for (_, lang, _), length in zip(documents, lengths, strict=True) for _ in range(length)],
        passages=np.arange(sum(lengths), dtype=np.int64) + 1000,
        vectors=np.concatenate([vectors for _, _, vectors in documents]) if documents else np.empty((0, DIM), "f4"),
    )


def market() -> Rows:
    """One document on every topic in every language; the owner's number is topic * 10 + language."""
    documents = [
        (topic * 10 + number, lang, np.concatenate([said(topic, lang) for _ in range(1 + topic % 3)]))
        for topic in range(TOPICS)
        for number, lang in enumerate(LANGUAGES)
    ]
    return rows_of(documents)


def all_rows(pool: Pool) -> list[Keep]:
    return [np.ones(layer.wholes.count, dtype=bool) for layer in pool.layers]


def only(pool: Pool, owners: Sequence[int]) -> list[Keep]:
    return [np.isin(layer.owners, owners) for layer in pool.layers]


def blockwise(vectors: NDArray[np.float64], blocks: Sequence[Block]) -> NDArray[np.float64]:
    """Every block of every row scaled to length 1; zeros and rounding become zeros."""
    parts = [vectors[:, block.start : block.stop] for block in blocks]
    norms = [np.linalg.norm(part, axis=1, keepdims=True) for part in parts]
    scaled = [part / np.maximum(norm, 1e-12) * (norm > LEAST_LENGTH) for part, norm in zip(parts, norms, strict=True)]
    return np.hstack(scaled)


def by_definition(
    pool: Pool, sought: tuple[Vectors, Sequence[str]], *, market: Sequence[Keep], keep: Sequence[Keep] | None = None
) -> dict[int, float]:
    """Each kept document's standing, from the definition in plain numpy, looking at every row.

    Languages must have no more rows than the pool looks at, or the definition says more than the pool promises.
    """
    blocks = pool.correction.blocks
    asked = np.asarray(pool.correction.apply(*sought), dtype=np.float64)
    whole = blockwise(asked.mean(axis=0, keepdims=True), blocks)[0]
    kept = market if keep is None else keep
    first_layer = pool.layers[0].wholes
    fitted = first_layer.vectors(np.arange(first_layer.count)).astype(np.float64)
    spreads = np.maximum((asked @ fitted.T).std(axis=1), LEAST_SPREAD) if len(fitted) else np.ones(len(asked))
    shares = spreads / spreads.sum()
    rows = []
    for number, layer in enumerate(pool.layers):
        for i in range(layer.wholes.count):
            passages = layer.passages.vectors(np.arange(layer.starts[i], layer.starts[i + 1])).astype(np.float64)
            mean = layer.wholes.vectors(np.array([i]))[0].astype(np.float64)
            # At half precision a mean may lie beside that of its passages, and a near tie be another's.
            np.testing.assert_allclose(mean, blockwise(passages.mean(axis=0, keepdims=True), blocks)[0], atol=5e-3)
            row = Row(int(layer.owners[i]), pool.names[layer.languages[i]], mean, number == 0)
            weights = pool.correction.weights(whole.astype(np.float32), row.lang)
            row.aim = whole * weights
            row.level_share = PRODUCT.own_level if row.lang in sought[1] else PRODUCT.level
            row.score = 0.5 * float(mean @ row.aim) + 0.5 * float((passages @ (asked * weights).T).max(axis=0) @ shares)
            row.weights, row.sold, row.kept = weights, bool(market[number][i]), bool(kept[number][i])
            rows.append(row)
    first = standings(rows)
    # The best row of each of the best documents in the market speaks for the query.
    order = sorted((row for row in rows if row.sold), key=lambda row: (-first[id(row)], row.owner))
    speakers = {row.owner: row.mean for row in reversed(order)}
    best = list(dict.fromkeys(row.owner for row in order))[:SPEAKERS]
    if best:
        echo = np.mean([speakers[owner] for owner in best], axis=0)
        for row in rows:
            row.score = (1 - PRODUCT.echo) * row.score + PRODUCT.echo * float(row.mean @ (echo * row.weights))
    second = standings(rows)
    found: dict[int, float] = {}
    for row in rows:
        if row.kept:
            found[row.owner] = max(found.get(row.owner, -np.inf), second[id(row)])
    return found


@dataclass
class Row:
    """A document's row, and what the query makes of it."""

    owner: int
    lang: str
    mean: NDArray[np.float64]
    # The spread of scores is that of the first layer, which the pool was fitted to.
    fitted: bool
    aim: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    weights: NDArray[np.float32] = field(default_factory=lambda: np.empty(0, dtype=np.float32))
    score: float = 0.0
    level_share: float = 0.0
    sold: bool = False
    kept: bool = False


def standings(rows: Sequence[Row]) -> dict[int, float]:
    """How far every row's score stands out from the best of its language, by the row's identity."""
    peers: dict[str, list[float]] = {}
    for row in sorted((row for row in rows if row.sold), key=lambda row: -row.score):
        peers.setdefault(row.lang, []).append(row.score)
    peers = {lang: scores[:PEERS] for lang, scores in peers.items()}
    together = [score for scores in peers.values() for score in scores]
    usual = float(np.mean(together)) if together else 0.0
    found = {}
    for row in rows:
        mine = peers.get(row.lang, [])
        level = (sum(mine) + usual * (PEERS - len(mine))) / PEERS
        everybody = [other.mean @ row.aim for other in rows if other.fitted]
        own = [other.mean @ row.aim for other in rows if other.fitted and other.lang == row.lang]
        weight = len(own) / (len(own) + SPREAD_SHRINK)
        variance = (weight * np.var(own) if own else 0) + (1 - weight) * np.var(everybody)
        found[id(row)] = (row.score - row.level_share * level) / max(variance, LEAST_VARIANCE) ** 0.5
    return found


def matches_definition(found: Sequence[Found], wanted: dict[int, float], k: int) -> None:
    assert [row.standing for row in found] == pytest.approx(
        sorted(wanted.values(), reverse=True)[:k], abs=2e-3, rel=1e-2
    )
    for row in found:
        assert row.standing == pytest.approx(wanted[row.owner], abs=2e-3, rel=1e-2)
    assert len({row.owner for row in found}) == len(found)


# The second encoder knows two of the languages only.
TWO_ENCODERS = (Block(0, 8, 0.6), Block(8, 12, 0.4, frozenset({"de", "zh"})))


@settings(deadline=None, max_examples=60, derandomize=True)
@given(
    seed=st.integers(0, 2**32 - 1),
    k=st.integers(1, 30),
    faiss=st.booleans(),
    layers=st.sampled_from([1, 2]),
    ensemble=st.booleans(),
)
def test_the_best_are_those_of_the_definition(seed: int, k: int, *, faiss: bool, layers: int, ensemble: bool) -> None:
    random = np.random.default_rng(seed)
    languages = random.choice(["de", "en", "zh", "eo"], int(random.integers(1, 5)), replace=False)
    documents = [
        # At most ten rows of a language: the peers are then looked for among all of them.
        (int(owner), str(lang), unit_rows(random.standard_normal((int(random.integers(1, 4)), 12)).astype(np.float32)))
        for lang in languages
        for owner in random.choice(20, int(random.integers(1, 11)), replace=False)
    ]
    cut = len(documents) if layers == 1 else len(documents) // 2 + 1
    blocks = TWO_ENCODERS if ensemble else None
    pool = pool_of(rows_of(documents[:cut]), Reference(), blocks, build=FaissIndex.build if faiss else FlatIndex)
    if layers == 2:
        pool = with_layer(pool, rows_of(documents[cut:]) if documents[cut:] else empty(12))
    market = [random.random(layer.wholes.count) < 0.8 for layer in pool.layers]
    keep = [among & (random.random(len(among)) < 0.7) for among in market]
    asked = (unit_rows(random.standard_normal((2, 12)).astype(np.float32)), ["de", "zh"])
    found = pool.search(pool.seek(*asked), k, market=market, keep=keep)
    matches_definition(found, by_definition(pool, asked, market=market, keep=keep), k)


def empty(dim: int) -> Rows:
    none = np.empty(0, dtype=np.int64)
    return Rows(none, [], none, np.empty((0, dim), dtype=np.float32))


def test_spread_is_that_of_the_language_shrunk_towards_all() -> None:
    pool = pool_of(market(), Reference())
    layer = pool.layers[0]
    sought = pool.seek(said(4, "zh"), ["zh"])
    scores = layer.wholes.vectors(np.arange(layer.wholes.count)).astype(np.float64) @ sought.whole
    own = scores[layer.languages == pool.names.index("hu")]
    weight = len(own) / (len(own) + SPREAD_SHRINK)
    wanted = weight * np.var(own) + (1 - weight) * np.var(scores)
    found = next(row for row in pool.search(sought, 50, market=all_rows(pool)) if row.language == "hu")
    assert found.spread == pytest.approx(wanted**0.5, rel=1e-3)


def test_what_a_found_row_is_made_of_gives_its_standing() -> None:
    pool = pool_of(market(), KNOWN)
    for row in pool.search(pool.seek(said(4, "zh"), ["zh"]), 20, market=all_rows(pool)):
        score = (1 - PRODUCT.echo) * (0.5 * row.whole + 0.5 * row.best) + PRODUCT.echo * row.echo
        level = PRODUCT.own_level if row.language == "zh" else PRODUCT.level
        assert row.standing == pytest.approx((score - level * row.level) / row.spread, abs=1e-5)


def test_plain_cosine_puts_the_own_language_first_which_is_what_the_pool_must_undo() -> None:
    rows = market()
    for topic in range(TOPICS):
        closest = np.argsort(-(rows.vectors @ said(topic, "de")[0]))[:6]
        assert [rows.languages[row] for row in closest] == ["de"] * 6


@pytest.mark.parametrize("known", [Reference(), KNOWN], ids=["no reference", "reference"])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_languages_right_answer_comes_up(lang: str, known: Reference) -> None:
    pool = pool_of(market(), known)
    own = right = 0
    for topic in range(TOPICS):
        found = pool.search(pool.seek(said(topic, lang), [lang]), len(LANGUAGES), market=all_rows(pool))
        right += sum(row.owner // 10 == topic for row in found)
        own += sum(row.language == lang for row in found)
    assert right == TOPICS * len(LANGUAGES)
    assert own == TOPICS, "each language has one right answer for each topic"


@pytest.mark.parametrize("known", [Reference(), KNOWN], ids=["no reference", "reference"])
def test_a_language_with_one_document_is_neither_lost_nor_favoured(known: Reference) -> None:
    documents = [
        (topic * 10 + number, lang, said(topic, lang))
        for topic in range(TOPICS)
        for number, lang in enumerate(LANGUAGES)
    ]
    pool = pool_of(rows_of([*documents, (7, "eo", said(0, "eo"))]), known)
    for topic in range(TOPICS):
        found = pool.search(pool.seek(said(topic, "zh"), ["zh"]), 12, market=all_rows(pool))
        place = [row.language for row in found].index("eo") if "eo" in [row.language for row in found] else 99
        assert place < 10 if topic == 0 else place >= len(LANGUAGES)


def test_as_many_come_back_as_are_kept() -> None:
    pool = pool_of(market(), Reference())
    owners = [10, 11, 12, 153, 295]
    found = pool.search(pool.seek(said(8, "ja"), ["ja"]), 5, market=all_rows(pool), keep=only(pool, owners))
    assert sorted(row.owner for row in found) == owners


def test_what_may_be_shown_does_not_change_how_it_stands() -> None:
    pool = pool_of(market(), KNOWN)
    sought = pool.seek(said(3, "ru"), ["ru"])
    every = pool.search(sought, 180, market=all_rows(pool))
    kept = {row.owner for row in every if row.owner % 10 in {1, 4}}
    shown = pool.search(sought, 60, market=all_rows(pool), keep=only(pool, sorted(kept)))
    assert [row.owner for row in shown] == [row.owner for row in every if row.owner in kept]
    assert [row.standing for row in shown] == pytest.approx(
        [row.standing for row in every if row.owner in kept], abs=1e-4
    )


def test_whoever_is_left_out_of_the_market_neither_answers_nor_counts() -> None:
    rows = market()
    pool = pool_of(rows, KNOWN)
    own = rows.vectors[rows.owners == 85]
    sought = pool.seek(own, [LANGUAGES[5]] * len(own))
    others = [layer.owners != 85 for layer in pool.layers]
    found = pool.search(sought, 200, market=others)
    assert 85 not in {row.owner for row in found}
    assert len(found) == TOPICS * len(LANGUAGES) - 1
    with_itself = next(row for row in pool.search(sought, 200, market=all_rows(pool)) if row.owner == 85)
    same_language = next(row for row in found if row.language == LANGUAGES[5])
    assert same_language.level < with_itself.level


def test_a_document_in_several_languages_stands_once_by_its_best_version() -> None:
    rows = rows_of(
        [(1, "de", said(0, "de")), (1, "zh", said(5, "zh")), (2, "de", said(9, "de")), (2, "zh", said(9, "zh"))]
    )
    pool = pool_of(rows, KNOWN)
    found = pool.search(pool.seek(said(5, "ru"), ["ru"]), 10, market=all_rows(pool))
    assert [row.owner for row in found] == [1, 2]
    assert found[0].language == "zh"


def test_the_best_pair_of_passages_is_named() -> None:
    long = np.concatenate([said(20, "de"), said(6, "de"), said(21, "de")])
    pool = pool_of(rows_of([(1, "de", long), (2, "zh", said(22, "zh"))]), KNOWN)
    asked = np.concatenate([said(25, "ru"), said(6, "ru")])
    found = pool.search(pool.seek(asked, ["ru", "ru"]), 1, market=all_rows(pool))
    assert found[0].pair == (1, 1001)


def test_equals_are_ordered_by_owner() -> None:
    same = said(2, "de")
    pool = pool_of(rows_of([(owner, "de", same) for owner in (9, 3, 7, 5)]), Reference())
    found = pool.search(pool.seek(said(2, "zh"), ["zh"]), 4, market=all_rows(pool))
    assert [row.owner for row in found] == [3, 5, 7, 9]


def test_a_right_answer_is_found_behind_more_than_the_fewest_candidates() -> None:
    """As many as are asked for are looked at in each language, also beyond the usual number of candidates."""
    count = CANDIDATES * 3
    pool = pool_of(rows_of([(owner, "de", said(owner % TOPICS, "de")) for owner in range(count)]), Reference())
    found = pool.search(pool.seek(said(1, "zh"), ["zh"]), count, market=all_rows(pool))
    assert sorted(row.owner for row in found) == list(range(count))


def test_an_empty_pool_and_an_empty_market_answer_nothing() -> None:
    pool = pool_of(empty(DIM), KNOWN)
    assert pool.search(pool.seek(said(0, "de"), ["de"]), 5, market=all_rows(pool)) == []
    pool = pool_of(market(), KNOWN)
    nothing = [~keep for keep in all_rows(pool)]
    assert pool.search(pool.seek(said(0, "de"), ["de"]), 5, market=nothing) == []
    assert pool.search(pool.seek(said(0, "de"), ["de"]), 5, market=all_rows(pool), keep=nothing) == []


def test_two_layers_are_as_good_as_one() -> None:
    documents = [
        (topic * 10 + number, lang, said(topic, lang))
        for topic in range(TOPICS)
        for number, lang in enumerate(LANGUAGES)
    ]
    newer = [*documents[100:], (7, "eo", said(3, "eo"))]
    pool = with_layer(pool_of(rows_of(documents[:100]), KNOWN), rows_of(newer))
    together = rows_of([*documents[:100], *newer])
    one = replace(pool, layers=(layer_of(together, pool.correction, pool.names),))
    assert len(pool.layers) == 2
    for topic in (0, 3, 17):
        sought = pool.seek(said(topic, "hu"), ["hu"])
        in_two, in_one = (p.search(sought, 60, market=all_rows(p)) for p in (pool, one))
        assert [row.owner for row in in_two] == [row.owner for row in in_one]
        assert [row.standing for row in in_two] == pytest.approx([row.standing for row in in_one], abs=1e-4)


def test_a_newer_layer_replaces_the_one_before() -> None:
    first = pool_of(rows_of([(1, "de", said(0, "de"))]), KNOWN)
    second = with_layer(with_layer(first, rows_of([(2, "zh", said(0, "zh"))])), rows_of([(3, "ru", said(0, "ru"))]))
    assert [layer.owners.tolist() for layer in second.layers] == [[1], [3]]
    assert [second.names[code] for code in second.layers[1].languages] == ["ru"]


def test_half_precision_gives_the_same_answers() -> None:
    rows = market()
    exact, half = pool_of(rows, KNOWN), pool_of(rows, KNOWN, build=FaissIndex.build)
    for topic in (1, 12):
        sought = exact.seek(said(topic, "ar"), ["ar"])
        found = [pool.search(sought, 6, market=all_rows(pool)) for pool in (exact, half)]
        assert {row.owner for row in found[0]} == {row.owner for row in found[1]}
        standings = [sorted(row.standing for row in answers) for answers in found]
        assert standings[0] == pytest.approx(standings[1], abs=5e-3)


def test_without_a_passage_a_document_stands_where_it_would_if_it_had_never_had_it() -> None:
    pool = pool_of(market(), KNOWN)
    asked = np.concatenate([said(2, "zh"), said(5, "zh")])
    sought = pool.echoed(pool.seek(asked, ["zh"] * 2), all_rows(pool))
    found = next(row for row in pool.search(sought, 50, market=all_rows(pool), echo=False) if row.owner == 51)
    shares = pool.contributions(sought, found)
    layer, row = pool.layers[0], found.place[1]
    members = np.arange(layer.starts[row], layer.starts[row + 1])
    assert [share.passage_id for share in shares] == layer.passage_ids[members].tolist()
    assert len(shares) == 3
    passages = layer.passages.vectors(members)
    assert sought.echo is not None
    for i, share in enumerate(shares):
        rest = np.delete(passages, i, axis=0)
        whole = unit_rows(rest.mean(axis=0, keepdims=True))[0]
        own = 0.5 * whole @ sought.whole + 0.5 * (rest @ sought.passages.T).max(axis=0) @ sought.shares
        score = (1 - PRODUCT.echo) * own + PRODUCT.echo * whole @ sought.echo
        assert share.standing_without == pytest.approx((score - PRODUCT.level * found.level) / found.spread, abs=1e-3)
        assert share.own == 1
        assert share.similarity == pytest.approx(float((passages[i] @ sought.passages.T).max()), abs=1e-3)


def test_without_its_only_passage_a_document_says_nothing() -> None:
    pool = pool_of(market(), KNOWN)
    sought = pool.seek(said(3, "de"), ["de"])
    found = next(row for row in pool.search(sought, 50, market=all_rows(pool), echo=False) if row.owner == 32)
    (share,) = pool.contributions(sought, found)
    assert share.standing_without == pytest.approx(-PRODUCT.level * found.level / found.spread)
    assert share.standing_without < found.standing


def test_a_passage_that_is_as_near_to_everything_counts_less_than_a_specific_one() -> None:
    pool = pool_of(market(), KNOWN)
    everything = unit_rows(CONTENTS.mean(axis=0, keepdims=True) + OFFSETS["zh"])
    sought = pool.seek(np.concatenate([said(4, "zh"), everything.astype(np.float32)]), ["zh"] * 2)
    assert sought.shares.sum() == pytest.approx(1)
    assert sought.shares[0] > sought.shares[1]
