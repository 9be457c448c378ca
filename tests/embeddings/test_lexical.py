"""BM25 scores are those of the formula, in every script."""

from math import log

import numpy as np
import pytest

from embeddings.lexical import K1, B, Bm25

TEXTS = ["the robot drills coal", "coal coal mine", "a tea garden in the hills and the valley", ""]


def by_hand(query: list[str], text: list[str], texts: list[list[str]]) -> float:
    """Robertson and Zaragoza's formula, with the idf that is never negative; an empty text counts as one word."""
    lengths = [max(1, len(words)) for words in texts]
    norm = K1 * (1 - B + B * max(1, len(text)) / (sum(lengths) / len(lengths)))
    score = 0.0
    for word in query:
        having = sum(word in words for words in texts)
        idf = log(1 + (len(texts) - having + 0.5) / (having + 0.5))
        score += idf * text.count(word) * (K1 + 1) / (text.count(word) + norm)
    return score


@pytest.mark.parametrize("query", ["coal", "robot coal", "the tea", "the"])
def test_scores_are_those_of_the_formula(query: str) -> None:
    words = [text.split() for text in TEXTS]
    wanted = [by_hand(query.split(), text, words) for text in words]
    np.testing.assert_allclose(Bm25(TEXTS).scores(query), wanted, rtol=1e-9)


def test_a_word_asked_for_twice_counts_once() -> None:
    index = Bm25(TEXTS)
    np.testing.assert_array_equal(index.scores("coal coal"), index.scores("coal"))


def test_scripts_without_blanks_are_found_by_pairs_of_characters() -> None:
    scores = Bm25(["煤矿井下钻探机器人", "茶叶加工", "coal"]).scores("钻探机器")
    assert scores[0] > 0
    assert scores[1:].tolist() == [0, 0]


@pytest.mark.parametrize("query", ["", "unheard-of", "…"])
def test_words_that_no_text_has_score_nothing(query: str) -> None:
    assert Bm25(TEXTS).scores(query).tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("texts", [[], ["", "…"]])
def test_an_index_without_words_scores_nothing(texts: list[str]) -> None:
    assert Bm25(texts).scores("coal").tolist() == [0.0] * len(texts)
