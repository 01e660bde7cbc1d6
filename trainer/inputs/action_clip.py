"""What the action network reads: the joints that every data set has, of one person over a clip."""

import numpy as np
import torch

from edgeact.skeleton import BODY_21

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
    return common_of(torch.from_numpy(np.ascontiguousarray(features))).numpy()


def common_of(features: torch.Tensor) -> torch.Tensor:
    """As `common_joints`, traced into graphs."""
    face = features[..., _FACE, :]
    weight = face[..., 2:]
    middle = (face[..., :2] * weight).sum(-2, keepdim=True) / weight.sum(-2, keepdim=True).clamp_min(1e-4)
    head = torch.cat([middle, weight.mean(-2, keepdim=True)], -1)
    return torch.cat([head, features[..., _LIMBS, :]], -2)


def mirror_image(clips: np.ndarray) -> np.ndarray:
    """Common joints ``(..., 13, 3)`` x, y, confidence as in a mirror: x negated, left and right joints exchanged."""
    return clips[..., COMMON_MIRROR, :] * np.array([-1, 1, 1], clips.dtype)


def spread_common(clips: np.ndarray) -> np.ndarray:
    """Common joints ``(..., 13, 3)`` as ``(..., 21, 3)`` such that `common_joints` gives them back: the head as all
    five face joints.
    """
    features = np.zeros((*clips.shape[:-2], 21, 3), np.float32)
    features[..., _FACE, :] = clips[..., :1, :]
    features[..., _LIMBS, :] = clips[..., 1:, :]
    return features
