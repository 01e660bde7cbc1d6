"""Networks of a few channels for tests of pruning: drawn blocks in a chain, or one of a kind by name."""

import torch
from torch import nn

from trainer.layers.pyramid_units import BottleneckUnit, ResidualUnit
from trainer.models.compact import InvertedResidual

BLOCKS = ("convolution", "separable", "inverted", "pre-activated", "bottleneck", "added", "joined", "gated")


class Added(nn.Module):
    """Two branches of one width, added."""

    def __init__(self, channels: int, out_channels: int) -> None:
        super().__init__()
        self.left, self.right = nn.Conv2d(channels, out_channels, 1), nn.Conv2d(channels, out_channels, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.left(x) + self.right(x))


class Joined(nn.Module):
    """Two branches of other widths, one behind the other."""

    def __init__(self, channels: int, out_channels: int) -> None:
        super().__init__()
        self.left, self.right = nn.Conv2d(channels, 3, 1), nn.Conv2d(channels, out_channels - 3, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([self.left(x), torch.sigmoid(self.right(x))], 1)


class Gated(nn.Module):
    """Squeeze and excitation: channels times a share that is computed of all of them."""

    def __init__(self, channels: int, out_channels: int) -> None:
        super().__init__()
        self.mix, self.gate = nn.Conv2d(channels, out_channels, 1), nn.Conv2d(out_channels, out_channels, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.mix(x)
        return x * torch.sigmoid(self.gate(x.mean((2, 3), keepdim=True)))


def _block(kind: str, channels: int, out_channels: int) -> nn.Module:
    if kind == "convolution":
        return nn.Sequential(
            nn.Conv2d(channels, out_channels, 3, padding=1, bias=False), nn.BatchNorm2d(out_channels), nn.ReLU()
        )
    if kind == "separable":
        return nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False),
            nn.BatchNorm2d(channels),
            nn.Hardswish(),
            nn.Conv2d(channels, out_channels, 1, bias=False),
            nn.BatchNorm2d(out_channels),
        )
    if kind == "inverted":
        return InvertedResidual(channels, out_channels, stride=1, expansion=2)
    if kind == "pre-activated":
        return ResidualUnit(channels, out_channels)
    if kind == "bottleneck":
        return BottleneckUnit(channels, out_channels)
    return {"added": Added, "joined": Joined, "gated": Gated}[kind](channels, out_channels)


class Chain(nn.Module):
    """Blocks in a chain, pooled to a vector, or flattened, behind which two linear layers give three scores."""

    def __init__(self, kinds: list[str], *, flattened: bool = False) -> None:
        super().__init__()
        widths = [4, *(6 + 2 * (place % 3) for place in range(len(kinds)))]
        self.stem = nn.Conv2d(3, widths[0], 3, 2, 1)
        self.blocks = nn.Sequential(
            *(_block(kind, a, b) for kind, a, b in zip(kinds, widths[:-1], widths[1:], strict=True))
        )
        self.flattened = flattened
        self.hidden = nn.Linear(widths[-1] * (16 if flattened else 1), 5)
        self.classifier = nn.Linear(5, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.blocks(self.stem(x))
        x = x.flatten(1) if self.flattened else x.mean((2, 3))
        return self.classifier(torch.relu(self.hidden(x)))


def with_statistics(network: nn.Module) -> nn.Module:
    """The network in evaluation mode, every normalisation with other statistics, scales and shifts for each channel."""
    generator = torch.Generator().manual_seed(3)
    for module in network.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            for tensor in (module.weight.data, module.bias.data, module.running_mean, module.running_var):
                tensor.copy_(0.5 + torch.rand(tensor.shape, generator=generator))
    return network.eval()


PICTURES = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(1))
