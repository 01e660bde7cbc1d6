"""An EfficientNet-Lite in two: lower blocks, which stay as published and whose maps are kept, and those that learn."""

import copy

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from trainer.half_precision import half_where_native
from trainer.models.efficientnet_lite import EfficientNetLite


class LowerBlocks(nn.Module):
    """Pictures (N, 3, H, W) → the map behind the first so many blocks, (N, C, h, w) float32.

    Computed in bfloat16 where the processor multiplies it, with the normalisation folded into the convolutions: four
    times as fast, and all that is trained above learns from maps that were rounded in the same way.
    """

    def __init__(self, network: EfficientNetLite, blocks: int) -> None:
        super().__init__()
        self.network, self.count, self.pixel_range = _folded(network, blocks), blocks, network.pixel_range

    @property
    def channels(self) -> int:
        """Of the map."""
        return self.network.blocks[self.count - 1].project.out_channels

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        with half_where_native(images.device):
            return self.network.lower(images.contiguous(memory_format=torch.channels_last), self.count).float()


def _folded(network: EfficientNetLite, blocks: int) -> EfficientNetLite:
    """A copy in evaluation mode, whose first so many blocks have their normalisation in the convolutions."""
    copied = copy.deepcopy(network).eval()
    parts: list[tuple[nn.Module, str]] = [(copied, "stem")]
    parts += [(block, name) for block in copied.blocks[:blocks] for name in ("expand", "depthwise", "project")]
    for owner, name in parts:
        convolution = getattr(owner, name)
        if convolution is not None:  # the first block does not expand
            setattr(owner, name, fuse_conv_bn_eval(convolution, getattr(owner, f"{name}_norm")))
            setattr(owner, f"{name}_norm", nn.Identity())
    return copied.requires_grad_(False)


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
        return functional.relu6(self.head_norm(self.head(x)), inplace=True)


def rejoined(network: EfficientNetLite, upper: UpperBlocks) -> EfficientNetLite:
    """A copy of a network whose last blocks are those that learnt: pictures → maps again, as a graph needs it."""
    whole = copy.deepcopy(network)
    first = len(whole.blocks) - len(upper.blocks)
    for index, block in enumerate(upper.blocks):
        whole.blocks[first + index] = copy.deepcopy(block)
    whole.head, whole.head_norm = copy.deepcopy(upper.head), copy.deepcopy(upper.head_norm)
    return whole
