"""Body parts: square crops around head, right hand and left hand.

Section 3.4 and equation 2 of "Body-Part-Aware and Multitask-Aware Single-Image-Based Action Recognition" (Bhandari et
al., Sensors 2020): l = ¼·√((max_x − min_x)² + (max_y − min_y)²) over all joints, and each part is a square of side 2·l
around its estimated place. The paper does not say which point stands for the head; here it is the middle of head top
and upper neck, or of the face's joints in a skeleton without them, or the joint ``head``.
"""

import math
from functools import lru_cache

import numpy as np

from edgeact.skeleton import Skeleton
from edgeact.types import Float32, PartCrop, PartName, Pose

_PARTS: tuple[PartName, ...] = ("head", "right_hand", "left_hand")
# What stands for the head: the first of these that a skeleton has all of.
_HEAD_JOINTS = (("head_top", "upper_neck"), ("nose", "left_eye", "right_eye", "left_ear", "right_ear"), ("head",))


def part_length(joints: Float32) -> float:
    """The paper's l in pixels: half the side of a part's crop, from all joints ``(J, 2)``."""
    width, height = (float(extent) for extent in joints.max(0) - joints.min(0))
    return 0.25 * math.hypot(width, height)


def part_crops(
    pose: Pose, *, skeleton: Skeleton, threshold: float, boxes: Float32 | None = None
) -> tuple[PartCrop, ...]:
    """Head, right hand and left hand of a person; a part whose joint is less confident than ``threshold``, or whose
    joint the skeleton does not have, is left out.

    Args:
        pose: Joints of one person in frame pixels.
        skeleton: What they follow.
        threshold: Least confidence of the part's joint; the head's is that of its joints on average.
        boxes: ``(3, 4)`` head, right hand and left hand in frame pixels, where a graph has placed them itself.
    """
    shares = _joint_shares(skeleton)
    centres, confidence = shares @ pose.joints, shares @ pose.confidence
    if boxes is None:
        length = part_length(pose.joints)
        boxes = np.concatenate([centres - length, centres + length], axis=1).astype(np.float32)
    return tuple(
        PartCrop(name=name, box=box)
        for name, box, sure, share in zip(_PARTS, boxes, confidence.tolist(), shares, strict=True)
        if sure >= threshold and share.any()
    )


@lru_cache(maxsize=8)
def _joint_shares(skeleton: Skeleton) -> Float32:
    """How much each joint counts for the place of each of `_PARTS`, ``(3, J)``: each part lies at the mean of its
    joints; a part without joints in the skeleton lies nowhere.
    """
    head = next(joints for joints in _HEAD_JOINTS if set(joints) <= set(skeleton.joints))
    shares = np.zeros((len(_PARTS), len(skeleton.joints)), np.float32)
    for row, joints in enumerate((head, ("right_wrist",), ("left_wrist",))):
        known = [skeleton.index(joint) for joint in joints if joint in skeleton.joints]
        shares[row, known] = 1 / max(len(known), 1)
    return shares
