"""An EfficientNet-Lite in two: lower blocks, which stay as published and whose maps are kept, and those that learn."""

import copy

import torch
from torch import nn
from torch.nn import functional

from trainer.half_precision import half_where_native
from trainer.models.efficientnet_lite import EfficientNetLite


class LowerBlocks(nn.Module):
    """Pictures (N, 3, H, W) → the map behind the first so many blocks, (N, C, h, w) float32.

    Computed in bfloat16 where the processor multiplies it: twice as fast, and all that is trained above learns from
    maps that were rounded in the same way.
    """

    def __init__(self, network: EfficientNetLite, blocks: int) -> None:
        super().__init__()
        self.network, self.count, self.pixel_range = network, blocks, network.pixel_range

    @property
    def channels(self) -> int:
        """Of the map."""
        return self.network.blocks[self.count - 1].project.out_channels

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        with half_where_native(images.device):
            return self.network.lower(images.contiguous(memory_format=torch.channels_last), self.count).float()


class UpperBlocks(nn.Module):
    """The map of `LowerBlocks` → the head's map (N, 1280, h, w).

    Its normalisation keeps the published mean and deviation while the weights learn: batches of some dozen photos would
    give worse ones.
    """

    def __init__(self, network: EfficientNetLite, blocks: int) -> None:
        """Copy the last blocks, so that every training starts from the published ones.

        Args:
            network: With its weights.
            blocks: How many the lower part has.
        """
        super().__init__()
        self.blocks = copy.deepcopy(network.blocks[blocks:])
        self.head, self.head_norm = copy.deepcopy(network.head), copy.deepcopy(network.head_norm)
        self.channels = network.channels

    def train(self, mode: bool = True) -> "UpperBlocks":
        """As ever, but for the normalisation."""
        super().train(mode)
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
        return self

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        x = features
        for block in self.blocks:
            x = block(x)
        return functional.relu6(self.head_norm(self.head(x)))
