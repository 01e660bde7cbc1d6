"""The tree of bones that the 21 joints of ``BODY_21`` hang on, the pelvis its root, and how long bones are.

There are 20 bones, one for each joint but the pelvis.
"""

import numpy as np
import torch

from edgeact.skeleton import BODY_21

JOINTS = len(BODY_21.joints)
PELVIS = BODY_21.index("pelvis")
_PARENTS = {
    "thorax": "pelvis", "upper_neck": "thorax", "head_top": "upper_neck", "nose": "upper_neck",
    "left_eye": "upper_neck", "right_eye": "upper_neck", "left_ear": "upper_neck", "right_ear": "upper_neck",
    "left_shoulder": "thorax", "left_elbow": "left_shoulder", "left_wrist": "left_elbow",
    "right_shoulder": "thorax", "right_elbow": "right_shoulder", "right_wrist": "right_elbow",
    "left_hip": "pelvis", "left_knee": "left_hip", "left_ankle": "left_knee",
    "right_hip": "pelvis", "right_knee": "right_hip", "right_ankle": "right_knee",
}  # fmt: skip
CHILDREN = [joint for joint in range(JOINTS) if joint != PELVIS]  # the bone of each joint leads to it
PARENTS = [BODY_21.index(_PARENTS[BODY_21.joints[joint]]) for joint in CHILDREN]


def _chains() -> np.ndarray:
    """(21, 20) float32: which bones lead from the pelvis to each joint."""
    chain = np.zeros((JOINTS, len(CHILDREN)), np.float32)
    for joint in range(JOINTS):
        at = joint
        while at != PELVIS:
            bone = CHILDREN.index(at)
            chain[joint, bone] = 1
            at = PARENTS[bone]
    return chain


CHAINS = _chains()

# Bones that are as long on both sides of a body share a length. Share of the body's height, and its standard deviation
# over people and over what data sets call a joint: segment lengths of Drillis and Contini (1966), of which joints that
# people mark in pictures lie a little inside (shoulders, hips).
LENGTHS: dict[str, tuple[float, float]] = {
    "thorax": (0.27, 0.018), "upper_neck": (0.055, 0.01), "head_top": (0.15, 0.012), "nose": (0.085, 0.01),
    "eye": (0.095, 0.01), "ear": (0.085, 0.01), "shoulder": (0.093, 0.013), "elbow": (0.168, 0.012),
    "wrist": (0.146, 0.011), "hip": (0.068, 0.014), "knee": (0.25, 0.016), "ankle": (0.25, 0.016),
}  # fmt: skip
GROUPS = list(LENGTHS)
HEIGHT = (1.5, 1.95)  # metres
LENGTH_OF_BONE = [
    GROUPS.index(BODY_21.joints[joint].removeprefix("left_").removeprefix("right_")) for joint in CHILDREN
]
MEAN_LENGTHS = np.array([share for share, _ in LENGTHS.values()], np.float32) * sum(HEIGHT) / 2


def bones_of(joints: torch.Tensor) -> torch.Tensor:
    """Joints (..., 21, 3) → bones (..., 20, 3), each from its parent."""
    return joints[..., CHILDREN, :] - joints[..., PARENTS, :]


def joints_of(bones: torch.Tensor) -> torch.Tensor:
    """Bones (..., 20, 3) → joints (..., 21, 3), the pelvis at the origin."""
    return torch.einsum("jb,...bc->...jc", torch.from_numpy(CHAINS).to(bones), bones)
