"""The Lite-HRNet of PP-TinyPose, which starts from its weights.

Branches of several resolutions run beside each other and exchange what they know (Wang et al., "Deep High-Resolution
Representation Learning", TPAMI 2021) in the cheap form of Lite-HRNet (Yu et al., CVPR 2021, "naive": ShuffleNetV2
units, depthwise separable exchange), as PaddleDetection's PP-TinyPose (Apache-2.0) is built.

The published weights have their normalisation folded into the convolutions, and it stays so: fine-tuning a trained
network does without.

Shapes: N pictures, C channels, H height, W width.
"""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

from edgeact.errors import SourceFormatError
from trainer.layers.convolution import strided_depthwise
from trainer.layers.residual import check_input
from trainer.models.published import read_onnx_weights

# Channels of the branches; strides 4, 8, 16 and 32.
BRANCHES = (40, 80, 160, 320)
MODULES = (2, 4, 2)  # exchange modules of each stage; the stages have two, three and four branches
STEM_CHANNELS = 32
SIDE_MULTIPLE = 32


class Conv(nn.Conv2d):
    """Convolution with bias and half-kernel padding, and a ReLU where asked: (N, C, H, W) → (N, C', ⌈H/s⌉, ⌈W/s⌉)."""

    def __init__(
        self, channels: int, out_channels: int, *, kernel: int = 1, stride: int = 1, groups: int = 1, relu: bool = False
    ) -> None:
        super().__init__(channels, out_channels, kernel, stride, kernel // 2, groups=groups)
        self.relu = relu

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.training and x.device.type == "cpu" and self.stride == (2, 2) and self.groups > 1:
            x = strided_depthwise(x, self.weight, self.bias)
        else:
            x = super().forward(x)
        return functional.relu(x) if self.relu else x


def depthwise(channels: int, *, stride: int = 1) -> Conv:
    """3×3, each channel by itself."""
    return Conv(channels, channels, kernel=3, stride=stride, groups=channels)


def _shuffle(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Channels of both in turns, first ahead: two (N, C, H, W) → (N, 2C, H, W)."""
    count, channels, height, width = first.shape
    if torch.compiler.is_exporting():
        return torch.stack([first, second], 2).reshape(count, 2 * channels, height, width)
    # The same with the channels last in memory, as training has them: a step takes a sixth less time.
    turns = torch.stack([first.permute(0, 2, 3, 1), second.permute(0, 2, 3, 1)], -1)
    return turns.reshape(count, height, width, 2 * channels).permute(0, 3, 1, 2)


class Stem(nn.Module):
    """Picture (N, 3, H, W) → (N, 32, H/4, W/4)."""

    def __init__(self) -> None:
        super().__init__()
        half = STEM_CHANNELS // 2
        # Published as one convolution whose channels are then split; two save the copies of the largest maps there are.
        self.left = nn.Sequential(
            Conv(3, half, kernel=3, stride=2, relu=True), depthwise(half, stride=2), Conv(half, half, relu=True)
        )
        self.right = nn.Sequential(
            Conv(3, half, kernel=3, stride=2, relu=True),
            Conv(half, 2 * half, relu=True),
            depthwise(2 * half, stride=2),
            Conv(2 * half, half, relu=True),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return _shuffle(self.left(x), self.right(x))


class ShuffleUnit(nn.Module):
    """Half of the channels pass as they are, the others are mixed (Ma et al., "ShuffleNet V2", ECCV 2018, figure
    3c).
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        half = channels // 2
        self.mix = nn.Sequential(Conv(half, half, relu=True), depthwise(half), Conv(half, half, relu=True))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        kept, mixed = x.chunk(2, 1)
        return _shuffle(kept, self.mix(mixed))


def _down(channels: int, out_channels: int, halvings: int) -> nn.Sequential:
    """From a branch to one that is coarser by so many factors of 2."""
    layers: list[nn.Module] = []
    for position in range(halvings):
        last = position == halvings - 1
        layers += [depthwise(channels, stride=2), Conv(channels, out_channels if last else channels, relu=not last)]
    return nn.Sequential(*layers)


def exchange_paths(branches: tuple[int, ...], *, light: bool = False) -> nn.ModuleDict:
    """What each branch hears of the others: ``"to<source>"`` → layers.

    Args:
        branches: Channels, finest first.
        light: The branches hear of the finest and tell the finest, and nothing of each other.
    """
    paths = nn.ModuleDict()
    for to, channels in enumerate(branches):
        for source, told in enumerate(branches):
            if source != to and not (light and to and source):
                paths[f"{to}<{source}"] = Conv(told, channels) if source > to else _down(told, channels, to - source)
    return paths


def told_by_coarser(paths: nn.ModuleDict, to: int, own: list[torch.Tensor]) -> torch.Tensor | None:
    """The sum of what a branch hears from the coarser ones. It is summed from the coarsest up and enlarged by 2 at
    each step, which gives the same values as enlarging each one to the end and takes a quarter of the time.
    """
    total = None
    for source in range(len(own) - 1, to, -1):
        name = f"{to}<{source}"
        if name in paths:
            told = paths[name](own[source])
            total = told if total is None else total + told
        if total is not None:
            total = functional.interpolate(total, scale_factor=2, mode="nearest")
    return total


class ExchangeModule(nn.Module):
    """Two units on each branch, then what the branches tell each other.

    Args:
        branches: Channels, finest first.
        unit: Makes one unit of a branch from the branch's position.
        finest_counts: How often the finest branch counts in its own sum.
        light: See `exchange_paths`.
    """

    def __init__(
        self,
        branches: tuple[int, ...],
        unit: Callable[[int], nn.Module],
        *,
        finest_counts: int = 1,
        light: bool = False,
    ) -> None:
        super().__init__()
        self.units = nn.ModuleList(nn.Sequential(unit(branch), unit(branch)) for branch in range(len(branches)))
        self.paths = exchange_paths(branches, light=light)
        self.finest_counts = finest_counts

    def forward(self, maps: list[torch.Tensor]) -> list[torch.Tensor]:
        own = [units(x) for units, x in zip(self.units, maps, strict=True)]
        joined: list[torch.Tensor] = []
        for to, total in enumerate(own):
            if to == 0 and self.finest_counts != 1:
                total = self.finest_counts * total
            for source in range(to):
                if f"{to}<{source}" in self.paths:
                    # The others are told what the finest branch has become by then, not what it was.
                    total = total + self.paths[f"{to}<{source}"](own[source] if source else joined[0])
            coarse = told_by_coarser(self.paths, to, own)
            joined.append(total if coarse is None else total + coarse)
        return [functional.relu(x) for x in joined]


class BranchedNet(nn.Module):
    """Picture (N, 3, H, W), ImageNet's mean and deviation, sides multiples of 32 → features (N, C, H/4, W/4).

    Args:
        stem: Picture → (N, 32, H/4, W/4).
        branches: Channels of the four branches, finest first; C is that of the finest.
        exchange: Makes an exchange module from the number of its stage and its own within the stage, both from 0.
    """

    def __init__(
        self, stem: nn.Module, branches: tuple[int, ...], exchange: Callable[[int, int], ExchangeModule]
    ) -> None:
        super().__init__()
        self.stem = stem
        self.split = nn.ModuleList(
            nn.Sequential(depthwise(STEM_CHANNELS, stride=stride), Conv(STEM_CHANNELS, channels, relu=True))
            for stride, channels in zip((1, 2), branches[:2], strict=True)
        )
        self.grow = nn.ModuleList(
            nn.Sequential(depthwise(channels, stride=2), Conv(channels, coarser, relu=True))
            for channels, coarser in pairwise(branches[1:])
        )
        self.stages = nn.ModuleList(
            nn.Sequential(*(exchange(stage, module) for module in range(modules)))
            for stage, modules in enumerate(MODULES)
        )
        narrower = (*branches[-2::-1], branches[0])
        self.collect = nn.ModuleList(
            nn.Sequential(depthwise(channels), Conv(channels, out, relu=True))
            for channels, out in zip(branches[::-1], narrower, strict=True)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        check_input(x, axes=2)
        height, width = x.shape[2:]
        if height % SIDE_MULTIPLE or width % SIDE_MULTIPLE:
            raise ValueError(f"pictures are {width}×{height}; sides are multiples of {SIDE_MULTIPLE}")
        x = self.stem(x)
        maps = [branch(x) for branch in self.split]
        for index, stage in enumerate(self.stages):
            if index:
                maps = [*maps, self.grow[index - 1](maps[-1])]
            maps = stage(maps)
        features = self.collect[0](maps[-1])
        for layer, x in zip(self.collect[1:], maps[-2::-1], strict=True):
            # By factor: by size, ONNX Runtime would take a slower path.
            features = layer(x + functional.interpolate(features, scale_factor=2, mode="bilinear", align_corners=True))
        return features


class LiteHRNet(BranchedNet):
    """`BranchedNet` as PP-TinyPose has it; C is 40."""

    def __init__(self) -> None:
        super().__init__(
            Stem(),
            BRANCHES,
            lambda stage, _: ExchangeModule(
                BRANCHES[: stage + 2], lambda branch: ShuffleUnit(BRANCHES[branch]), finest_counts=2
            ),
        )


def _published(network: LiteHRNet) -> list[Conv]:
    """The convolutions after the first one in the order of the published file."""
    first = (network.stem.left[0], network.stem.right[0])
    parts: list[nn.Module] = [network.stem, network.split]
    for index, stage in enumerate(network.stages):
        parts += [network.grow[index - 1], stage] if index else [stage]
    layers = [layer for part in (*parts, network.collect) for layer in part.modules() if isinstance(layer, Conv)]
    return [layer for layer in layers if layer not in first]


@torch.no_grad()
def load_tinypose(network: LiteHRNet, path: Path) -> tuple[torch.Tensor, torch.Tensor]:
    """Fill the network with what it has of the published PP-TinyPose.

    Args:
        network: Filled in place, and only when everything fits.
        path: The published network as ``.onnx`` with weights ``convs.Conv_0.weight`` … in the order of computation.

    Returns:
        Weight ``(17, 40, 1, 1)`` and bias ``(17,)`` of the published last layer: heat maps of COCO-17, 1 at the joint.

    Raises:
        SourceNotFoundError: There is no such file.
        SourceFormatError: It is no ONNX file, or its layers are not those of PP-TinyPose.
    """
    weights = _read_convolutions(path)
    layers = _published(network)
    if len(weights) != len(layers) + 2:
        raise SourceFormatError(
            f"{path} has {len(weights)} convolutions, PP-TinyPose has {len(layers) + 2}; give its ONNX file"
        )
    (stem_weight, stem_bias), *inner, last = weights
    pairs = [(layer, *pair) for layer, pair in zip(layers, inner, strict=True)]
    for branch, weight, bias in zip(
        (network.stem.left, network.stem.right), stem_weight.chunk(2), stem_bias.chunk(2), strict=True
    ):
        pairs.append((branch[0], weight, bias))
    wrong = [
        f"{tuple(weight.shape)} for {tuple(layer.weight.shape)}"
        for layer, weight, _ in pairs
        if weight.shape != layer.weight.shape
    ]
    if wrong:
        more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        raise SourceFormatError(
            f"{path} is no PP-TinyPose, its convolutions differ: {wrong[0]}{more}; give its ONNX file"
        )
    for layer, weight, bias in pairs:
        layer.weight.copy_(weight)
        layer.bias.copy_(bias)
    for module in network.modules():
        if isinstance(module, ExchangeModule):
            for name, told in module.paths.items():
                if name.endswith("<0"):  # published as y + y
                    last_conv = [layer for layer in told.modules() if isinstance(layer, Conv)][-1]
                    last_conv.weight.mul_(2)
                    last_conv.bias.mul_(2)
    return last


def _read_convolutions(path: Path) -> list[tuple[torch.Tensor, torch.Tensor]]:
    _, found = read_onnx_weights(path, "PP-TinyPose")
    pairs: list[tuple[torch.Tensor, torch.Tensor]] = []
    while f"convs.Conv_{len(pairs)}.weight" in found:
        name = f"convs.Conv_{len(pairs)}"
        pairs.append((found[f"{name}.weight"], found[f"{name}.bias"]))
    return pairs
