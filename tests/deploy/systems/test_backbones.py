"""The weights say how large a network is: from names and shapes alone comes a network that they fill as a whole."""

import pytest
import torch
from torch import nn

from deploy.systems import find_system
from deploy.systems.system import ExportOptions
from edgeact.errors import UsageError
from tests.example_bundles import EXAMPLES, seeded
from trainer.layers.attentional_pooling import GeneralizedAttentionalPooling, MeanPooling, RankOneAttentionalPooling
from trainer.models.attentional_pooling import AttentionalPoolingNetwork
from trainer.models.body_part_aware import BodyPartAwareNetwork
from trainer.models.edge_net import EdgeNetwork
from trainer.models.gated3d import ExplainedBackbone, GatedNetwork, LayerSize
from trainer.models.hrnet import W32, HRNet
from trainer.models.i3d import I3d
from trainer.models.inception_resnet_v2 import InceptionResNetV2
from trainer.models.last_map import LastMap
from trainer.models.loss_guided import LossGuidedNetwork
from trainer.models.pose_action_pyramid import NTU_8, PENN_ACTION_2, PoseActionPyramid
from trainer.models.resnet import WIDTHS, resnet18, resnet50, resnet101
from trainer.models.resnext3d import ResNeXt3d, resnext3d_101


def shapes_of(network: nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(value.shape) for name, value in network.state_dict().items()}


def made_again(letter: str, network: nn.Module, options: ExportOptions) -> nn.Module:
    with torch.device("meta"):
        return find_system(letter[0]).network(shapes_of(network), options)


@pytest.mark.parametrize("letter", EXAMPLES)
def test_reduced_networks(letter: str) -> None:
    network = seeded(letter)
    again = made_again(letter, network, EXAMPLES[letter].options)
    assert type(again) is type(network)
    assert shapes_of(again) == shapes_of(network)


def pooled(pooling: nn.Module) -> nn.Module:
    return AttentionalPoolingNetwork(LastMap(resnet101(0)), 2048, pooling)


def gated(backbone: ResNeXt3d | I3d) -> nn.Module:
    explained = ExplainedBackbone(backbone).eval()
    side = 112 if isinstance(backbone, ResNeXt3d) else 224
    layers, _ = explained(torch.zeros(1, 3, 16, side, side))
    sizes = {name: LayerSize(layer.shape[1], layer.shape[2]) for name, layer in layers.items()}
    return GatedNetwork(explained, 51, sizes)


def body_part_aware() -> nn.Module:
    residuals = resnet18(0), resnet18(0)
    return BodyPartAwareNetwork(HRNet(W32), W32.branch_channels, *residuals, WIDTHS, joints=16, classes=40)


@pytest.mark.parametrize(
    ("letter", "make"),
    [
        pytest.param("A", body_part_aware, id="A, HRNet-W32"),
        pytest.param("B", lambda: LossGuidedNetwork(LastMap(resnet50(0)), 2048, 40), id="B, ResNet-50"),
        pytest.param(
            "B",
            lambda: LossGuidedNetwork(LastMap(InceptionResNetV2(1, same_padding=True)), 1536, 40),
            id="B, Inception-ResNet-v2",
        ),
        pytest.param("C", lambda: gated(resnext3d_101(51)), id="C, 3D ResNeXt-101"),
        pytest.param("C", lambda: gated(I3d(51)), id="C, I3D"),
        pytest.param("D", lambda: pooled(MeanPooling(2048, 393)), id="D, mean"),
        pytest.param("D", lambda: pooled(RankOneAttentionalPooling(2048, 393)), id="D, rank 1"),
        pytest.param("D", lambda: pooled(GeneralizedAttentionalPooling(2048, 393)), id="D, generalized"),
        pytest.param("E", lambda: PoseActionPyramid(PENN_ACTION_2), id="E, 2 pyramids"),
        pytest.param("E", lambda: PoseActionPyramid(NTU_8), id="E, 8 pyramids, 3D"),
        pytest.param("F", lambda: EdgeNetwork(27), id="F"),
    ],
)
def test_full_networks(letter: str, make: type[nn.Module]) -> None:
    with torch.device("meta"):
        network = make()
    again = made_again(letter, network, ExportOptions(labels=("a",)))
    assert shapes_of(again) == shapes_of(network)


@pytest.mark.parametrize("letter", EXAMPLES)
def test_other_weights_are_refused_by_name(letter: str) -> None:
    with pytest.raises(
        UsageError, match=r"the weights are not those of .*: .+ is missing \(they begin with conv\.bias\)"
    ):
        find_system(letter[0]).network({"conv.bias": (3,)}, EXAMPLES[letter].options)
