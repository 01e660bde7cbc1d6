"""What is traced and exported gives what autograd gives, without it: the bundle's explain graph, and the attributions
of paper C.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional

from deploy.explain import explain_graph, trace_gradient
from deploy.export import export_onnx, round_weights
from deploy.parity import check_parity
from tests.deploy.networks import random_samples
from trainer.attribution.cam3d import average_cam3d, sum_cam3d
from trainer.attribution.gradcam import sum_gradcam
from trainer.attribution.gradients import Explained
from trainer.attribution.joint_relevance import joint_relevance
from trainer.data.action_sequences import LABELS
from trainer.layers.residual import BasicBlock
from trainer.models.edge_action import ClipNetwork, EdgeAction
from trainer.models.gated3d import ExplainedBackbone, GatedNetwork, LayerSize
from trainer.models.i3d import I3d, pad_same
from trainer.models.resnet import ResNet
from trainer.models.resnext3d import ResNeXt3d

Attribution = Callable[[Explained, torch.Tensor], torch.Tensor]


def test_the_graph_gives_what_autograd_gives(tmp_path: Path) -> None:
    torch.manual_seed(0)
    clip_network = ClipNetwork(round_weights(EdgeAction(len(LABELS))), temperature=1.3).eval()
    clips = random_samples().clips
    graph = explain_graph(clip_network, clips[:1])
    path = tmp_path / "explain.onnx"
    export_onnx(graph, clips[:1], path, input_name="features", output_names=["relevance"], free="")
    (parity,) = check_parity(graph, path, list(clips.split(1)), output_names=["relevance"])
    for clip in clips.split(1):
        wanted = joint_relevance(clip_network, clip.clone().requires_grad_(True)).detach()
        assert torch.allclose(graph(clip), wanted, atol=1e-5 * float(wanted.max()))
        assert (wanted >= 0).all()
        assert wanted.any()
    assert parity.largest < 1e-4  # measured: 2e-6; the largest relevance is 6e-3


class LastOfI3d(nn.Module):
    """What stands behind I3D's layer 2, all that its attributions go back through but for more of the same."""

    def __init__(self) -> None:
        super().__init__()
        self.network = I3d(4, narrowing=16, dropout=0.0)

    def forward(self, features: torch.Tensor) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
        x = functional.max_pool3d(pad_same(features, (2, 2, 2), (2, 2, 2)), (2, 2, 2), (2, 2, 2))
        for name in ("Mixed_5b", "Mixed_5c"):
            x = self.network.get_submodule(name)(x)
        return {"layer2": features, "layer3": x}, self.network.classify(x)


class Pictures(nn.Module):
    """A small ResNet with its layers' outputs beside its scores: system C over pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.network = ResNet(BasicBlock, (1, 1, 1, 1), classes=4, widths=(8, 8, 16, 16))

    def forward(self, images: torch.Tensor) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
        return self.network.explained(images)


def resnext() -> ExplainedBackbone:
    return ExplainedBackbone(
        ResNeXt3d((1, 1, 1, 1), classes=4, widths=(32, 32, 64, 64), stem_channels=8, cardinality=8)
    )


def gated_resnext() -> GatedNetwork:
    return GatedNetwork(
        resnext(), 4, {"conv": LayerSize(8, 8), "layer1": LayerSize(64, 4), "layer3": LayerSize(128, 1)}
    )


def last_of_i3d() -> GatedNetwork:
    return GatedNetwork(LastOfI3d(), 4, {"layer2": LayerSize(52, 5), "layer3": LayerSize(64, 3)})


def whole_i3d() -> GatedNetwork:
    return GatedNetwork(
        ExplainedBackbone(I3d(4, narrowing=16)), 4, {"layer2": LayerSize(52, 3), "layer3": LayerSize(64, 2)}
    )


@pytest.mark.parametrize(
    ("make", "shape", "attribution"),
    [
        # tests/deploy/systems/test_gated3d.py holds these two maps of a gated 3D ResNeXt to autograd, too.
        pytest.param(
            resnext,
            (3, 8, 24, 32),
            partial(sum_gradcam, label=1),
            id="3D ResNeXt: Sum GradCAM of a class",
            marks=pytest.mark.slow,
        ),
        pytest.param(gated_resnext, (3, 8, 24, 32), sum_cam3d, id="gated 3D ResNeXt: Sum3DCAM", marks=pytest.mark.slow),
        pytest.param(last_of_i3d, (52, 5, 6, 7), sum_cam3d, id="gated I3D behind its layer 2: Sum3DCAM"),
        pytest.param(
            Pictures,
            (3, 48, 64),
            partial(sum_cam3d, label=torch.tensor([2]), layers=("layer2", "layer3", "layer4")),
            id="ResNet: Sum 2DCAM of given labels, layers 2 to 4",
        ),
        pytest.param(Pictures, (3, 48, 64), partial(sum_gradcam, layers=["layer4"]), id="ResNet: GradCAM of layer 4"),
        pytest.param(
            Pictures,
            (3, 48, 64),
            partial(average_cam3d, counterfactual=True, layers=["layer3", "layer4"]),
            id="ResNet: average 2DCAM of two layers, counterfactual",
        ),
        pytest.param(
            gated_resnext,
            (3, 8, 24, 32),
            partial(sum_gradcam, label=1),
            id="gated 3D ResNeXt: Sum GradCAM",
            marks=pytest.mark.slow,
        ),
        pytest.param(whole_i3d, (3, 9, 32, 40), sum_cam3d, id="gated I3D: Sum3DCAM", marks=pytest.mark.slow),
        pytest.param(
            whole_i3d,
            (3, 9, 32, 40),
            partial(sum_gradcam, label=1),
            id="gated I3D: Sum GradCAM",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_an_attribution_is_traced_with_its_gradients_and_exported(
    make: Callable[[], nn.Module], shape: tuple[int, ...], attribution: Attribution, tmp_path: Path
) -> None:
    torch.manual_seed(0)
    network = make()
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d | nn.BatchNorm3d):
            layer.momentum = (
                None  # the mean of what it saw, not a running one: untouched, normalisations would do nothing
            )
    with torch.no_grad():
        network.train()(torch.randn(4, *shape))
    round_weights(network.eval().requires_grad_(False))
    example, other = torch.randn(2, 1, *shape)
    graph = trace_gradient(partial(attribution, network), example)
    export_onnx(graph, example, tmp_path / "map.onnx", input_name="input", output_names=["map"], free="")
    expected = attribution(network, other)
    assert torch.allclose(graph(other), expected, atol=1e-5)
    assert expected.max() > 0.1
    (parity,) = check_parity(graph, tmp_path / "map.onnx", [example, other], output_names=["map"])
    assert parity.largest < 1e-4  # measured: 6e-6


def test_training_mode_is_refused() -> None:
    network = Pictures().requires_grad_(False)
    with pytest.raises(ValueError, match="training mode"):
        trace_gradient(partial(sum_cam3d, network), torch.zeros(1, 3, 32, 32))
