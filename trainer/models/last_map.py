"""A backbone as networks B and D take it: pictures → its last feature map."""

import torch
from torch import nn

from trainer.models.inception_resnet_v2 import InceptionResNetV2
from trainer.models.resnet import ResNet


class LastMap(nn.Module):
    """Pictures (N, 3, H, W) → the last map (N, C, h, w) of a ResNet or an Inception-ResNet-v2.

    Pixels are of the backbone's own range (`trainer.layers.pixels`).
    """

    def __init__(self, backbone: ResNet | InceptionResNetV2) -> None:
        super().__init__()
        self.backbone = backbone
        self.pixel_range = backbone.pixel_range
        self.channels = backbone.layer_channels[-1] if isinstance(backbone, ResNet) else backbone.channels

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return list(self.backbone.maps(images).values())[-1]
