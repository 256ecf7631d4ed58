# mypy: ignore-errors
"""Remakes the tiny networks beside it: random weights, the inputs and outputs of the real ones.

It needs `onnx`, which nothing else here does; the files are small enough to be kept.

    pip install onnx && python tests/models/make_tiny_bert.py
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

VOCABULARY, POSITIONS, WIDTH, HEADS = 96, 512, 16, 2
HERE = Path(__file__).parent / "data"


class Graph:
    """Collects nodes and weights."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self.random = np.random.default_rng(7)

    def weight(self, *shape: int) -> str:
        return self.constant(self.random.normal(0, 0.5, shape).astype(np.float32))

    def constant(self, value: np.ndarray) -> str:
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(value, name))
        return name

    def add(self, kind: str, *inputs: str, name: str = "", **attributes: object) -> str:
        output = name or f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output


def integers(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def normalise(graph: Graph, tensor: str) -> str:
    scale, shift = (graph.constant(np.full(WIDTH, value, np.float32)) for value in (1, 0))
    return graph.add("LayerNormalization", tensor, scale, shift, axis=-1)


def embed(graph: Graph) -> str:
    words = graph.add("Gather", graph.weight(VOCABULARY, WIDTH), "input_ids")
    types = graph.add("Gather", graph.weight(2, WIDTH), "token_type_ids")
    shape = graph.add("Shape", "input_ids")
    length = graph.add("Gather", shape, graph.constant(integers(1)))
    places = graph.add("Slice", graph.weight(POSITIONS, WIDTH), graph.constant(integers(0)), length)
    return normalise(graph, graph.add("Add", graph.add("Add", words, types), places))


def heads(graph: Graph, tensor: str, order: list[int]) -> str:
    shape = graph.constant(integers(0, 0, HEADS, WIDTH // HEADS))
    projected = graph.add("MatMul", tensor, graph.weight(WIDTH, WIDTH))
    return graph.add("Transpose", graph.add("Reshape", projected, shape), perm=order)


def attend(graph: Graph, tensor: str) -> str:
    query, key = heads(graph, tensor, [0, 2, 1, 3]), heads(graph, tensor, [0, 2, 3, 1])
    value = heads(graph, tensor, [0, 2, 1, 3])
    mask = graph.add("Cast", "attention_mask", to=TensorProto.FLOAT)
    mask = graph.add("Unsqueeze", mask, graph.constant(integers(1, 2)))
    one, low = (graph.constant(np.array(v, np.float32)) for v in (1, -1e4))
    barred = graph.add("Mul", graph.add("Sub", one, mask), low)
    scores = graph.add("Add", graph.add("MatMul", query, key), barred)
    mixed = graph.add("MatMul", graph.add("Softmax", scores, axis=-1), value)
    back = graph.add("Transpose", mixed, perm=[0, 2, 1, 3])
    joined = graph.add("Reshape", back, graph.constant(integers(0, 0, WIDTH)))
    return normalise(graph, graph.add("Add", tensor, joined))


def save(name: str, *, scored: bool) -> None:
    graph = Graph()
    states = attend(graph, attend(graph, embed(graph)))
    if scored:
        first = graph.add("Gather", states, graph.constant(np.array(0, np.int64)), axis=1)
        output, shape = "logits", ["n", 1]
        graph.add("MatMul", first, graph.weight(WIDTH, 1), name=output)
    else:
        output, shape = "last_hidden_state", ["n", "tokens", WIDTH]
        graph.add("Identity", states, name=output)
    inputs = [
        helper.make_tensor_value_info(each, TensorProto.INT64, ["n", "tokens"])
        for each in ("input_ids", "attention_mask", "token_type_ids")
    ]
    outputs = [helper.make_tensor_value_info(output, TensorProto.FLOAT, shape)]
    body = helper.make_graph(graph.nodes, name, inputs, outputs, graph.weights)
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, HERE / f"{name}.onnx")


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    save("tiny-encoder", scored=False)
    save("tiny-cross-encoder", scored=True)
