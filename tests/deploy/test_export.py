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
from torch.nn import functional

from deploy.export import MINIMUM_HALF_ELEMENTS, OPSET, export_onnx, round_weights, store_half
from deploy.parity import check_parity


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
    export_onnx(round_weights(Small()), torch.randn(2, 40), path, input_name="x", output_names=["y", "logs"], free="N")
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


class Places(nn.Module):
    """Pictures (1, H, W, 3) → the four brightest of all cells of two strides, x and y, and how bright they are: what a
    detector does, in a few nodes.
    """

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.fine, self.coarse = nn.Conv2d(3, 1, 8, 8), nn.Conv2d(1, 1, 3, 4, 1)

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        fine = self.fine(image.permute(0, 3, 1, 2).float())
        fine = fine + functional.interpolate(self.coarse(fine), scale_factor=4, mode="nearest")
        x = torch.arange(fine.shape[3]).expand(fine.shape[2:])
        y = torch.arange(fine.shape[2])[:, None].expand(fine.shape[2:])
        bright, order = torch.topk(fine.flatten(1), 4, dim=1)
        return torch.stack([x, y], -1).flatten(0, 1)[order].float(), bright


def test_pictures_of_other_shapes_than_the_example_give_what_the_network_gives(tmp_path: Path) -> None:
    module, path = Places(), tmp_path / "free.onnx"
    pictures = [torch.randint(0, 256, (1, *size, 3), dtype=torch.uint8) for size in ((64, 96), (128, 64), (32, 224))]
    export_onnx(module, pictures[0], path, input_name="image", output_names=["places", "bright"], free="HW")
    (shape,) = (tensor.shape for tensor in onnxruntime.InferenceSession(path.read_bytes()).get_inputs())
    assert (shape[0], shape[3]) == (1, 3)
    assert isinstance(shape[1], str)
    assert isinstance(shape[2], str)
    assert shape[1] != shape[2]
    for picture in pictures:
        places, bright = check_parity(module, path, [picture], output_names=["places", "bright"])
        assert places.largest == 0
        assert bright.largest < 1e-3


def test_nothing_of_this_machine_is_left_in_the_file(graph: Path) -> None:
    model = onnx.load_model_from_string(graph.read_bytes())
    assert model.opset_import[0].version == OPSET
    assert not any(node.doc_string or node.metadata_props for node in model.graph.node)
    assert not model.metadata_props
    for trace in (__file__, str(Path.cwd()), "site-packages"):
        assert trace.encode() not in graph.read_bytes()


def weights_of(model: onnx.ModelProto) -> dict[str, int]:
    return {tensor.name: tensor.data_type for tensor in model.graph.initializer}


def test_large_weights_that_half_holds_become_half_and_the_rest_stays() -> None:
    rng = np.random.default_rng(0)
    values: dict[str, np.ndarray] = {
        "large": rng.normal(size=(MINIMUM_HALF_ELEMENTS, 1)).astype(np.float16).astype(np.float32),
        "not_rounded": rng.normal(size=(MINIMUM_HALF_ELEMENTS, 1)).astype(np.float32),
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
    products = onnx.ModelProto.FromString(model.SerializeToString())
    store_half(model)
    onnx.checker.check_model(model)
    assert weights_of(model) == {
        "large_half": TensorProto.FLOAT16,
        "not_rounded": TensorProto.FLOAT,
        "small": TensorProto.FLOAT,
        "beyond_half": TensorProto.FLOAT,
        "whole_numbers": TensorProto.INT64,
    }
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    x = rng.normal(size=(1, MINIMUM_HALF_ELEMENTS)).astype(np.float32)
    assert session.run(None, {"x": x})[0] == pytest.approx(x @ values["large"], abs=1e-4)
    store_half(products, products=True)
    assert weights_of(products)["not_rounded_half"] == TensorProto.FLOAT16
    assert weights_of(products)["beyond_half"] == TensorProto.FLOAT


def test_the_batch_is_known_behind_a_resize(tmp_path: Path) -> None:
    class Enlarging(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return functional.interpolate(x[:, :, ::2, ::2], scale_factor=2, mode="nearest") + x

    path = tmp_path / "enlarging.onnx"
    export_onnx(Enlarging(), torch.randn(2, 3, 8, 8), path, input_name="x", output_names=["y"], free="N")
    graph = onnx.load(path).graph
    (resize,) = (node for node in graph.node if node.op_type == "Resize")
    (known,) = graph.value_info
    assert known.name == resize.output[0]
    assert [axis.dim_param or axis.dim_value for axis in known.type.tensor_type.shape.dim] == ["N", 3, 8, 8]
    session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    assert session.run(None, {"x": np.ones((5, 3, 8, 8), np.float32)})[0].shape == (5, 3, 8, 8)
