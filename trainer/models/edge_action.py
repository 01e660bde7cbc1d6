"""The compact action network: joints of one person over a clip → probability of each action, "other" among them.

Like the action part of "Multi-task Deep Learning for Real-Time 3D Human Pose Estimation and Action Recognition"
(Luvizon et al., TPAMI 2020, section 3.3.1) it reads T × N_j pose features weighted by their confidence; unlike it, it
mixes time with one-dimensional convolutions over all joints at once, which data sets without images can train. Its
input is what the frame graph left in the ring buffer, so that each frame is computed once.

Shapes: N clips, T frames, J = 21 joints (13 common ones inside), A actions.
"""

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional

from trainer.inputs.action_clip import common_of
from trainer.layers.person_scale import centre_and_scale


def normalise(joints: torch.Tensor) -> torch.Tensor:
    """Joints (N, T, J, D + 1), D coordinates and confidence → (N, T, J · (3D + 1)): place, size and units taken out.

    Per joint: its place relative to the clip's centre (keeps the person's path), its place relative to the frame's
    centre (keeps the posture), their change since the frame before, and the confidence; all in units of the clip's mean
    joint distance from the frame's centre, times confidence, so that an unseen joint is 0.
    """
    xy, confidence = joints[..., :-1], joints[..., -1:].clamp(0, 1)
    centre, scale, seen = centre_and_scale(xy, confidence)
    middle = (centre * seen).sum(1, keepdim=True) / seen.sum(1, keepdim=True).clamp_min(1.0)
    posture = (xy - centre) / scale * confidence
    place = (xy - middle) / scale * confidence
    before = torch.cat([posture[:, :1], posture[:, :-1]], 1)
    known = confidence * torch.cat([confidence[:, :1], confidence[:, :-1]], 1)
    change = (posture - before) * known * 3.0  # frame-to-frame steps are about a third of the postures' spread
    features = torch.cat([place.clamp(-6, 6), posture.clamp(-6, 6), change.clamp(-6, 6), confidence], -1)
    return features.flatten(2)


class TemporalBlock(nn.Module):
    """Residual pair of convolutions over time with dropout between: (N, C, T) → (N, C', T / stride)."""

    def __init__(
        self, channels: int, out_channels: int, *, stride: int = 1, dilation: int = 1, dropout: float = 0.2
    ) -> None:
        super().__init__()
        self.first = nn.Conv1d(channels, out_channels, 3, stride, dilation, dilation, bias=False)
        self.first_norm = nn.BatchNorm1d(out_channels)
        self.second = nn.Conv1d(out_channels, out_channels, 3, 1, 1, bias=False)
        self.second_norm = nn.BatchNorm1d(out_channels)
        same = stride == 1 and channels == out_channels
        self.shortcut = nn.Identity() if same else nn.Conv1d(channels, out_channels, 1, stride, bias=False)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.dropout(functional.relu(self.first_norm(self.first(x))))
        return functional.relu(self.shortcut(x) + self.second_norm(self.second(y)))


class EdgeAction(nn.Module):
    """Common joints (N, T, 13, 3) → action logits (N, A); of other sets other joints, in 2D or 3D.

    Args:
        actions: A.
        width: Channels of all blocks but the last.
        dropout: Share of the pooled features that is dropped in training.
        joints: Of a person.
        dimensions: Of a joint's place.
        mirror: For each joint the one that it becomes in a mirror. With it, in evaluation mode, the logits are the mean
            of those of a clip and of its mirror image: an action looks the same from either side, and what the network
            gets wrong in one view it may get right in the other. Twice the time.
    """

    def __init__(
        self,
        actions: int,
        *,
        width: int = 160,
        dropout: float = 0.3,
        joints: int = 13,
        dimensions: int = 2,
        mirror: Sequence[int] | None = None,
    ) -> None:
        super().__init__()
        self.mirror = None if mirror is None else list(mirror)
        self.stem = nn.Conv1d(joints * (3 * dimensions + 1), width, 5, padding=2, bias=False)
        self.stem_norm = nn.BatchNorm1d(width)
        self.blocks = nn.Sequential(
            TemporalBlock(width, width),
            TemporalBlock(width, width, stride=2),
            TemporalBlock(width, width, dilation=2),
            TemporalBlock(width, 256, stride=2),
        )
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(2 * 256, actions)

    def forward(self, joints: torch.Tensor) -> torch.Tensor:
        if self.mirror is None or self.training:
            return self._logits(joints)
        mirrored = joints[..., self.mirror, :]
        mirrored = torch.cat([-mirrored[..., :1], mirrored[..., 1:]], -1)
        logits = self._logits(torch.cat([joints, mirrored]))
        return logits.unflatten(0, (2, -1)).mean(0)

    def _logits(self, joints: torch.Tensor) -> torch.Tensor:
        x = normalise(joints).transpose(1, 2)
        x = self.blocks(functional.relu(self.stem_norm(self.stem(x))))
        pooled = torch.cat([x.mean(2), x.amax(2)], 1)
        return self.classifier(self.dropout(pooled))


class ClipNetwork(nn.Module):
    """What the bundle's clip graph holds: features (N, T, 21, 3) of the ring buffer → calibrated probabilities (N,
    A).
    """

    def __init__(self, network: EdgeAction, *, temperature: float) -> None:
        super().__init__()
        self.network, self.temperature = network, temperature

    def logits(self, features: torch.Tensor) -> torch.Tensor:
        """Action logits (N, A) divided by the temperature (Guo et al., "On Calibration of Modern Neural Networks", ICML
        2017).
        """
        return self.network(common_of(features)) / self.temperature

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return torch.softmax(self.logits(features), -1)
