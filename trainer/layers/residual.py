"""Residual blocks over pictures or clips, with the names of the published ResNets (He et al., CVPR 2016; Xie et al.,
CVPR 2017).

Shapes: (N, C, H, W) or (N, C, T, H, W) → (N, C', ...), each axis divided by the stride.
"""

import torch
from torch import nn


def convolution(
    axes: int, channels: int, out_channels: int, kernel: int, *, stride: int = 1, groups: int = 1
) -> nn.Module:
    """A convolution without bias over two or three axes that keeps the size but for the stride."""
    kind = nn.Conv2d if axes == 2 else nn.Conv3d
    return kind(channels, out_channels, kernel, stride, kernel // 2, groups=groups, bias=False)


def normalisation(axes: int, channels: int) -> nn.Module:
    """Batch normalisation over two or three axes."""
    return nn.BatchNorm2d(channels) if axes == 2 else nn.BatchNorm3d(channels)


class BasicBlock(nn.Module):
    """Two 3×3 convolutions and the input (figure 5, left); a 1×1 convolution brings the input along where shapes
    differ.
    """

    expansion = 1

    def __init__(self, channels: int, width: int, *, stride: int = 1) -> None:
        super().__init__()
        self.conv1, self.bn1 = convolution(2, channels, width, 3, stride=stride), normalisation(2, width)
        self.conv2, self.bn2 = convolution(2, width, width, 3), normalisation(2, width)
        self.downsample = _downsample(2, channels, width, stride)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        brought = x if self.downsample is None else self.downsample(x)
        x = torch.relu(self.bn1(self.conv1(x)))
        return torch.relu(self.bn2(self.conv2(x)) + brought)


class Bottleneck(nn.Module):
    """1×1 down, 3×3, 1×1 up, and the input (figure 5, right); the stride is in the 3×3, as in all published weights."""

    expansion = 4

    def __init__(self, channels: int, width: int, *, stride: int = 1) -> None:
        super().__init__()
        out_channels = width * self.expansion
        self.conv1, self.bn1 = convolution(2, channels, width, 1), normalisation(2, width)
        self.conv2, self.bn2 = convolution(2, width, width, 3, stride=stride), normalisation(2, width)
        self.conv3, self.bn3 = convolution(2, width, out_channels, 1), normalisation(2, out_channels)
        self.downsample = _downsample(2, channels, out_channels, stride)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        brought = x if self.downsample is None else self.downsample(x)
        x = torch.relu(self.bn1(self.conv1(x)))
        x = torch.relu(self.bn2(self.conv2(x)))
        return torch.relu(self.bn3(self.conv3(x)) + brought)


class ResNeXtBottleneck3d(nn.Module):
    """Over clips: 1×1×1, grouped 3×3×3, 1×1×1, and the input (Hara, Kataoka, Satoh, CVPR 2018, figure 3d)."""

    expansion = 2

    def __init__(self, channels: int, width: int, *, cardinality: int, stride: int = 1) -> None:
        super().__init__()
        middle, out_channels = cardinality * width // 32, width * self.expansion
        self.conv1, self.bn1 = convolution(3, channels, middle, 1), normalisation(3, middle)
        self.conv2, self.bn2 = (
            convolution(3, middle, middle, 3, stride=stride, groups=cardinality),
            normalisation(3, middle),
        )
        self.conv3, self.bn3 = convolution(3, middle, out_channels, 1), normalisation(3, out_channels)
        self.downsample = _downsample(3, channels, out_channels, stride)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        brought = x if self.downsample is None else self.downsample(x)
        x = torch.relu(self.bn1(self.conv1(x)))
        x = torch.relu(self.bn2(self.conv2(x)))
        return torch.relu(self.bn3(self.conv3(x)) + brought)


def _downsample(axes: int, channels: int, out_channels: int, stride: int) -> nn.Module | None:
    """What brings a block's input to its output's shape (shortcut B), or None where it has it."""
    if stride == 1 and channels == out_channels:
        return None
    return nn.Sequential(convolution(axes, channels, out_channels, 1, stride=stride), normalisation(axes, out_channels))


def check_input(x: torch.Tensor, *, axes: int) -> None:
    """Refuse what is no batch of RGB pictures (2 axes) or clips (3).

    Raises:
        ValueError: The shape, and the one that was expected.
    """
    if x.ndim != axes + 2 or x.shape[1] != 3:
        wanted = "(N, 3, H, W)" if axes == 2 else "(N, 3, T, H, W)"
        raise ValueError(
            f"the network takes {'pictures' if axes == 2 else 'clips'} {wanted} in float32, was given {tuple(x.shape)}"
        )
