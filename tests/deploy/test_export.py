"""ONNX files: half the bytes, any batch, nothing of the exporting machine, and a comparison that notices
differences.
"""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from deploy.export import MINIMUM_HALF_ELEMENTS, OPSET, export_onnx, store_half


class Small(nn.Module):
    """Two outputs of a linear map with enough weights to be stored in half precision."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.linear = nn.Linear(40, 20)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        y = self.linear(x)
        return y, torch.log(y[:, :2])


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("graph") / "new" / "small.onnx"
    export_onnx(Small(), torch.randn(2, 40), path, input_name="x", output_names=["y", "logs"], dynamic_batch=True)
    return path


def test_the_batch_may_have_any_size(graph: Path) -> None:
    session = onnxruntime.InferenceSession(graph.read_bytes(), providers=["CPUExecutionProvider"])
    assert [tensor.name for tensor in session.get_inputs()] == ["x"]
    assert [tensor.name for tensor in session.get_outputs()] == ["y", "logs"]
    x = np.random.default_rng(0).normal(size=(7, 40)).astype(np.float32)
    module = Small()
    weight = module.linear.weight.detach().half().float().numpy()
    for count in (1, 2, 7):
        y = session.run(["y"], {"x": x[:count]})[0]
        # The reference is the map with the weights as they are stored.
        assert np.abs(y - (x[:count] @ weight.T + module.linear.bias.detach().numpy())).max() < 1e-5


def test_nothing_of_this_machine_is_left_in_the_file(graph: Path) -> None:
    model = onnx.load_model_from_string(graph.read_bytes())
    assert model.opset_import[0].version == OPSET
    assert not any(node.doc_string or node.metadata_props for node in model.graph.node)
    assert not model.metadata_props
    for trace in (__file__, str(Path.cwd()), "site-packages"):
        assert trace.encode() not in graph.read_bytes()


def weights_of(model: onnx.ModelProto) -> dict[str, int]:
    return {tensor.name: tensor.data_type for tensor in model.graph.initializer}


def test_large_weights_become_half_and_the_rest_stays() -> None:
    rng = np.random.default_rng(0)
    values: dict[str, np.ndarray] = {
        "large": rng.normal(size=(MINIMUM_HALF_ELEMENTS, 1)).astype(np.float32),
        "small": rng.normal(size=(MINIMUM_HALF_ELEMENTS - 1,)).astype(np.float32),
        "beyond_half": np.full(MINIMUM_HALF_ELEMENTS, 7e4, np.float32),
        "whole_numbers": np.arange(MINIMUM_HALF_ELEMENTS, dtype=np.int64),
    }
    tensors = [numpy_helper.from_array(value, name) for name, value in values.items()]
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, MINIMUM_HALF_ELEMENTS])]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 1])]
    node = helper.make_node("MatMul", ["x", "large"], ["y"])
    opset = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(
        helper.make_graph([node], "g", inputs, outputs, tensors), opset_imports=opset, ir_version=10
    )
    store_half(model)
    onnx.checker.check_model(model)
    assert weights_of(model) == {
        "large_half": TensorProto.FLOAT16,
        "small": TensorProto.FLOAT,
        "beyond_half": TensorProto.FLOAT,
        "whole_numbers": TensorProto.INT64,
    }
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    x = rng.normal(size=(1, MINIMUM_HALF_ELEMENTS)).astype(np.float32)
    assert session.run(None, {"x": x})[0] == pytest.approx(
        x @ values["large"].astype(np.float16).astype(np.float32), abs=1e-4
    )
