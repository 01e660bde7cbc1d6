"""Eight-bit graphs: what is rounded, what is not, and that it is still the same network."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper
from torch import nn

from deploy.accuracy import refuse_drop
from deploy.export import export_onnx
from deploy.package import write_bundle
from deploy.parity import check_parity
from deploy.quantize import FIRST_IN_FLOAT, CalibrationPictures, first_convolutions, last_convolutions, quantize_graph
from edgeact.bundle import Bundle
from edgeact.config import PipelineConfig
from edgeact.errors import BackendError, BundleError
from edgeact.inference.select import open_graph
from edgeact.perception.perceiver import Perceiver
from edgeact.types import Frame
from tests.deploy.networks import CALIBRATION, random_networks, random_samples


class Small(nn.Module):
    """Eight convolutions between a picture and two heads; the second head ends in a softmax."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.Sequential(*(nn.Conv2d(3 if i == 0 else 16, 16, 3, padding=1) for i in range(8)))
        self.heads = nn.ModuleList(nn.Conv2d(16, 2, 1) for _ in range(2))

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        x = image.permute(0, 3, 1, 2).float() / 255
        for layer in self.layers:
            x = torch.relu(layer(x)) * 1.5
        return self.heads[0](x), torch.softmax(self.heads[1](x).flatten(1), -1)


def pictures(count: int, height: int = 24, width: int = 32) -> np.ndarray:
    rng = np.random.default_rng(1)
    return rng.integers(0, 255, (count, height, width, 3), np.uint8)


@pytest.fixture(scope="module")
def graphs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Small, Path, Path]:
    folder = tmp_path_factory.mktemp("graphs")
    network = Small().eval()
    example = torch.from_numpy(pictures(2))
    export_onnx(
        network, example, folder / "float.onnx", input_name="image", output_names=["map", "share"], dynamic_batch=True
    )
    quantize_graph(folder / "float.onnx", folder / "int8.onnx", pictures(8))
    return network, folder / "float.onnx", folder / "int8.onnx"


def test_heads_and_the_first_convolutions_stay_in_float(graphs: tuple[Small, Path, Path]) -> None:
    model = onnx.load(graphs[2])
    makers = {name: node.op_type for node in model.graph.node for name in node.output}
    convolutions = [node for node in model.graph.node if node.op_type == "Conv"]
    rounded = [node for node in convolutions if makers.get(node.input[1]) == "DequantizeLinear"]
    assert len(convolutions) == 10
    assert [node.name for node in rounded] == [node.name for node in convolutions[FIRST_IN_FLOAT:-2]]
    assert all(makers[node.input[0]] == "DequantizeLinear" for node in rounded)
    assert first_convolutions(model) == [node.name for node in convolutions[:FIRST_IN_FLOAT]]
    assert last_convolutions(model) == [node.name for node in convolutions[-2:]]


def test_it_stays_close_to_the_network_but_is_not_the_same(graphs: tuple[Small, Path, Path]) -> None:
    network, exact, rounded = graphs
    samples = [torch.from_numpy(pictures(3)), torch.from_numpy(pictures(1))]  # any size of batch
    spread = float(network(samples[0])[0].detach().std())
    found = check_parity(network, rounded, samples, output_names=["map", "share"])
    assert 0 < found[0].mean < 0.05 * spread
    assert check_parity(network, exact, samples, output_names=["map", "share"])[0].largest < 1e-3


def test_the_same_pictures_give_the_same_file(graphs: tuple[Small, Path, Path], tmp_path: Path) -> None:
    quantize_graph(graphs[1], tmp_path / "again.onnx", pictures(8))
    assert (tmp_path / "again.onnx").read_bytes() == graphs[2].read_bytes()


def test_an_activation_without_a_range_is_explained(tmp_path: Path) -> None:
    network = Small().eval()
    with torch.no_grad():  # the seventh convolution, the first in eight bits, sees 3 with some rounding error
        network.layers[5].weight.normal_(std=1e-7)
        network.layers[5].bias.fill_(3.0)
    example = torch.from_numpy(pictures(2))
    export_onnx(
        network, example, tmp_path / "flat.onnx", input_name="image", output_names=["map", "share"], dynamic_batch=True
    )
    with pytest.raises(BundleError, match=r"flat\.onnx cannot be rounded .* quantize\.graphs"):
        quantize_graph(tmp_path / "flat.onnx", tmp_path / "out.onnx", pictures(2))
    assert not (tmp_path / "out.onnx").exists()


def test_a_convolution_whose_result_reaches_another_one_is_no_head() -> None:
    def tensor(name: str) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, None)

    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"], name="first"),
        helper.make_node("Relu", ["a"], ["b"], name="relu"),
        helper.make_node("Conv", ["b", "w"], ["c"], name="head"),
        helper.make_node("Conv", ["a", "w"], ["d"], name="other_head"),
        helper.make_node("Exp", ["d"], ["e"], name="exp"),
    ]
    model = helper.make_model(helper.make_graph(nodes, "g", [tensor("x"), tensor("w")], [tensor("c"), tensor("e")]))
    assert last_convolutions(model) == ["head", "other_head"]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    samples = random_samples()
    calibration = CalibrationPictures(scenes=samples.scenes.numpy(), crops=samples.crops.numpy())
    folder = tmp_path_factory.mktemp("made") / "bundle"
    networks = random_networks(action=False)
    return write_bundle(
        folder,
        networks,
        CALIBRATION,
        samples,
        pictures=calibration,
        version="0.0.1",
        created="2026-01-31",
        training={"recipe": {}},
    )


def test_the_manifest_says_what_was_rounded_and_with_which_pictures(bundle: Bundle) -> None:
    assert {graph.name: graph.precision for graph in bundle.manifest.graphs} == {"detector": "int8", "pose": "int8"}
    described = bundle.manifest.training["quantized_with"]
    assert (described["scenes"], described["crops"], len(described["sha256"])) == (2, 3, 64)
    assert "recipe" in bundle.manifest.training
    parity = {(name, row["output"]): row["mean"] for name, rows in bundle.manifest.parity.items() for row in rows}
    assert 0 < parity["pose", "joint_maps"] < 1e-3  # of the shipped graph, not of the float one before it: not zero
    assert (bundle.directory / "pose.onnx").stat().st_size < 2.2e6


def test_the_runtime_runs_it(bundle: Bundle) -> None:
    perceiver = Perceiver(bundle, PipelineConfig())
    assert perceiver.process(Frame(0, 0.0, np.zeros((120, 160, 3), np.uint8))).frame.index == 0
    perceiver.close()


def test_tensorrt_is_told_apart_before_anything_is_loaded(bundle: Bundle) -> None:
    with pytest.raises(BackendError, match=r"quantize\.graphs = \[\]"):
        open_graph(bundle, bundle.manifest.graphs[0], device="tensorrt")


def test_a_bundle_that_lost_too_much_is_refused_by_name() -> None:
    before = {"pose lspet": 0.50, "pose stock_upright": 0.84, "detector lspet": 0.73}
    refuse_drop(before, {"pose lspet": 0.495, "pose stock_upright": 0.85, "detector lspet": 0.73}, largest=0.01)
    with pytest.raises(BundleError, match=r"pose lspet 0\.5000 → 0\.4800") as caught:
        refuse_drop(before, {"pose lspet": 0.48, "pose stock_upright": 0.84, "detector lspet": 0.73}, largest=0.01)
    assert "stock_upright" not in str(caught.value)
    with pytest.raises(BundleError, match="detector lspet"):
        refuse_drop(before, before | {"detector lspet": float("nan")}, largest=0.01)
