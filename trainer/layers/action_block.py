"""The action part of a prediction block: pose and appearance of T frames → actions and clip features (paper E, section
3.3).

Clips are pictures whose rows are frames and whose columns are joints. Shapes: N clips, T frames, J joints, D
dimensions, N_f and N_v features.
"""

import torch
from torch import nn
from torch.nn import functional

from trainer.layers.pyramid_units import BottleneckUnit


def appearance_features(maps: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
    """Each feature map times each joint's map, summed over the cells (section 3.3.2): (N, J, h, w), (N, N_f, h, w) →
    (N, J, N_f).
    """
    return maps.flatten(2) @ features.flatten(2).transpose(1, 2)


def max_plus_min(x: torch.Tensor) -> torch.Tensor:
    """The highest and the lowest cell of each channel, added: (N, C, H, W) → (N, C). What speaks strongly against a
    class counts too.

    Global pooling of the authors' published code; the paper does not name one.
    """
    return x.amax((2, 3)) + x.amin((2, 3))


class ActionBlock(nn.Module):
    """Pose (N, D, T, J), appearance (N, N_f, T, J), clip features Y of other blocks or None → actions (N, A), Y (N,
    N_v, T', J').

    T' and J' are halves: of J rounded up to a multiple of 4, and of T rounded up to a multiple of 4 from 16 frames on;
    shorter clips keep their frames (rounded up to a multiple of 2), each the maximum of itself and the next. So it is
    in the authors' published code; eq. 3 has T × N_j.
    """

    def __init__(
        self, dimensions: int, feature_channels: int, clip_channels: int, actions: int, *, injected: bool
    ) -> None:
        """Make the layers.

        Args:
            dimensions: D.
            feature_channels: N_f.
            clip_channels: N_v; a multiple of 16.
            actions: A.
            injected: Whether clip features of other blocks come in; the first block has none.

        Raises:
            ValueError: ``clip_channels`` cannot be divided by 16.
        """
        super().__init__()
        if clip_channels % 16:
            raise ValueError(
                f"clip_channels is {clip_channels}; take a multiple of 16, which the three pose convolutions share"
            )
        widths = (clip_channels // 16, clip_channels // 8, clip_channels // 4)
        kernels = ((3, 1), (3, 3), (3, 5))  # frames × joints
        self.pose = nn.ModuleList(
            nn.Conv2d(dimensions, width, kernel, padding=(kernel[0] // 2, kernel[1] // 2))
            for width, kernel in zip(widths, kernels, strict=True)
        )
        self.pose_residual = BottleneckUnit(sum(widths), clip_channels)
        self.appearance = nn.Conv2d(feature_channels, clip_channels, 1)
        self.aggregate = BottleneckUnit((3 if injected else 2) * clip_channels, clip_channels, narrowing=4)
        self.norm1, self.convolution1 = (
            nn.BatchNorm2d(clip_channels),
            nn.Conv2d(clip_channels, clip_channels, 3, padding=1),
        )
        self.norm2, self.action = nn.BatchNorm2d(clip_channels), nn.Conv2d(clip_channels, actions, 3, padding=1)
        self.reinject = nn.Conv2d(actions, clip_channels, 3, padding=1)

    def forward(
        self, pose: torch.Tensor, appearance: torch.Tensor, injected: torch.Tensor | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        x = self.pose_residual(torch.cat([convolution(pose) for convolution in self.pose], 1))
        parts = [_halve(x), _halve(self.appearance(appearance))]
        x = self.aggregate(torch.cat(parts if injected is None else [*parts, injected], 1))
        y = self.convolution1(torch.relu(self.norm1(x)))
        pooled = functional.max_pool2d(y, 2, ceil_mode=True) - functional.max_pool2d(
            -y, 2, ceil_mode=True
        )  # maximum plus minimum
        maps = self.action(torch.relu(self.norm2(pooled)))
        spread = functional.interpolate(torch.relu(maps), size=x.shape[2:], mode="nearest")
        return max_plus_min(maps), x + y + self.reinject(spread)


def _halve(x: torch.Tensor) -> torch.Tensor:
    """2×2 maxima of frames and joints, (N, C, T, J) → (N, C, T', J'), after zeros around them so that both can be
    divided by 4 (frames of short clips: by 2).

    The windows go by two joints, and by two frames of clips from 16 on. In short clips they go by one frame, so that
    neighbours overlap; the last frame's window ends with it.
    """
    frames, joints = x.shape[2:]
    stride = 2 if frames >= 16 else 1
    more_frames, more_joints = -frames % (2 * stride), -joints % 4
    x = functional.pad(x, (more_joints // 2, (more_joints + 1) // 2, more_frames // 2, (more_frames + 1) // 2))
    # Not by max_pool2d: ONNX Runtime joins a padding with the pooling behind it, and refuses one that is wider than the
    # pooling.
    # Nor by amax, whose gradient counts how often the maximum is there: explaining took a third longer.
    x = torch.maximum(*x.unflatten(3, (-1, 2)).unbind(4))
    if stride == 1:
        return torch.maximum(x, torch.cat([x[:, :, 1:], x[:, :, -1:]], 2))
    return torch.maximum(*x.unflatten(2, (-1, 2)).unbind(3))
