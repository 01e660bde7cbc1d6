"""PP-TinyPose as it was published, to compare ours with; written from the published graph, layer by layer, and slow to
read on purpose.
"""

from pathlib import Path

import numpy as np
import onnx
import torch
from torch.nn import functional

Weights = list[tuple[torch.Tensor, torch.Tensor]]

BRANCHES = (40, 80, 160, 320)


class PublishedTinyPose:
    """Picture (N, 3, H, W) → heat maps (N, 17, H/4, W/4).

    Args:
        weights: Of the convolutions in the order of computation; None makes random ones.
    """

    def __init__(self, weights: Weights | None = None) -> None:
        self.given = weights
        self.used: Weights = []
        self.random = torch.Generator().manual_seed(0)

    def _conv(
        self,
        x: torch.Tensor,
        out: int,
        *,
        kernel: int = 1,
        stride: int = 1,
        depthwise: bool = False,
        relu: bool = False,
    ) -> torch.Tensor:
        shape = (out, 1 if depthwise else x.shape[1], kernel, kernel)
        if self.given is not None:
            weight, bias = self.given[len(self.used)]
            assert weight.shape == shape
        else:
            weight = torch.randn(shape, generator=self.random) * (1.0 / np.prod(shape[1:])) ** 0.5
            bias = 0.1 * torch.randn(out, generator=self.random)
        self.used.append((weight, bias))
        x = functional.conv2d(x, weight, bias, stride, kernel // 2, 1, out if depthwise else 1)
        return functional.relu(x) if relu else x

    def _separable(self, x: torch.Tensor, out: int, *, stride: int = 1, relu: bool = True) -> torch.Tensor:
        return self._conv(self._conv(x, x.shape[1], kernel=3, stride=stride, depthwise=True), out, relu=relu)

    def _unit(self, x: torch.Tensor) -> torch.Tensor:
        kept, mixed = x.chunk(2, 1)
        half = kept.shape[1]
        mixed = self._conv(mixed, half, relu=True)
        mixed = self._conv(mixed, half, kernel=3, depthwise=True)
        return _shuffled(torch.cat([kept, self._conv(mixed, half, relu=True)], 1))

    def _module(self, maps: list[torch.Tensor]) -> list[torch.Tensor]:
        out = [self._unit(self._unit(x)) for x in maps]
        fused = []
        for to in range(len(maps)):
            total = torch.zeros(())
            for source, x in enumerate(out):
                if source > to:
                    told = functional.interpolate(
                        self._conv(x, BRANCHES[to]), scale_factor=2 ** (source - to), mode="nearest"
                    )
                elif source < to:
                    told = x
                    for step in range(to - source):
                        last = step == to - source - 1
                        told = self._separable(told, BRANCHES[to] if last else told.shape[1], stride=2, relu=not last)
                else:
                    told = x
                total = total + (2 * told if source == 0 else told)
            if to == 0:
                out[0] = total
            fused.append(functional.relu(total))
        return fused

    @torch.no_grad()
    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        self.used = []
        left, right = self._conv(x, 32, kernel=3, stride=2, relu=True).chunk(2, 1)
        left = self._separable(left, 16, stride=2)
        right = self._separable(self._conv(right, 32, relu=True), 16, stride=2)
        x = _shuffled(torch.cat([left, right], 1))
        maps = [self._separable(x, 40), self._separable(x, 80, stride=2)]
        for modules in (2, 4, 2):
            if len(self.used) > 10:  # from the second stage on there is one branch more
                maps.append(self._separable(maps[-1], 2 * maps[-1].shape[1], stride=2))
            for _ in range(modules):
                maps = self._module(maps)
        features = self._separable(maps[3], 160)
        for level in (2, 1, 0):
            wider = functional.interpolate(features, size=maps[level].shape[2:], mode="bilinear", align_corners=True)
            features = self._separable(maps[level] + wider, BRANCHES[max(level - 1, 0)])
        return self._conv(features, 17)


def _shuffled(x: torch.Tensor) -> torch.Tensor:
    count, channels, height, width = x.shape
    return x.reshape(count, 2, channels // 2, height, width).transpose(1, 2).reshape(x.shape)


def random_weights() -> Weights:
    """Of all 269 convolutions."""
    network = PublishedTinyPose()
    network(torch.zeros(1, 3, 32, 32))
    return network.used


def write_weights(path: Path, weights: Weights) -> Path:
    """As the published file names them."""
    tensors = [
        onnx.numpy_helper.from_array(value.numpy(), f"convs.Conv_{index}.{kind}")
        for index, pair in enumerate(weights)
        for kind, value in zip(("weight", "bias"), pair, strict=True)
    ]
    onnx.save(onnx.helper.make_model(onnx.helper.make_graph([], "weights", [], [], tensors)), path)
    return path
