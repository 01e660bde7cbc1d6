"""A decoder that brings the levels of a backbone together, coarsest first.

Shapes: N pictures, C channels, h×w cells.
"""

import torch
from torch import nn
from torch.nn import functional

from trainer.layers.convolution import ConvNorm, SeparableConv


class PyramidDecoder(nn.Module):
    """Feature pyramid from stride 32 up to 4: each level is joined by a 1×1 convolution and mixed by a separable one.

    Args:
        channels: Of the backbone's levels, finest first.
        widths: Of the pyramid's.
    """

    def __init__(self, channels: tuple[int, int, int, int], widths: tuple[int, int, int, int]) -> None:
        super().__init__()
        self.lateral = nn.ModuleList(ConvNorm(c, w, linear=True) for c, w in zip(channels, widths, strict=True))
        # 5×5 where maps are small; at strides 4 and 8 it would cost more than the backbone's own blocks
        self.mix = nn.ModuleList(SeparableConv(w, w, kernel=k) for w, k in zip(widths, (3, 3, 5, 5), strict=True))
        self.narrow = nn.ModuleList(ConvNorm(widths[i + 1], widths[i], linear=True) for i in range(len(widths) - 1))

    def forward(self, levels: tuple[torch.Tensor, ...]) -> torch.Tensor:
        x = self.mix[-1](self.lateral[-1](levels[-1]))
        for index in range(len(levels) - 2, -1, -1):
            above = functional.interpolate(self.narrow[index](x), size=levels[index].shape[2:], mode="nearest")
            x = self.mix[index](self.lateral[index](levels[index]) + above)
        return x
