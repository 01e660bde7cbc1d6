"""A person of sticks who walks on the spot, for tests of the lifter: no data set is needed."""

import numpy as np

from edgeact.skeleton import BODY_21
from edgeact.types import Float32
from trainer.data.lifting.motions import BodyClip
from trainer.data.splits import Split

_STANDING = {
    "pelvis": (0, 0.9, 0), "thorax": (0, 1.4, 0), "upper_neck": (0, 1.5, 0.01), "head_top": (0, 1.72, 0.03),
    "nose": (0, 1.58, 0.12), "left_eye": (0.03, 1.62, 0.1), "right_eye": (-0.03, 1.62, 0.1),
    "left_ear": (0.07, 1.6, 0.02), "right_ear": (-0.07, 1.6, 0.02),
    "left_shoulder": (0.17, 1.4, 0), "right_shoulder": (-0.17, 1.4, 0), "left_elbow": (0.2, 1.12, -0.03),
    "right_elbow": (-0.2, 1.12, -0.03), "left_wrist": (0.22, 0.88, 0.06), "right_wrist": (-0.22, 0.88, 0.06),
    "left_hip": (0.1, 0.9, 0), "right_hip": (-0.1, 0.9, 0), "left_knee": (0.11, 0.48, 0.04),
    "right_knee": (-0.11, 0.48, 0.04), "left_ankle": (0.11, 0.07, 0), "right_ankle": (-0.11, 0.07, 0),
}  # fmt: skip


def standing() -> Float32:
    """Joints ``(21, 3)`` of somebody who stands, metres, Y up, facing +Z with the left side at +X."""
    return np.array([_STANDING[name] for name in BODY_21.joints], np.float32)


def walker(*, split: Split = "train", source: str = "studio", frames: int = 60, pace: float = 1.0) -> BodyClip:
    """Somebody whose knees and wrists swing forward and back."""
    joints = np.repeat(standing()[None], frames, 0)
    swing = 0.2 * np.sin(np.arange(frames) / 5 * pace).astype(np.float32)
    for name, sign in (("left_knee", 1), ("right_knee", -1), ("left_wrist", -1), ("right_wrist", 1)):
        joints[:, BODY_21.index(name), 2] += sign * swing
    return BodyClip(source, split, "walk", joints, np.ones(len(BODY_21.joints), bool), 30.0)


def exact_bank() -> Float32:
    """Errors of a pose network that makes none: ``(5, 13, 3)``."""
    return np.concatenate([np.zeros((5, 13, 2)), np.ones((5, 13, 1))], -1).astype(np.float32)
