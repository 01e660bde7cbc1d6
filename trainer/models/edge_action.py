"""The compact action network: joints of one person over a clip → probability of each action, "other" among them.

Like the action part of "Multi-task Deep Learning for Real-Time 3D Human Pose Estimation and Action Recognition"
(Luvizon et al., TPAMI 2020, section 3.3.1) it reads T × N_j pose features weighted by their confidence; unlike it, it
mixes time with one-dimensional convolutions over all joints at once, which data sets without images can train. Its
input is what the frame graph left in the ring buffer, so that each frame is computed once.

Shapes: N clips, T frames, J = 21 joints (13 common ones inside), A actions.
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from edgeact.skeleton import BODY_21
from trainer.layers.person_scale import centre_and_scale

CLIP_LENGTH = 32
CLIP_STRIDE_SECONDS = 1 / 15

# The joints that every data set has: the head (mean of nose, eyes, ears) and the twelve limb joints, in Penn Action's
# order.
COMMON_JOINTS = (
    "head", "left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist",
    "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle",
)  # fmt: skip
COMMON_MIRROR = [0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11]
_FACE = [BODY_21.index(name) for name in ("nose", "left_eye", "right_eye", "left_ear", "right_ear")]
_LIMBS = [BODY_21.index(name) for name in COMMON_JOINTS[1:]]


def common_joints(features: np.ndarray) -> np.ndarray:
    """``(..., 21, 3)`` x, y, confidence → ``(..., 13, 3)``: the face's confidence-weighted mean, then the limbs."""
    return _common(torch.from_numpy(np.ascontiguousarray(features))).numpy()


def _common(features: torch.Tensor) -> torch.Tensor:
    face = features[..., _FACE, :]
    weight = face[..., 2:]
    middle = (face[..., :2] * weight).sum(-2, keepdim=True) / weight.sum(-2, keepdim=True).clamp_min(1e-4)
    head = torch.cat([middle, weight.mean(-2, keepdim=True)], -1)
    return torch.cat([head, features[..., _LIMBS, :]], -2)


def spread_common(clips: np.ndarray) -> np.ndarray:
    """Common joints ``(..., 13, 3)`` as ``(..., 21, 3)`` such that `common_joints` gives them back: the head as all
    five face joints.
    """
    features = np.zeros((*clips.shape[:-2], 21, 3), np.float32)
    features[..., _FACE, :] = clips[..., :1, :]
    features[..., _LIMBS, :] = clips[..., 1:, :]
    return features


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
    """Common joints (N, T, 13, 3) → action logits (N, A); of other sets other joints, in 2D or 3D."""

    def __init__(
        self, actions: int, *, width: int = 160, dropout: float = 0.3, joints: int = 13, dimensions: int = 2
    ) -> None:
        super().__init__()
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
        return self.network(_common(features)) / self.temperature

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return torch.softmax(self.logits(features), -1)
