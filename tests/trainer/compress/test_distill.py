"""What a smaller network learns of a larger one."""

import math
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from edgeact.errors import BundleError, ConfigError, SourceNotFoundError
from trainer.compress.distill import OnnxTeacher, imitate_answers, imitate_features, imitate_maps, watched


def test_answers_are_compared_softened() -> None:
    """At temperature 2 the odds of 9 : 1 are those of 3 : 1, and even odds stay even."""
    own, teacher = torch.tensor([[0.5, 0.5]]), torch.tensor([[0.9, 0.1]])
    wanted = 0.75 * math.log(0.75 / 0.5) + 0.25 * math.log(0.25 / 0.5)
    assert imitate_answers(own, teacher, temperature=2.0).item() == pytest.approx(4 * wanted, rel=1e-5)
    assert imitate_answers(teacher, teacher).item() == pytest.approx(0.0, abs=1e-6)
    impossible = torch.tensor([[1.0, 0.0]])
    assert imitate_answers(own, impossible).isfinite()


def test_maps_are_compared_as_distributions_over_their_cells() -> None:
    own, teacher = torch.zeros(1, 1, 1, 2), torch.tensor([[[[math.log(3.0), 0.0]]]])
    wanted = 0.75 * math.log(0.75 / 0.5) + 0.25 * math.log(0.25 / 0.5)
    assert imitate_maps(own, teacher).item() == pytest.approx(wanted, rel=1e-5)
    assert imitate_maps(teacher + 5.0, teacher).item() == pytest.approx(0.0, abs=1e-6)


def test_only_some_maps_are_imitated_and_finer_ones_are_averaged() -> None:
    own, teacher = torch.zeros(1, 2, 2, 2), torch.zeros(1, 2, 4, 4)
    teacher[0, 1, :2, :2] = 4 * math.log(3.0) * torch.tensor([[0.0, 1.0], [0.0, 0.0]])  # their mean is log 3
    wanted = 0.5 * math.log(0.5 / 0.25) + 3 * (1 / 6) * math.log((1 / 6) / 0.25)
    assert imitate_maps(own, teacher).item() == pytest.approx(wanted / 2, rel=1e-5)
    assert imitate_maps(own, teacher, imitated=torch.tensor([[False, True]])).item() == pytest.approx(wanted, rel=1e-5)
    assert imitate_maps(own, teacher, imitated=torch.tensor([[True, False]])).item() == pytest.approx(0.0, abs=1e-6)
    assert imitate_maps(own, teacher, imitated=torch.zeros(1, 2, dtype=torch.bool)).item() == 0.0


def test_features_need_neither_the_same_channels_nor_the_same_cells() -> None:
    torch.manual_seed(0)
    teacher = torch.randn(4, 6, 2, 2)
    doubled = torch.cat([teacher, teacher], 1)  # finds the same samples alike
    assert imitate_features(doubled, teacher).item() == pytest.approx(0.0, abs=1e-10)
    other = torch.randn(4, 3, 1, 1, requires_grad=True)
    before = imitate_features(other, teacher)
    before.backward()
    assert before.item() > 0.01
    assert imitate_features(other - 0.5 * other.grad, teacher) < before


def test_a_layer_is_watched_while_it_lasts() -> None:
    network = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
    with watched(network, "0") as seen:
        network(torch.ones(1, 2))
    network(torch.ones(1, 2))
    assert [tuple(value.shape) for value in seen] == [(1, 3)]
    with pytest.raises(ConfigError, match="no layer 'head'"), watched(network, "head"):
        pass


def write_doubling(path: Path) -> None:
    """A graph that gives its input twice as large, and its negative."""
    two = numpy_helper.from_array(np.array(2.0, np.float32), "two")
    nodes = [helper.make_node("Mul", ["x", "two"], ["double"]), helper.make_node("Neg", ["x"], ["negative"])]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [2]) for name in ("x", "double", "negative")]
    graph = helper.make_graph(nodes, "doubling", ends[:1], ends[1:], [two])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)])
    model.ir_version = 10
    onnx.save(model, path)


def test_a_graph_can_teach(tmp_path: Path) -> None:
    write_doubling(tmp_path / "teacher.onnx")
    given = torch.tensor([1.0, 3.0])
    assert OnnxTeacher(tmp_path / "teacher.onnx")(given).tolist() == [2.0, 6.0]
    assert OnnxTeacher(tmp_path / "teacher.onnx", "negative")(given).tolist() == [-1.0, -3.0]
    with pytest.raises(ConfigError, match="has no output 'logits'; it has double, negative"):
        OnnxTeacher(tmp_path / "teacher.onnx", "logits")
    with pytest.raises(SourceNotFoundError, match="name the ONNX file of a teacher"):
        OnnxTeacher(tmp_path / "none.onnx")
    (tmp_path / "text.onnx").write_text("no graph")
    with pytest.raises(BundleError):
        OnnxTeacher(tmp_path / "text.onnx")
