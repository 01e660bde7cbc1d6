"""Backbones of a few convolutions, for heads that take any."""

from itertools import pairwise

import torch
from torch import nn


def small_backbone(channels: int = 8) -> nn.Sequential:
    """Images (N, 3, H, W) → (N, channels, H/4, W/4)."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU(), nn.Conv2d(8, channels, 3, 2, 1), nn.ReLU())


class FourLevels(nn.Module):
    """Images (N, 3, H, W) → F1..F4 of strides 4, 8, 16 and 32, a convolution each: what system A asks of a backbone."""

    channels = (4, 8, 8, 8)

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.stem = nn.Conv2d(3, 4, 3, 2, 1)
        self.levels = nn.ModuleList(nn.Conv2d(i, o, 3, 2, 1) for i, o in pairwise((4, *self.channels)))

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        x, maps = torch.relu(self.stem(x)), []
        for level in self.levels:
            x = torch.relu(level(x))
            maps.append(x)
        return maps


def images(count: int = 2, seed: int = 1) -> torch.Tensor:
    return torch.randn(count, 3, 16, 24, generator=torch.Generator().manual_seed(seed))
