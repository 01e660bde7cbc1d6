"""A backbone as networks B and D take it: pictures → its last feature map."""

import torch
from torch import nn

from trainer.models.efficientnet_lite import EfficientNetLite
from trainer.models.inception_resnet_v2 import InceptionResNetV2
from trainer.models.resnet import ResNet


class LastMap(nn.Module):
    """Pictures (N, 3, H, W) → the last map (N, C, h, w) of a ResNet, an Inception-ResNet-v2 or an EfficientNet-Lite.

    Pixels are of the network's own range (`trainer.layers.pixels`).
    """

    def __init__(self, network: ResNet | InceptionResNetV2 | EfficientNetLite) -> None:
        super().__init__()
        self.network = network
        self.pixel_range = network.pixel_range
        self.channels = network.layer_channels[-1] if isinstance(network, ResNet) else network.channels

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return list(self.network.maps(images).values())[-1]
