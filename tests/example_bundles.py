"""Bundles of the networks A to F with random weights of a fixed seed, as small as their architecture allows.

They show that a network is exported and run, and nothing else: what they say of a picture means nothing.
"""

import fcntl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from deploy.export_bundle import BundleName, export_network
from deploy.systems import gated3d
from deploy.systems.system import ExportOptions
from edgeact.skeleton import MPII_16
from trainer.layers.attentional_pooling import GeneralizedAttentionalPooling
from trainer.layers.residual import BasicBlock
from trainer.models import hrnet
from trainer.models.attentional_pooling import AttentionalPoolingNetwork
from trainer.models.body_part_aware import BodyPartAwareNetwork
from trainer.models.edge_net import EdgeNetwork
from trainer.models.gated3d import ExplainedBackbone, GatedNetwork, LayerSize
from trainer.models.hrnet import HRNet
from trainer.models.i3d import I3d
from trainer.models.last_map import LastMap
from trainer.models.loss_guided import LossGuidedNetwork
from trainer.models.pose_action_pyramid import PoseActionPyramid, PyramidSize
from trainer.models.resnet import ResNet
from trainer.models.resnext3d import ResNeXt3d

LABELS = ("wave", "walk", "jump", "other")
SIDE = 64  # of the pictures that networks B, D and E take here, and of F's crops their height
CLIP_SIDE, CLIP_LENGTH = 48, 8  # of network C's clips
CALLED = BundleName(created="2026-01-31", licence="Apache-2.0")


def small_resnet() -> ResNet:
    return ResNet(BasicBlock, (1, 1, 1, 1), classes=0, widths=(8, 8, 16, 16))


def loss_guided() -> LossGuidedNetwork:
    """Network B."""
    network = LossGuidedNetwork(LastMap(small_resnet()), 16, len(LABELS), class_channels=12, human_channels=(8, 1))
    nn.init.constant_(network.human_branch[-1].bias, 0.3)  # else a ReLU leaves nothing of the person
    return network


def attentional_pooling() -> AttentionalPoolingNetwork:
    """Network D."""
    pooling = GeneralizedAttentionalPooling(16, len(LABELS), matrices=2, first_rank=16)
    return AttentionalPoolingNetwork(LastMap(small_resnet()), 16, pooling, pose=False)


def body_part_aware() -> BodyPartAwareNetwork:
    """Network A, whose heat maps rise high enough for joints to be drawn."""
    attention, parts = small_resnet(), small_resnet()
    backbone = HRNet(hrnet.TINY)
    network = BodyPartAwareNetwork(
        backbone,
        hrnet.TINY.branch_channels,
        attention,
        parts,
        attention.layer_channels,
        joints=len(MPII_16.joints),
        classes=len(LABELS),
    )
    nn.init.constant_(network.pose.bias, 0.5)
    return network


def pose_action_pyramid() -> PoseActionPyramid:
    """Network E with depth, whose maps are pointed enough for joints to be drawn."""
    size = PyramidSize(
        pyramids=2, levels=2, joints=len(MPII_16.joints), dimensions=3, actions=len(LABELS), growth=8, clip_channels=16
    )
    network = PoseActionPyramid(size)
    for block in network.blocks.values():
        nn.init.normal_(block.heads.joint_maps.weight, std=4.0)
    return network


def _gated(backbone: ResNeXt3d | I3d) -> GatedNetwork:
    """Network C with a gate on every layer, for clips of `CLIP_LENGTH` frames."""
    explained = ExplainedBackbone(backbone).eval()
    with torch.no_grad():
        layers, _ = explained(torch.zeros(1, 3, CLIP_LENGTH, CLIP_SIDE, CLIP_SIDE))
    sizes = {name: LayerSize(layer.shape[1], layer.shape[2]) for name, layer in layers.items()}
    return GatedNetwork(explained, len(LABELS), sizes)


def gated_resnext() -> GatedNetwork:
    """Network C on a 3D ResNeXt."""
    widths = (32, 32, 64, 64)
    return _gated(ResNeXt3d((1, 1, 1, 1), classes=len(LABELS), widths=widths, stem_channels=8, cardinality=8))


def gated_i3d() -> GatedNetwork:
    """Network C on an I3D."""
    return _gated(I3d(len(LABELS), narrowing=16, dropout=0.0))


def edge_net() -> EdgeNetwork:
    """Network F, whose backbone has one width only; its maps are pointed enough for joints to be drawn."""
    network = EdgeNetwork(len(LABELS), appearance=8, clip_channels=16)
    nn.init.normal_(network.frame.joint_maps.weight, std=1.0)
    return network


@dataclass(frozen=True, slots=True)
class Example:
    """How a small network is made, shapes and deviation of inputs that its normalisations settle on, and what it does
    not say itself.
    """

    make: Callable[[], nn.Module]
    inputs: tuple[tuple[int, ...], ...]
    options: ExportOptions
    deviation: float = 1.0


EXAMPLES = {
    "A": Example(
        body_part_aware,
        ((4, 3, 64, 64), (4, 3, 128, 128)),
        ExportOptions(labels=LABELS, side=128, other_label="other"),
    ),
    "B": Example(loss_guided, ((4, 3, SIDE, SIDE),), ExportOptions(labels=LABELS, side=SIDE, other_label="other")),
    "D": Example(
        attentional_pooling, ((4, 3, SIDE, SIDE),), ExportOptions(labels=LABELS, side=SIDE, other_label="other")
    ),
    "E": Example(
        pose_action_pyramid,
        ((2, 3, 4, SIDE, SIDE),),
        ExportOptions(labels=LABELS, side=SIDE, other_label="other", clip_length=8),
    ),
}
# C on an I3D, by a name of its own.
I3D = "C_i3d"
EXAMPLES |= {
    "C": Example(
        gated_resnext,
        ((4, 3, CLIP_LENGTH, CLIP_SIDE, CLIP_SIDE),),
        ExportOptions(
            labels=LABELS, side=CLIP_SIDE, other_label="other", clip_length=CLIP_LENGTH, explain=gated3d.METHODS
        ),
        deviation=60.0,  # 3D ResNeXt takes pixels of 0..255 less their mean
    ),
    I3D: Example(
        gated_i3d,
        ((4, 3, CLIP_LENGTH, CLIP_SIDE, CLIP_SIDE),),
        ExportOptions(labels=LABELS, side=CLIP_SIDE, other_label="other", clip_length=CLIP_LENGTH),
    ),
    "F": Example(
        edge_net,
        ((2, 3, 8, SIDE, SIDE * 3 // 4),),
        ExportOptions(labels=LABELS, side=SIDE, other_label="other", clip_length=8, explain=("relevance",)),
    ),
}


@torch.no_grad()
def seeded(letter: str) -> nn.Module:
    """The small network of this letter; the same each time.

    Its normalisations take the statistics of noise, as training would give them those of pictures: left as they are,
    they would let the values of a deep network die out.
    """
    torch.manual_seed(0)
    example = EXAMPLES[letter]
    network = example.make()
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d | nn.BatchNorm3d):
            layer.momentum = None  # the mean of what it saw, not a running one
    network.train()(*(example.deviation * torch.randn(shape) for shape in example.inputs))
    return network.eval()


def shared_example_bundle(letter: str, folder: Path) -> Path:
    """The bundle of the small network of this letter, exported by the first process that asks, which takes some
    seconds, while others wait.

    Args:
        letter: A key of `EXAMPLES`.
        folder: Of all processes of a run; only read the bundle in it.

    Returns:
        The bundle's folder.
    """
    out = folder / f"example_{letter.lower()}"
    with (folder / f"{out.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not out.exists():  # it is renamed to its place when it is whole
            export_network(letter[0], seeded(letter), out, EXAMPLES[letter].options, called=CALLED)
    return out
