"""An adapter inside an ONNX graph: the layer with it has the product of its factors added."""

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import save_file

from commonplace.foundation import WeightsError
from commonplace.foundation.arrays import Float32s
from commonplace.models.network_adapter import LowRank, read_adapter, with_adapter

RANDOM = np.random.default_rng(3)
WEIGHT, BIAS = RANDOM.normal(size=(6, 4)).astype("f4"), RANDOM.normal(size=4).astype("f4")
DOWN, UP = RANDOM.normal(size=(6, 2)).astype("f4"), RANDOM.normal(size=(2, 4)).astype("f4")
INPUT = RANDOM.normal(size=(3, 6)).astype("f4")


def layer() -> bytes:
    """A graph y = x W + b."""
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["x", "dense.weight"], ["product"]),
            helper.make_node("Add", ["dense.bias", "product"], ["y"]),
        ],
        "layer",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 6])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 4])],
        [
            numpy_helper.from_array(WEIGHT, "dense.weight"),
            numpy_helper.from_array(BIAS, "dense.bias"),
        ],
    )
    opset = [helper.make_opsetid("", 14)]
    model: bytes = helper.make_model(graph, opset_imports=opset, ir_version=7).SerializeToString()
    return model


def run(model: bytes) -> Float32s:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    output: Float32s = session.run(None, {"x": INPUT})[0]
    return output


def test_it_adds_the_product_of_its_factors() -> None:
    adapted = run(with_adapter(layer(), {"dense.bias": LowRank("x", DOWN, UP)}))
    np.testing.assert_allclose(run(layer()), INPUT @ WEIGHT + BIAS, rtol=1e-5)
    np.testing.assert_allclose(adapted, INPUT @ (WEIGHT + DOWN @ UP) + BIAS, rtol=1e-5, atol=1e-5)
    assert onnx.load_from_string(layer()).graph.initializer[1].name == "dense.bias"


def test_without_additions_nothing_changes() -> None:
    np.testing.assert_array_equal(run(with_adapter(layer(), {})), run(layer()))


def test_a_network_without_that_layer_is_refused() -> None:
    with pytest.raises(WeightsError, match=r"other\.bias"):
        with_adapter(layer(), {"other.bias": LowRank("x", DOWN, UP)})


def saved(folder: Path, **changes: str) -> Path:
    metadata = {
        "base_sha256": "0" * 64,
        "scale": "0.5",
        "shift": "1.5",
        "sources": json.dumps({"dense.bias": "x"}),
        **changes,
    }
    file = folder / "reader.safetensors"
    tensors = {"dense.bias/down": DOWN.astype("f2"), "dense.bias/up": UP.astype("f2")}
    save_file(tensors, str(file), metadata)
    return file


def test_a_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    adapter = read_adapter(saved(tmp_path))
    assert (adapter.scale, adapter.shift, adapter.base_sha256) == (0.5, 1.5, "0" * 64)
    np.testing.assert_allclose(adapter.additions["dense.bias"].up, UP, rtol=1e-3, atol=1e-4)
    assert adapter.additions["dense.bias"].source == "x"


@pytest.mark.parametrize(
    "changes",
    [{"scale": "wide"}, {"sources": "{"}, {"sources": json.dumps({"other.bias": "x"})}],
)
def test_a_damaged_file_is_one_clear_error(tmp_path: Path, changes: dict[str, str]) -> None:
    with pytest.raises(WeightsError, match="is no adapter of a network"):
        read_adapter(saved(tmp_path, **changes))


def test_a_missing_file_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="is no adapter of a network"):
        read_adapter(tmp_path / "none.safetensors")
