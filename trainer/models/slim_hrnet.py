"""A narrower Lite-HRNet for processor cores, which starts from a trained `LiteHRNet` that is rewritten and pruned.

`LiteHRNet` splits and shuffles channels at every unit; on a processor that moves more memory than it computes. Here no
channel moves: a unit reads all of a branch's channels, and writes to all of them what the published one computes for
half of them. The published network can be written so exactly (`rewrite`). Channels that are worth least are then
removed (`trainer.compress`).

Shapes: N pictures, C channels, H height, W width.
"""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from trainer.models.lite_hrnet import (
    BRANCHES,
    MODULES,
    STEM_CHANNELS,
    BranchedNet,
    Conv,
    ExchangeModule,
    LiteHRNet,
    Stem,
    depthwise,
)


@dataclass(frozen=True, slots=True)
class Widths:
    """Channels of the four branches, and of the middle of their units."""

    branches: tuple[int, int, int, int]
    hidden: tuple[int, int, int, int]


# As published: half of a branch's channels are mixed by a unit.
PUBLISHED = Widths(BRANCHES, (20, 40, 80, 160))
# Only the middles of the units are narrower: fewer channels on the branches themselves cost far more accuracy than they
# save time (docs/history.md). Multiples of 16, the blocks in which ONNX Runtime computes on processors with AVX-512.
SLIM = Widths(BRANCHES, (16, 32, 64, 96))


class DenseUnit(nn.Module):
    """(N, C, H, W) ≥ 0 → the same shape, ≥ 0: what it keeps of each channel plus what it mixes.

    Args:
        channels: C.
        hidden: Channels that are mixed.
    """

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.narrow = Conv(channels, hidden, relu=True)
        self.depthwise = depthwise(hidden)
        self.widen = Conv(hidden, channels)
        self.kept = nn.Parameter(torch.ones(channels, 1, 1, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if torch.compiler.is_exporting():
            # The same as a convolution, which leaves the channels in ONNX Runtime's blocks.
            kept = functional.conv2d(x, self.kept, groups=len(self.kept))
        else:
            kept = x * self.kept[:, 0]
        return functional.relu(kept + self.widen(self.depthwise(self.narrow(x))))


class SlimStem(Stem):
    """`Stem` whose channels are not shuffled: (N, 3, H, W) → (N, 32, H/4, W/4)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([self.left(x), self.right(x)], 1)


class SlimHRNet(BranchedNet):
    """`BranchedNet` of dense units.

    Args:
        widths: Of its branches and units.
        light: The last exchange module lacks the paths that are worth least to the joint maps.
    """

    def __init__(self, widths: Widths = SLIM, *, light: bool = True) -> None:
        last = (len(MODULES) - 1, MODULES[-1] - 1)
        super().__init__(
            SlimStem(),
            widths.branches,
            lambda stage, module: ExchangeModule(
                widths.branches[: stage + 2],
                lambda branch: DenseUnit(widths.branches[branch], widths.hidden[branch]),
                light=light and (stage, module) == last,
            ),
        )


# --- A trained LiteHRNet without shuffles -------------------------------------------------------------------------

Order = torch.Tensor  # (C,): the place here of each channel of the published network


@torch.no_grad()
def _place(new: Conv, old: Conv, reads: Order | None, writes: Order | None) -> None:
    """Copy a convolution whose input and output channels have new places; None leaves them in theirs."""
    weight = old.weight
    if writes is not None:
        weight = torch.empty_like(weight).index_copy_(0, writes, weight)
        new.bias.copy_(torch.empty_like(old.bias).index_copy_(0, writes, old.bias))
    else:
        new.bias.copy_(old.bias)
    if reads is not None and old.groups == 1:
        weight = torch.empty_like(weight).index_copy_(1, reads, weight)
    new.weight.copy_(weight)


def _place_pair(new: nn.Module, old: nn.Module, reads: Order | None, writes: Order | None) -> None:
    """Copy what reads in one order and writes in another: depthwise and pointwise convolutions in turns, or one."""
    olds = [layer for layer in old.modules() if isinstance(layer, Conv)]
    news = [layer for layer in new.modules() if isinstance(layer, Conv)]
    for index, (layer, source) in enumerate(zip(news, olds, strict=True)):
        first, last = index == 0, index == len(olds) - 1
        of_input = reads if first or (index == 1 and olds[0].groups > 1) else None
        _place(layer, source, of_input, of_input if source.groups > 1 else writes if last else None)


@torch.no_grad()
def _rewrite_unit(new: DenseUnit, old: nn.Module, order: Order) -> Order:
    """Copy one unit without its split and shuffle; return the order of the channels that it writes."""
    narrow, middle, widen = old.mix
    kept, mixed = order.chunk(2)
    new.narrow.weight.zero_()
    new.narrow.weight[:, mixed] = narrow.weight
    new.narrow.bias.copy_(narrow.bias)
    new.depthwise.load_state_dict(middle.state_dict())
    new.widen.weight.zero_()
    new.widen.bias.zero_()
    new.widen.weight[mixed] = widen.weight
    new.widen.bias[mixed] = widen.bias
    new.kept.zero_()
    new.kept[kept] = 1.0
    return torch.stack([kept, mixed], 1).flatten()


def _rewrite_module(new: ExchangeModule, old: ExchangeModule, orders: list[Order]) -> list[Order]:
    after = []
    for branch, order in enumerate(orders):
        for unit, published in zip(new.units[branch], old.units[branch], strict=True):
            order = _rewrite_unit(unit, published, order)
        after.append(order)
    with torch.no_grad():  # the published network counts its finest branch twice
        for weight in (new.units[0][1].kept, new.units[0][1].widen.weight, new.units[0][1].widen.bias):
            weight.mul_(2)
    for name, path in new.paths.items():
        to, source = (int(part) for part in name.split("<"))
        _place_pair(path, old.paths[name], after[source], after[to])
    return after


def rewrite(published: LiteHRNet) -> SlimHRNet:
    """The same function without split and shuffled channels, as wide as it was."""
    network = SlimHRNet(PUBLISHED, light=False)
    network.stem.load_state_dict(published.stem.state_dict())
    half = torch.arange(STEM_CHANNELS // 2)
    of_stem = torch.stack([half, half + STEM_CHANNELS // 2], 1).flatten()
    orders: list[Order] = []
    for branch, old in zip(network.split, published.split, strict=True):
        _place_pair(branch, old, of_stem, None)
        orders.append(torch.arange(BRANCHES[len(orders)]))
    for stage, (modules, olds) in enumerate(zip(network.stages, published.stages, strict=True)):
        if stage:
            _place_pair(network.grow[stage - 1], published.grow[stage - 1], orders[-1], None)
            orders.append(torch.arange(BRANCHES[len(orders)]))
        for module, old in zip(modules, olds, strict=True):
            orders = _rewrite_module(module, old, orders)
    finer: list[Order | None] = [*orders[-2::-1], None]
    for layer, old, reads, writes in zip(network.collect, published.collect, orders[::-1], finer, strict=True):
        _place_pair(layer, old, reads, writes)
    return network
