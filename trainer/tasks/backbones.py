"""The backbones of systems B and D: residual networks whose last map is used."""

from pathlib import Path
from typing import Literal

import torch
from torch import nn

from trainer.layers.residual import BasicBlock, Bottleneck
from trainer.models.resnet import WIDTHS, ResNet, load_torchvision

BackboneName = Literal["resnet18", "resnet50", "resnet101", "resnet_tiny"]

_BLOCKS = {
    "resnet18": (BasicBlock, (2, 2, 2, 2), WIDTHS),
    "resnet50": (Bottleneck, (3, 4, 6, 3), WIDTHS),
    "resnet101": (Bottleneck, (3, 4, 23, 3), WIDTHS),
    "resnet_tiny": (BasicBlock, (1, 1, 1, 1), (16, 24, 32, 48)),  # for two cores
}


class LastMap(nn.Module):
    """Pictures (N, 3, H, W) → the last map (N, C, H/32, W/32) of a residual network."""

    def __init__(self, network: ResNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.network.maps(images)["layer4"]


def make_backbone(name: BackboneName, weights: Path | None) -> tuple[LastMap, int]:
    """A backbone and the channels of its last map.

    Args:
        name: Which one.
        weights: As torchvision publishes them; None starts from random ones.

    Raises:
        SourceNotFoundError: There is no such file.
        SourceFormatError: The weights are another network's.
    """
    block, blocks, widths = _BLOCKS[name]
    network = ResNet(block, blocks, classes=0, widths=widths)
    if weights is not None:
        load_torchvision(network, weights, keep_head=False)
    return LastMap(network), network.layer_channels[-1]
