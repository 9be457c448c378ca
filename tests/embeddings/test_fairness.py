"""What language adds to a vector is taken away, as far as the corpus and the reference know it."""

from importlib import resources

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.encoders.base import Vectors, unit_rows
from embeddings.encoders.ensemble import Block
from embeddings.fairness import SHRINK, UNKNOWN, Correction, Reference, fit, reference, unit_blocks

DIM = 24
LANGUAGES = ("ar", "de", "zh")
RANDOM = np.random.default_rng(3)
# Each language adds its own direction, as long as what is said.
OFFSETS = {lang: 2 * unit_rows(RANDOM.standard_normal((1, DIM)).astype(np.float32))[0] for lang in LANGUAGES}
CONTENTS = unit_rows(RANDOM.standard_normal((300, DIM)).astype(np.float32))
CONTENTS -= CONTENTS.mean(axis=0)


def said_in(lang: str, contents: Vectors = CONTENTS) -> Vectors:
    return unit_rows(contents + OFFSETS[lang])


def everything() -> tuple[Vectors, list[str]]:
    vectors = np.concatenate([said_in(lang) for lang in LANGUAGES])
    return vectors, [lang for lang in LANGUAGES for _ in CONTENTS]


def distances(vectors: dict[str, Vectors]) -> float:
    """The largest distance between the means of two languages."""
    means = [rows.mean(axis=0) for rows in vectors.values()]
    return max(float(np.linalg.norm(a - b)) for a in means for b in means)


def test_planted_language_offsets_disappear() -> None:
    vectors, languages = everything()
    correction = fit(vectors, languages, Reference())
    before = {lang: said_in(lang) for lang in LANGUAGES}
    after = {lang: correction.apply(rows, [lang] * len(rows)) for lang, rows in before.items()}
    assert distances(before) > 1
    # What is left is the share that the mean of all still has among 300 documents of a language.
    assert distances(after) < 0.2 * distances(before)


def test_the_same_thing_said_in_two_languages_becomes_its_own_nearest_neighbour() -> None:
    vectors, languages = everything()
    correction = fit(vectors, languages, Reference())
    asked, answers = said_in("de", CONTENTS[:50]), said_in("zh", CONTENTS[:50])
    own = said_in("de", CONTENTS[50:])
    plain = asked @ np.concatenate([answers, own]).T
    assert (plain.argmax(axis=1) >= 50).all(), "plain cosine prefers the own language, whatever it says"
    fair = (
        correction.apply(asked, ["de"] * 50)
        @ np.concatenate([correction.apply(answers, ["zh"] * 50), correction.apply(own, ["de"] * len(own))]).T
    )
    assert (fair.argmax(axis=1) == np.arange(50)).all()


def test_rows_come_back_as_long_as_one() -> None:
    vectors, languages = everything()
    rows = fit(vectors, languages, Reference()).apply(vectors, languages)
    assert (rows.dtype, rows.shape) == (np.float32, vectors.shape)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)


def test_a_vector_that_is_nothing_but_its_language_says_nothing() -> None:
    correction = Correction({UNKNOWN: np.array([0.5, 0.75], dtype=np.float32)}, (Block(0, 2),))
    assert correction.apply(np.array([[0.5, 0.75]], dtype=np.float32), ["de"]).tolist() == [[0, 0]]


def test_what_rounding_leaves_has_no_direction() -> None:
    """A text that is the whole corpus is its own mean, and two passages may cancel each other."""
    one = unit_rows(RANDOM.standard_normal((1, DIM)).astype(np.float32))
    correction = fit(one, ["de"], Reference())
    assert not correction.apply(one + np.float32(1e-8), ["de"]).any()
    opposite = np.array([[1e-6, -1e-6], [0.6, 0.8]], dtype=np.float32)
    np.testing.assert_allclose(unit_blocks(opposite, (Block(0, 2),)), [[0, 0], [0.6, 0.8]], atol=1e-6)


def test_no_vectors_stay_no_vectors() -> None:
    vectors, languages = everything()
    assert fit(vectors, languages, Reference()).apply(vectors[:0], []).shape == (0, DIM)


def test_a_language_that_nobody_knows_loses_the_mean_of_all() -> None:
    vectors, languages = everything()
    correction = fit(vectors, languages, Reference())
    strange = vectors[:5]
    wanted = unit_rows(strange - vectors.mean(axis=0))
    np.testing.assert_allclose(correction.apply(strange, ["tlh"] * 5), wanted, atol=1e-5)


def test_a_language_that_only_the_reference_knows_is_corrected_by_the_reference() -> None:
    known = Reference({lang: said_in(lang).mean(axis=0) for lang in LANGUAGES})
    two = [lang for lang in LANGUAGES if lang != "zh"]
    vectors = np.concatenate([said_in(lang) for lang in two])
    correction = fit(vectors, [lang for lang in two for _ in CONTENTS], known)
    chinese = correction.apply(said_in("zh"), ["zh"] * len(CONTENTS))
    german = correction.apply(said_in("de"), ["de"] * len(CONTENTS))
    assert distances({"zh": chinese, "de": german}) < 0.05


def test_an_empty_corpus_is_corrected_by_the_reference_alone() -> None:
    nothing = np.empty((0, 2), dtype=np.float32)
    known = Reference({"de": np.array([1, 0], dtype=np.float32), "zh": np.array([0, 1], dtype=np.float32)})
    means = fit(nothing, [], known).means
    assert {lang: mean.tolist() for lang, mean in means.items()} == {"de": [1, 0], "zh": [0, 1], UNKNOWN: [0.5, 0.5]}


def test_an_empty_corpus_without_a_reference_leaves_vectors_as_they_are() -> None:
    correction = fit(np.empty((0, 3), dtype=np.float32), [], Reference())
    rows = unit_rows(np.array([[1, 2, 3]], dtype=np.float32))
    np.testing.assert_allclose(correction.apply(rows, ["de"]), rows, atol=1e-6)


@pytest.mark.parametrize("count", [0, 5, 500])
def test_a_mean_moves_from_the_reference_to_the_corpus_as_documents_come(count: int) -> None:
    known = Reference({"de": np.array([1, 0], dtype=np.float32), "zh": np.array([0, 1], dtype=np.float32)})
    german, chinese = np.array([3, 1], dtype=np.float32), np.array([0, 2], dtype=np.float32)
    vectors = np.concatenate([np.tile(german, (count, 1)), np.tile(chinese, (100, 1))])
    means = fit(vectors, ["de"] * count + ["zh"] * 100, known).means
    # The corpus lies (2, 1) away from the reference in German and (0, 1) in Chinese.
    offset = (count * np.array([2.0, 1.0]) + 100 * np.array([0.0, 1.0])) / (count + 100)
    weight = count / (count + SHRINK)
    np.testing.assert_allclose(means["de"], weight * german + (1 - weight) * (np.array([1.0, 0.0]) + offset), rtol=1e-5)


@pytest.mark.parametrize("count", [1, 5, 500])
def test_a_mean_without_a_reference_moves_from_the_mean_of_all(count: int) -> None:
    vectors = np.concatenate([np.tile([4.0, 0.0], (count, 1)), np.tile([0.0, 1.0], (50, 1))]).astype(np.float32)
    means = fit(vectors, ["de"] * count + ["zh"] * 50, Reference()).means
    weight = count / (count + SHRINK)
    np.testing.assert_allclose(
        means["de"], weight * np.array([4.0, 0.0]) + (1 - weight) * vectors.mean(axis=0), rtol=1e-5
    )


# A second encoder, of two dimensions, that knows German and Chinese only.
BLOCKS = (Block(0, 3, 0.7), Block(3, 5, 0.3, frozenset({"de", "zh"})))


def test_each_encoder_of_several_has_a_block_of_length_one_where_it_knows_the_language() -> None:
    vectors = np.arange(1, 21, dtype=np.float32).reshape(4, 5) ** 2
    correction = fit(vectors, ["de", "hu", "zh", "de"], Reference(), BLOCKS)
    rows = correction.apply(vectors, ["de", "hu", "zh", "de"])
    np.testing.assert_allclose(np.linalg.norm(rows[:, :3], axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(rows[:, 3:], axis=1), [1, 0, 1, 1], atol=1e-5)


@pytest.mark.parametrize(
    ("asked", "answered", "expected"),
    [("de", "zh", [0.7] * 3 + [0.3] * 2), ("de", "hu", [1.0] * 3 + [0.0] * 2), ("hu", "de", [1.0] * 3 + [0.0] * 2)],
)
def test_only_encoders_that_know_both_languages_speak_and_share_the_say(
    asked: str, answered: str, expected: list[float]
) -> None:
    vectors = np.arange(1, 21, dtype=np.float32).reshape(4, 5) ** 2
    correction = fit(vectors, ["de", "hu", "zh", "de"], Reference(), BLOCKS)
    one = correction.apply(vectors[:1], [asked])[0]
    np.testing.assert_allclose(correction.weights(one, answered), expected, atol=1e-6)


def test_one_encoder_has_all_the_say() -> None:
    vectors, languages = everything()
    correction = fit(vectors, languages, Reference())
    np.testing.assert_array_equal(correction.weights(vectors[0], "an unknown one"), np.ones(DIM))


@settings(deadline=None, max_examples=30, derandomize=True)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(1, 30))
def test_the_order_of_documents_changes_nothing(seed: int, count: int) -> None:
    random = np.random.default_rng(seed)
    vectors = random.standard_normal((count, 6)).astype(np.float32)
    languages = random.choice(["de", "en", "zh"], count).tolist()
    known = Reference({"de": random.standard_normal(6).astype(np.float32)})
    order = random.permutation(count)
    first = fit(vectors, languages, known).means
    second = fit(vectors[order], [languages[i] for i in order], known).means
    assert first.keys() == second.keys()
    for lang, mean in first.items():
        np.testing.assert_allclose(mean, second[lang], atol=1e-5)


def test_an_encoder_without_a_reference_has_an_empty_one() -> None:
    assert dict(reference("an encoder of tomorrow").means) == {}
    assert all(dict(reference(f"{name}+an encoder of tomorrow").means) == {} for name in SHIPPED)


SHIPPED = sorted(
    path.name.removesuffix(".npz")
    for path in (resources.files("embeddings") / "reference").iterdir()
    if path.name.endswith(".npz")
)


@pytest.mark.parametrize("encoder", SHIPPED)
def test_a_shipped_reference_fits_together(encoder: str) -> None:
    means = reference(encoder).means
    assert len({mean.shape for mean in means.values()}) == 1
    assert {"zh", "en", "de", "ru", "ar"} <= set(means)
    for mean in means.values():
        assert mean.dtype == np.float32
        # A mean of unit vectors is shorter than they are, and a language is never nothing.
        assert 0 < np.linalg.norm(mean) < 1


def test_an_ensembles_reference_is_its_members_side_by_side() -> None:
    assert len(SHIPPED) > 1
    joint, members = reference("+".join(SHIPPED)).means, [reference(name).means for name in SHIPPED]
    assert set(joint) == set(members[0])
    for lang, mean in joint.items():
        parts = [known.get(lang, np.zeros_like(next(iter(known.values())))) for known in members]
        np.testing.assert_allclose(mean, np.concatenate(parts) / np.sqrt(len(SHIPPED)), rtol=1e-6)


def test_a_fair_encoder_keeps_what_its_languages_differ_in() -> None:
    rng = np.random.default_rng(5)
    vectors = rng.standard_normal((40, 8)).astype(np.float32)
    vectors[:20] += 2
    languages = ["zh"] * 20 + ["de"] * 20
    blocks = (Block(0, 4, 0.5, fair=True), Block(4, 8, 0.5))
    found = fit(vectors, languages, Reference(), blocks)
    everything = vectors.mean(axis=0)
    for language in ("zh", "de", UNKNOWN):
        np.testing.assert_allclose(found.means[language][:4], everything[:4], atol=1e-5)
    assert np.abs(found.means["zh"][4:] - found.means["de"][4:]).min() > 0.5
