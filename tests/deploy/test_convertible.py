"""Which operators TensorRT would not take: those beside the list, and those whose notes leave a part out."""

from pathlib import Path

from onnx import ModelProto, helper
from typer.testing import CliRunner

from deploy.cli import app
from deploy.convertible import check_bundle, known_operators
from edgeact.bundle.load import load_bundle
from tests.tiny_bundle import build_tiny_bundle, change_graph


def test_the_list_has_what_convolutional_networks_need() -> None:
    assert {"Conv", "Gemm", "Relu", "Resize", "GridSample", "ConvTranspose", "TopK"} <= known_operators()
    assert not {"Det", "Unique", "DFT", "Compress", "#"} & known_operators()


def add_what_is_not_taken(model: ModelProto) -> None:
    taken = model.graph.input[0].name
    nodes = [
        helper.make_node("Cast", [taken], ["as_float"], to=1),
        helper.make_node("Det", ["as_float"], ["determinant"]),
        helper.make_node("MaxPool", ["as_float"], ["pooled", "places"], kernel_shape=[1, 1]),
        helper.make_node("MaxPool", ["as_float"], ["pooled_too"], kernel_shape=[1, 1]),
    ]
    model.graph.node.extend(nodes)


def test_operators_are_counted_by_graph(tmp_path: Path) -> None:
    folder = change_graph(build_tiny_bundle(tmp_path / "tiny"), "pose", add_what_is_not_taken)
    found = {graph.graph: graph for graph in check_bundle(load_bundle(folder))}
    assert set(found) == {"detector", "pose", "action", "explain"}
    assert found["pose"].outside == {"Det": 1, "MaxPool with indices": 1}
    assert found["action"].outside == {}
    assert found["action"].operators > 10


def test_the_verb_says_it(tmp_path: Path) -> None:
    folder = change_graph(build_tiny_bundle(tmp_path / "tiny"), "pose", add_what_is_not_taken)
    result = CliRunner().invoke(app, ["check", str(folder)])
    assert result.exit_code == 0
    assert "operators, not taken: Det ×1, MaxPool with indices ×1" in result.output
    assert result.output.count("all taken") == 3


def test_the_bundles_that_ship_can_be_converted() -> None:
    for name in ("compact", "accurate"):
        outside = {graph.graph: graph.outside for graph in check_bundle(load_bundle(Path(name)))}
        assert not outside["pose"], name
        assert not outside["action"], name
