"""The lifter: the last seconds of a person's joints in the picture → the newest frame's joints in metres.

A causal, strided network over time in the manner of "3D human pose estimation in video with temporal convolutions and
semi-supervised training" (Pavllo et al., CVPR 2019), much smaller: nine moments become three and then one, so that the
cost of a step is the same whatever came before. It differs in its output: not free joints but the directions of bones,
and lengths that both sides of the body share and that are told from the whole clip. So a limb cannot grow or shrink as
it turns towards the camera.

Shapes: N clips, T = 9 frames, J = 21 joints, 20 bones.
"""

import torch
from torch import nn
from torch.nn import functional

from edgeact.skeleton import BODY_21
from trainer.inputs.body_tree import CHILDREN, LENGTH_OF_BONE, MEAN_LENGTHS, joints_of
from trainer.layers.person_scale import centre_and_scale

_FEATURES = len(BODY_21.joints) * 3 + 2


def normalise(poses: torch.Tensor) -> torch.Tensor:
    """Poses (N, T, J, 3) x, y in pixels, confidence → (N, T, 65): place, size and units taken out.

    Per frame: x, y relative to the frame's centre, times confidence; the confidence; and where that centre is, seen
    from the newest frame's. Lengths are in units of the clip's mean joint distance from the centre. A joint that is
    not seen is 0.
    """
    xy, confidence = poses[..., :2], poses[..., 2:].clamp(0, 1)
    centre, scale, seen = centre_and_scale(xy, confidence)
    posture = ((xy - centre) / scale * confidence).clamp(-6, 6)
    path = ((centre - centre[:, -1:]) / scale * seen).clamp(-6, 6)
    return torch.cat([posture.flatten(2), confidence.flatten(2), path.flatten(2)], -1)


class _Third(nn.Module):
    """Residual block that makes one moment of three: (N, C, 3 T) → (N, C, T); its shortcut is the newest of them."""

    def __init__(self, channels: int, dropout: float) -> None:
        super().__init__()
        self.first = nn.Conv1d(channels, channels, 3, 3, bias=False)
        self.first_norm = nn.BatchNorm1d(channels)
        self.second = nn.Conv1d(channels, channels, 1, bias=False)
        self.second_norm = nn.BatchNorm1d(channels)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.dropout(functional.relu(self.first_norm(self.first(x))))
        return x[..., 2::3] + self.dropout(functional.relu(self.second_norm(self.second(y))))


class _Residual(nn.Module):
    """Residual pair of linear layers: (N, C) → (N, C)."""

    def __init__(self, channels: int, dropout: float) -> None:
        super().__init__()
        self.first, self.first_norm = nn.Linear(channels, channels, bias=False), nn.BatchNorm1d(channels)
        self.second, self.second_norm = nn.Linear(channels, channels, bias=False), nn.BatchNorm1d(channels)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.dropout(functional.relu(self.first_norm(self.first(x))))
        return x + self.dropout(functional.relu(self.second_norm(self.second(y))))


class Lifter(nn.Module):
    """Poses (N, T, J, 3) x, y in pixels, confidence → joints (N, J, 3) of the newest frame, metres: the pelvis at the
    origin, x right, y down, z away along the line of sight.

    Args:
        width: Channels over time.
        hidden: Channels of the newest frame.
        dropout: Share of the features that a training step leaves out.
    """

    def __init__(self, *, width: int = 256, hidden: int = 384, dropout: float = 0.05) -> None:
        super().__init__()
        self.stem = nn.Conv1d(_FEATURES, width, 3, 3, bias=False)
        self.stem_norm = nn.BatchNorm1d(width)
        self.third = _Third(width, dropout)
        self.join = nn.Linear(width + _FEATURES, hidden, bias=False)
        self.join_norm = nn.BatchNorm1d(hidden)
        self.residual = nn.Sequential(_Residual(hidden, dropout), _Residual(hidden, dropout))
        self.directions = nn.Linear(hidden, 3 * len(CHILDREN))
        self.lengths = nn.Linear(width, len(MEAN_LENGTHS))
        self.register_buffer("mean_lengths", torch.from_numpy(MEAN_LENGTHS), persistent=False)
        nn.init.zeros_(self.lengths.weight)
        nn.init.zeros_(self.lengths.bias)

    def bones(self, poses: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Unit directions (N, 20, 3) and lengths (N, 20) in metres of the bones."""
        features = normalise(poses)
        x = functional.relu(self.stem_norm(self.stem(features.transpose(1, 2))))
        x = self.third(x).squeeze(2)
        lengths = self.mean_lengths * torch.exp(0.5 * torch.tanh(self.lengths(x)))
        x = functional.relu(self.join_norm(self.join(torch.cat([x, features[:, -1]], 1))))
        directions = self.directions(self.residual(x)).unflatten(1, (len(CHILDREN), 3))
        return directions / (directions.square().sum(-1, keepdim=True) + 1e-6).sqrt(), lengths[:, LENGTH_OF_BONE]

    def forward(self, poses: torch.Tensor) -> torch.Tensor:
        directions, lengths = self.bones(poses)
        return joints_of(directions * lengths[..., None])
