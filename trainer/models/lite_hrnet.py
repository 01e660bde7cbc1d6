"""A slimmed Lite-HRNet that starts from the weights of PP-TinyPose.

Branches of several resolutions run beside each other and exchange what they know (Wang et al., "Deep High-Resolution
Representation Learning", TPAMI 2021) in the cheap form of Lite-HRNet (Yu et al., CVPR 2021, "naive": ShuffleNetV2
units, depthwise separable exchange), as PaddleDetection's PP-TinyPose (Apache-2.0) is built. Left out here is what the
joint maps of training persons change least without, each alone by less than a twentieth of their variance: the units on
the finest branch of the last stage, and fourteen of the paths between branches. Together that is a sixth of the time.

The published weights have their normalisation folded into the convolutions, and it stays so: fine-tuning a trained
network does without.

Shapes: N pictures, C channels, H height, W width.
"""

from pathlib import Path
from typing import TypeAlias

import torch
from torch import nn
from torch.nn import functional

from edgeact.errors import SourceFormatError
from trainer.layers.convolution import strided_depthwise
from trainer.layers.residual import check_input
from trainer.models.published import read_onnx_weights

# Channels of the branches; strides 4, 8, 16 and 32.
BRANCHES = (40, 80, 160, 320)
# The paths (to, from) between branches that an exchange module lacks, by stage (of two, three and four branches) and
# module.
Paths: TypeAlias = frozenset[tuple[int, int]]
NOTHING: Paths = frozenset()
LEFT_OUT: tuple[tuple[Paths, ...], ...] = (
    (NOTHING, NOTHING),
    (frozenset({(1, 2), (2, 1)}), NOTHING, frozenset({(1, 2)}), frozenset({(1, 2)})),
    (frozenset({(0, 2), (1, 2), (1, 3), (3, 1)}), frozenset({(1, 2), (1, 3), (2, 1), (2, 3), (3, 1), (3, 2)})),
)
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


def _depthwise(channels: int, *, stride: int = 1) -> Conv:
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
            Conv(3, half, kernel=3, stride=2, relu=True), _depthwise(half, stride=2), Conv(half, half, relu=True)
        )
        self.right = nn.Sequential(
            Conv(3, half, kernel=3, stride=2, relu=True),
            Conv(half, 2 * half, relu=True),
            _depthwise(2 * half, stride=2),
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
        self.mix = nn.Sequential(Conv(half, half, relu=True), _depthwise(half), Conv(half, half, relu=True))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        kept, mixed = x.chunk(2, 1)
        return _shuffle(kept, self.mix(mixed))


def _down(channels: int, out_channels: int, halvings: int) -> nn.Sequential:
    """From a branch to one that is coarser by so many factors of 2."""
    layers: list[nn.Module] = []
    for position in range(halvings):
        last = position == halvings - 1
        layers += [_depthwise(channels, stride=2), Conv(channels, out_channels if last else channels, relu=not last)]
    return nn.Sequential(*layers)


class ExchangeModule(nn.Module):
    """Two units on each branch, then what the branches tell each other.

    Args:
        branches: Channels, finest first.
        left_out: Paths that there are not; the finest branch tells all others, and the second one tells it.
        units_on_finest: Without them the finest branch is only what the others tell it.
    """

    def __init__(self, branches: tuple[int, ...], *, left_out: Paths, units_on_finest: bool) -> None:
        super().__init__()
        self.units = nn.ModuleDict(
            {
                str(branch): nn.Sequential(ShuffleUnit(channels), ShuffleUnit(channels))
                for branch, channels in enumerate(branches)
                if branch or units_on_finest
            }
        )
        self.paths = nn.ModuleDict()
        for to, channels in enumerate(branches):
            for source, told in enumerate(branches):
                if source != to and (to, source) not in left_out:
                    self.paths[f"{to}<{source}"] = (
                        Conv(told, channels) if source > to else _down(told, channels, to - source)
                    )

    def forward(self, maps: list[torch.Tensor]) -> list[torch.Tensor]:
        own = {branch: self.units[str(branch)](x) for branch, x in enumerate(maps) if str(branch) in self.units}
        joined: list[torch.Tensor] = []
        for to in range(len(maps)):
            # The published network counts its finest branch twice, and tells the others what that has become by then.
            parts = [own[to] if to else 2 * own[to]] if to in own else []
            for source in range(len(maps)):
                name = f"{to}<{source}"
                if name in self.paths:
                    told = self.paths[name](own[source] if source else joined[0])
                    parts.append(
                        functional.interpolate(told, scale_factor=2 ** (source - to), mode="nearest")
                        if source > to
                        else told
                    )
            total = parts[0]
            for part in parts[1:]:
                total = total + part
            joined.append(total)
        return [functional.relu(x) for x in joined]


class LiteHRNet(nn.Module):
    """Picture (N, 3, H, W), ImageNet's mean and deviation, sides multiples of 32 → features (N, 40, H/4, W/4).

    Args:
        whole: As published, with nothing left out.
    """

    def __init__(self, *, whole: bool = False) -> None:
        super().__init__()
        self.stem = Stem()
        first, second = BRANCHES[:2]
        self.split = nn.ModuleList(
            [
                nn.Sequential(_depthwise(STEM_CHANNELS), Conv(STEM_CHANNELS, first, relu=True)),
                nn.Sequential(_depthwise(STEM_CHANNELS, stride=2), Conv(STEM_CHANNELS, second, relu=True)),
            ]
        )
        self.grow = nn.ModuleList(
            nn.Sequential(_depthwise(channels, stride=2), Conv(channels, 2 * channels, relu=True))
            for channels in BRANCHES[1:-1]
        )
        self.stages = nn.ModuleList()
        for index, modules in enumerate(LEFT_OUT):
            fine = whole or index + 1 < len(LEFT_OUT)
            branches = BRANCHES[: index + 2]
            made = (
                ExchangeModule(branches, left_out=NOTHING if whole else paths, units_on_finest=fine)
                for paths in modules
            )
            self.stages.append(nn.Sequential(*made))
        narrower = (*BRANCHES[-2::-1], BRANCHES[0])
        self.collect = nn.ModuleList(
            nn.Sequential(_depthwise(channels), Conv(channels, out, relu=True))
            for channels, out in zip(BRANCHES[::-1], narrower, strict=True)
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


def _published(whole: LiteHRNet) -> list[Conv]:
    """The convolutions after the first one in the order of the published file."""
    first = (whole.stem.left[0], whole.stem.right[0])
    parts: list[nn.Module] = [whole.stem, whole.split]
    for index, stage in enumerate(whole.stages):
        parts += [whole.grow[index - 1], stage] if index else [stage]
    layers = [layer for part in (*parts, whole.collect) for layer in part.modules() if isinstance(layer, Conv)]
    return [layer for layer in layers if layer not in first]


@torch.no_grad()
def load_tinypose(network: LiteHRNet, path: Path, pictures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Fill the network with what it shares with the published PP-TinyPose; what is left out is replaced by its mean.

    Args:
        network: Filled in place, and only when everything fits.
        path: The published network as ``.onnx`` with weights ``convs.Conv_0.weight`` … in the order of computation.
        pictures: ``(N, 3, H, W)`` as the network takes them; some dozens give stable means.

    Returns:
        Weight ``(17, 40, 1, 1)`` and bias ``(17,)`` of the published last layer: heat maps of COCO-17, 1 at the joint.

    Raises:
        SourceNotFoundError: There is no such file.
        SourceFormatError: It is no ONNX file, or its layers are not those of PP-TinyPose.
    """
    whole = LiteHRNet(whole=True).eval()
    last = _fill(whole, path)
    means = _means(whole, network, pictures)
    kept = network.state_dict().keys()
    network.load_state_dict({name: value for name, value in whole.state_dict().items() if name in kept})
    for module, left_out in zip(_exchanges(network), means, strict=True):
        for name, mean in left_out.items():
            to = name.split("<")[0]
            # A constant that another path can bring as well: from the finest branch, to it from the next.
            _last_conv(module.paths["0<1" if to == "0" else f"{to}<0"]).bias.add_(mean)
    return last


def _fill(whole: LiteHRNet, path: Path) -> tuple[torch.Tensor, torch.Tensor]:
    weights = _read_convolutions(path)
    layers = _published(whole)
    if len(weights) != len(layers) + 2:
        raise SourceFormatError(
            f"{path} has {len(weights)} convolutions, PP-TinyPose has {len(layers) + 2}; give its ONNX file"
        )
    (stem_weight, stem_bias), *inner, last = weights
    pairs = [(layer, *pair) for layer, pair in zip(layers, inner, strict=True)]
    for branch, weight, bias in zip(
        (whole.stem.left, whole.stem.right), stem_weight.chunk(2), stem_bias.chunk(2), strict=True
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
    for module in _exchanges(whole):
        for name, told in module.paths.items():
            if name.endswith("<0"):  # published as y + y
                _last_conv(told).weight.mul_(2)
                _last_conv(told).bias.mul_(2)
    return last


def _means(whole: LiteHRNet, network: LiteHRNet, pictures: torch.Tensor) -> list[dict[str, torch.Tensor]]:
    """By exchange module, channels' means of what the network leaves out: paths, and what the finest branch has of its
    own (``"0"``).
    """
    means: list[dict[str, torch.Tensor]] = []
    handles = []
    for theirs, ours in zip(_exchanges(whole), _exchanges(network), strict=True):
        found: dict[str, torch.Tensor] = {}
        means.append(found)
        left_out = [(name, path, 1) for name, path in theirs.paths.items() if name not in ours.paths]
        left_out += [(name, units, 2) for name, units in theirs.units.items() if name not in ours.units]
        for name, layer, factor in left_out:

            def note(_: nn.Module, __: object, out: torch.Tensor, found=found, name=name, factor=factor) -> None:
                found[name] = factor * out.mean((0, 2, 3))

            handles.append(layer.register_forward_hook(note))
    whole(pictures)
    for handle in handles:
        handle.remove()
    return means


def _exchanges(network: nn.Module) -> list[ExchangeModule]:
    return [layer for layer in network.modules() if isinstance(layer, ExchangeModule)]


def _last_conv(path: nn.Module) -> Conv:
    return [layer for layer in path.modules() if isinstance(layer, Conv)][-1]


def _read_convolutions(path: Path) -> list[tuple[torch.Tensor, torch.Tensor]]:
    _, found = read_onnx_weights(path, "PP-TinyPose")
    pairs: list[tuple[torch.Tensor, torch.Tensor]] = []
    while f"convs.Conv_{len(pairs)}.weight" in found:
        name = f"convs.Conv_{len(pairs)}"
        pairs.append((found[f"{name}.weight"], found[f"{name}.bias"]))
    return pairs
