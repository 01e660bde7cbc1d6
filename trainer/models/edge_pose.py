"""The compact pose network: one person crop → joints with confidence, by soft-argmax over joint maps.

Decoding follows "Multi-task Deep Learning for Real-Time 3D Human Pose Estimation and Action Recognition" (Luvizon et al., TPAMI 2020):
spatial softmax of each joint's map and its expectation (soft-argmax). The confidence differs from the paper's maximum of the map: it is
a logistic function of the map's mass around its expectation, fitted per joint on validation data so that it is the probability
that the joint lies within 0.2 torso lengths.

Shapes: N persons, J joints, H×W input (192×144), h×w maps (48×36).
"""

import torch
from torch import nn
from torch.nn import functional

from trainer.layers.convolution import ConvNorm, SeparableConv
from trainer.models.compact import LEVEL_CHANNELS, CompactBackbone

INPUT_HEIGHT, INPUT_WIDTH = 192, 144
MAP_STRIDE = 4


class PyramidDecoder(nn.Module):
    """Feature pyramid from stride 32 up to 4: each level is joined by a 1×1 convolution and mixed by a separable one."""

    def __init__(self, widths: tuple[int, int, int, int] = (48, 64, 96, 128)) -> None:
        super().__init__()
        self.lateral = nn.ModuleList(ConvNorm(c, w, linear=True) for c, w in zip(LEVEL_CHANNELS, widths, strict=True))
        # 5×5 where maps are small; at strides 4 and 8 it would cost more than the backbone's own blocks
        self.mix = nn.ModuleList(SeparableConv(w, w, kernel=k) for w, k in zip(widths, (3, 3, 5, 5), strict=True))
        self.narrow = nn.ModuleList(ConvNorm(widths[i + 1], widths[i], linear=True) for i in range(len(widths) - 1))

    def forward(self, levels: tuple[torch.Tensor, ...]) -> torch.Tensor:
        x = self.mix[-1](self.lateral[-1](levels[-1]))
        for index in range(len(levels) - 2, -1, -1):
            above = functional.interpolate(self.narrow[index](x), size=levels[index].shape[2:], mode="nearest")
            x = self.mix[index](self.lateral[index](levels[index]) + above)
        return x


def soft_argmax(maps: torch.Tensor) -> torch.Tensor:
    """Expectation of probability maps (N, J, h, w) as (N, J, 2) x, y in cells; the centre of the first cell is 0."""
    height, width = maps.shape[2:]
    columns = torch.arange(width, dtype=maps.dtype, device=maps.device)
    rows = torch.arange(height, dtype=maps.dtype, device=maps.device)
    x = (maps.sum(2) * columns).sum(-1)
    y = (maps.sum(3) * rows).sum(-1)
    return torch.stack([x, y], -1)


# Half the side of the window around a map's peak, in cells: 2.7 standard deviations of the training target.
PEAK_RADIUS = 4


def peak_soft_argmax(logits: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Soft-argmax in a window around each map's peak, so that a second person in the crop does not pull the joint away.

    Args:
        logits: ``(N, J, h, w)``.

    Returns:
        Joints ``(N, J, 2)`` x, y in crop pixels; the window's share of the map's mass ``(N, J)``; the maps ``(N, J, h, w)``, each
        summing to 1.
    """
    count, joints, height, width = logits.shape
    maps = torch.softmax(logits.float().reshape(count, joints, -1), -1)
    peak = maps.argmax(-1, keepdim=True)
    cells = torch.arange(height * width, device=logits.device)
    near = ((cells % width - peak % width).abs() <= PEAK_RADIUS) & ((cells // width - peak // width).abs() <= PEAK_RADIUS)
    window = maps * near
    mass = window.sum(-1)
    maps, window = maps.reshape(logits.shape), (window / mass[..., None].clamp_min(1e-6)).reshape(logits.shape)
    # A cell's centre lies MAP_STRIDE / 2 - 0.5 pixels into it, pixel centres being at whole numbers.
    return (soft_argmax(window) + 0.5) * MAP_STRIDE - 0.5, mass, maps


class EdgePose(nn.Module):
    """Normalised crop (N, 3, H, W) in [−1, 1] → logits of the joint maps (N, J, h, w)."""

    def __init__(self, joints: int = 21) -> None:
        super().__init__()
        self.backbone = CompactBackbone()
        self.decoder = PyramidDecoder()
        self.head = nn.Conv2d(48, joints, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.decoder(self.backbone(x)))
