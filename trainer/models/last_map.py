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

    def __init__(self, network: ResNet | InceptionResNetV2 | EfficientNetLite, *, fixed_blocks: int = 0) -> None:
        """Wrap a network.

        Args:
            network: With its weights.
            fixed_blocks: So many first blocks of an EfficientNet-Lite, and the layer before them, stay as they are
                while the others learn; the normalisation of all blocks then keeps its mean and deviation.

        Raises:
            ValueError: The network has no such blocks.
        """
        super().__init__()
        if fixed_blocks and not (isinstance(network, EfficientNetLite) and fixed_blocks <= len(network.blocks)):
            raise ValueError(f"fixed_blocks is {fixed_blocks}; it is of an EfficientNet-Lite, and at most its blocks")
        self.fixed_blocks = fixed_blocks
        if fixed_blocks:
            for part in (network.stem, network.stem_norm, *network.blocks[:fixed_blocks]):
                part.requires_grad_(False)
        self.network = network
        self.pixel_range = network.pixel_range
        self.channels = network.layer_channels[-1] if isinstance(network, ResNet) else network.channels

    def train(self, mode: bool = True) -> "LastMap":
        """Set training mode; with fixed blocks, batch normalisation stays in evaluation mode."""
        super().train(mode)
        if self.fixed_blocks:
            for module in self.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.eval()
        return self

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        if self.fixed_blocks:
            assert isinstance(self.network, EfficientNetLite)
            with torch.no_grad():
                features = self.network.lower(images, self.fixed_blocks)
            return self.network.upper(features, self.fixed_blocks)
        return list(self.network.maps(images).values())[-1]
