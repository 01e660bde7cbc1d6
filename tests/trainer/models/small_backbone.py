"""A backbone of two convolutions, for heads that take any."""

import torch
from torch import nn


def small_backbone(channels: int = 8) -> nn.Sequential:
    """Images (N, 3, H, W) → (N, channels, H/4, W/4)."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU(), nn.Conv2d(8, channels, 3, 2, 1), nn.ReLU())


def images(count: int = 2, seed: int = 1) -> torch.Tensor:
    return torch.randn(count, 3, 16, 24, generator=torch.Generator().manual_seed(seed))
