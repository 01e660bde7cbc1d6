"""Steps of an optimiser relative to the size of each channel's weights.

Adam moves every weight by about the same amount. Where normalisation was folded into the convolutions, weights of one
channel may be a thousand times those of another, and the same step that does nothing to the one destroys the other.
"""

import torch
from torch import nn
from torch.nn.utils import parametrize

SMALLEST_SCALE = 1e-4  # of a channel's weights; a channel of zeros may move, too


class ChannelScale(nn.Module):
    """What is trained, times the size that each output channel's weights had at the start: (C', C, k, k) likewise.

    Args:
        weight: ``(C', C, k, k)`` weights of a convolution at the start.
    """

    def __init__(self, weight: torch.Tensor) -> None:
        super().__init__()
        size = weight.square().mean(tuple(range(1, weight.dim())), keepdim=True).sqrt()
        self.register_buffer("size", size.clamp_min(SMALLEST_SCALE))

    def forward(self, relative: torch.Tensor) -> torch.Tensor:
        return relative * self.size

    def right_inverse(self, weight: torch.Tensor) -> torch.Tensor:
        """What is trained, of these weights."""
        return weight / self.size


def train_relative(network: nn.Module) -> None:
    """Train the weights of each convolution relative to their size; what the network computes stays the same."""
    for layer in [layer for layer in network.modules() if isinstance(layer, nn.Conv2d)]:
        parametrize.register_parametrization(layer, "weight", ChannelScale(layer.weight.detach()))


def train_absolute(network: nn.Module) -> None:
    """Undo `train_relative`; the weights stay as they were trained."""
    for layer in [layer for layer in network.modules() if isinstance(layer, nn.Conv2d)]:
        parametrize.remove_parametrizations(layer, "weight", leave_parametrized=True)
