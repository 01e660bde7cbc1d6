"""The units that pyramids are made of (paper E, figure 3), and the entry flow.

The text leaves the order of normalisation, ReLU and convolution, and what a skip connection does where channels change,
to the figure; here they are as in the authors' published code: normalisation and ReLU come first, and a 1×1 convolution
brings the input along. Shapes: (N, C, H, W) → (N, C', H', W').
"""

import torch
from torch import nn
from torch.nn import functional

KERNEL = 5  # of single-frame layers (section 4.2.2)


class SeparableConvolution(nn.Module):
    """Depthwise k×k, then pointwise 1×1, without anything between them."""

    def __init__(self, channels: int, out_channels: int, kernel: int = KERNEL) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels, kernel, padding=kernel // 2, groups=channels, bias=False)
        self.pointwise = nn.Conv2d(channels, out_channels, 1, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.pointwise(self.depthwise(x))


class ResidualUnit(nn.Module):
    """RU: a separable convolution beside a skip connection (pictures, and clip features on their way from block to
    block).
    """

    def __init__(self, channels: int, out_channels: int | None = None, *, kernel: int = KERNEL) -> None:
        super().__init__()
        out_channels = out_channels or channels
        self.norm = nn.BatchNorm2d(channels)
        self.convolution = SeparableConvolution(channels, out_channels, kernel)
        self.skip = None if channels == out_channels else nn.Conv2d(channels, out_channels, 1, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        active = torch.relu(self.norm(x))
        return self.convolution(active) + (x if self.skip is None else self.skip(active))


class BottleneckUnit(nn.Module):
    """RU with standard convolutions (entry flow and action blocks): 1×1 to a share of the channels, then 3×3, beside a
    skip connection.
    """

    def __init__(self, channels: int, out_channels: int, *, narrowing: int = 2) -> None:
        super().__init__()
        middle = out_channels // narrowing
        self.norm1, self.convolution1 = nn.BatchNorm2d(channels), nn.Conv2d(channels, middle, 1, bias=False)
        self.norm2, self.convolution2 = (
            nn.BatchNorm2d(middle),
            nn.Conv2d(middle, out_channels, 3, padding=1, bias=False),
        )
        self.skip = None if channels == out_channels else nn.Conv2d(channels, out_channels, 1, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        active = torch.relu(self.norm1(x))
        residual = self.convolution2(torch.relu(self.norm2(self.convolution1(active))))
        return residual + (x if self.skip is None else self.skip(active))


class DownscalingUnit(nn.Module):
    """DU: 2×2 maximum, then RU: (N, C, H, W) → (N, C', H/2, W/2)."""

    def __init__(self, channels: int, out_channels: int) -> None:
        super().__init__()
        self.residual = ResidualUnit(channels, out_channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.residual(functional.max_pool2d(x, 2))


class UpscalingUnit(nn.Module):
    """UU: nearest cells, then RU: (N, C, H, W) → (N, C', 2H, 2W)."""

    def __init__(self, channels: int, out_channels: int) -> None:
        super().__init__()
        self.residual = ResidualUnit(channels, out_channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.residual(functional.interpolate(x, scale_factor=2, mode="nearest"))


class EntryFlow(nn.Module):
    """Pictures (N, 3, H, W) → features of the first level (N, 3·growth, H/8, W/8): 256² → 32²×288 with a growth of 96
    (section 4.2.2).
    """

    def __init__(self, growth: int) -> None:
        super().__init__()
        stem = max(1, 2 * growth // 3)  # 64 for a growth of 96
        self.convolution = nn.Conv2d(3, stem, 7, 2, 3, bias=False)
        self.norm = nn.BatchNorm2d(stem)
        self.residual0 = BottleneckUnit(stem, growth)
        self.residual1, self.residual2 = BottleneckUnit(growth, 2 * growth), BottleneckUnit(2 * growth, 2 * growth)
        self.residual3, self.residual4 = BottleneckUnit(2 * growth, 3 * growth), BottleneckUnit(3 * growth, 3 * growth)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        x = self.residual0(torch.relu(self.norm(self.convolution(images))))
        x = self.residual2(self.residual1(functional.max_pool2d(x, 3, 2, 1)))
        return self.residual4(self.residual3(functional.max_pool2d(x, 2)))
