"""Body parts: square crops around head, right hand and left hand.

Section 3.4 and equation 2 of "Body-Part-Aware and Multitask-Aware Single-Image-Based Action Recognition" (Bhandari et al., Sensors 2020):
l = ¼·√((max_x − min_x)² + (max_y − min_y)²) over all joints, and each part is a square of side 2·l around its estimated place. The
paper does not say which point stands for the head; here it is the middle of head top and upper neck, or of the face's joints in a
skeleton without them.
"""

import math

import numpy as np

from edgeact.skeleton import Skeleton
from edgeact.types import Float32, PartCrop, PartName, Pose

_HEAD_JOINTS = ("head_top", "upper_neck")
_FACE_JOINTS = ("nose", "left_eye", "right_eye", "left_ear", "right_ear")


def part_length(joints: Float32) -> float:
    """The paper's l in pixels: half the side of a part's crop, from all joints ``(J, 2)``."""
    width, height = (float(extent) for extent in joints.max(0) - joints.min(0))
    return 0.25 * math.hypot(width, height)


def part_crops(pose: Pose, *, skeleton: Skeleton, threshold: float) -> tuple[PartCrop, ...]:
    """Head, right hand and left hand of a person; a part whose joint is less confident than ``threshold`` is left out.

    Args:
        pose: Joints of one person in frame pixels.
        skeleton: What they follow.
        threshold: Least confidence of the part's joint; the head's is that of its joints on average.
    """
    head = _HEAD_JOINTS if set(_HEAD_JOINTS) <= set(skeleton.joints) else _FACE_JOINTS
    places: tuple[tuple[PartName, tuple[str, ...]], ...] = (
        ("head", head),
        ("right_hand", ("right_wrist",)),
        ("left_hand", ("left_wrist",)),
    )
    length = part_length(pose.joints)
    parts = []
    for name, joints in places:
        rows = [skeleton.index(joint) for joint in joints]
        if float(pose.confidence[rows].mean()) >= threshold:
            centre = pose.joints[rows].mean(0)
            parts.append(PartCrop(name=name, box=np.concatenate([centre - length, centre + length]).astype(np.float32)))
    return tuple(parts)
