"""Networks of the papers' own sizes become bundles, too; minutes each."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from deploy.export_bundle import export_network
from deploy.systems.system import ExportOptions
from edgeact.bundle.load import load_bundle
from tests.deploy.systems.test_backbones import body_part_aware, gated, pooled
from trainer.layers.attentional_pooling import GeneralizedAttentionalPooling
from trainer.models.edge_net import EdgeNetwork
from trainer.models.i3d import I3d
from trainer.models.last_map import LastMap
from trainer.models.loss_guided import LossGuidedNetwork
from trainer.models.pose_action_pyramid import NTU_8, PENN_ACTION_2, PoseActionPyramid
from trainer.models.resnet import resnet50
from trainer.models.resnext3d import resnext3d_101


def labels(count: int) -> tuple[str, ...]:
    return tuple(f"action {index}" for index in range(count))


NETWORKS: dict[str, tuple[str, Callable[[], nn.Module], ExportOptions]] = {
    "A, HRNet-W32": ("A", body_part_aware, ExportOptions(labels(40))),
    "B, ResNet-50": ("B", lambda: LossGuidedNetwork(LastMap(resnet50(0)), 2048, 40), ExportOptions(labels(40))),
    "C, 3D ResNeXt-101": (
        "C",
        lambda: gated(resnext3d_101(51)),
        ExportOptions(labels(51), explain=("sum3dcam",)),
    ),
    "C, I3D": ("C", lambda: gated(I3d(51)), ExportOptions(labels(51))),
    "D, generalized": (
        "D",
        lambda: pooled(GeneralizedAttentionalPooling(2048, 393)),
        ExportOptions(labels(393)),
    ),
    "E, 2 pyramids": ("E", lambda: PoseActionPyramid(PENN_ACTION_2), ExportOptions(labels(15))),
    "E, 8 pyramids cut at 6": ("E", lambda: PoseActionPyramid(NTU_8), ExportOptions(labels(60), exit_at=(6, 2))),
    "F": ("F", lambda: EdgeNetwork(27), ExportOptions(labels(27), explain=("relevance",))),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_full_networks_are_exported(name: str, tmp_path: Path) -> None:
    letter, make, options = NETWORKS[name]
    torch.manual_seed(0)
    export_network(letter, make(), tmp_path / "bundle", options)
    assert load_bundle(tmp_path / "bundle").plan.labels == options.labels
