"""Standing, sitting or lying, by the directions of trunk and legs in the picture.

It is geometry, not fitted to anything: a trunk that leans by more than `LYING_DEGREES` from upright, with legs that do
not stand under it, lies; an upright trunk whose thighs do not hang down sits, or crouches; everything else stands, also
who bends down. A body that points at the camera is seen too short for that, and may be taken for sitting.

Of people on the floor shoulders or hips are often not seen. Then a box that is much wider than high says that somebody
lies, unless the head is seen upright over the shoulders (a person behind a table) or the picture cuts the box off.
"""

from typing import Literal, TypeAlias

import numpy as np

from edgeact.skeleton import Skeleton
from edgeact.types import Float32, Pose

Posture: TypeAlias = Literal["standing", "sitting", "lying"]
POSTURES: tuple[Posture, ...] = ("standing", "sitting", "lying")

LYING_DEGREES = 55.0  # of the trunk from upright; a person who sits and leans far reaches 45
LEG_DEGREES = 40.0  # of the legs from hanging down; those of who bends down stay under 30
# How far knees are below the hips, in lengths of the trunk: 0.8 of who stands, next to nothing of who sits.
SITTING_DROP = 0.45
WIDE_BOX = 1.3  # width by height; a person who stands with arms spread has 1
UP, DOWN = (0.0, -1.0), (0.0, 1.0)  # y goes down
_SMALLEST_TRUNK = 0.15  # of the box's longer side: a shorter trunk points at the camera, and has no direction


def posture_of(
    pose: Pose, box: Float32, *, skeleton: Skeleton, confidence: float, is_cut_off: bool = False
) -> tuple[Posture, float] | None:
    """The posture of a person, and how sure the joints are that decided.

    Args:
        pose: In pixels of an upright picture.
        box: ``(4,)`` float32 of the person.
        skeleton: That the pose follows; one with COCO's limbs.
        confidence: Joints under it do not count.
        is_cut_off: The box ends at the border of the picture, so that its shape says nothing.

    Returns:
        Posture and score 0..1; None where it is not seen.
    """
    width, height = float(box[2] - box[0]), float(box[3] - box[1])
    shoulders = _middle(pose, ("left_shoulder", "right_shoulder"), skeleton, confidence)
    hips = _middle(pose, ("left_hip", "right_hip"), skeleton, confidence)
    if shoulders is None or hips is None:
        head = _middle(pose, ("nose", "left_ear", "right_ear"), skeleton, confidence)
        is_upright = shoulders is not None and head is not None and _angle(head[0] - shoulders[0], UP) < LYING_DEGREES
        lies = width >= WIDE_BOX * height and not is_upright and not is_cut_off
        return ("lying", float(pose.confidence.mean())) if lies else None
    knees = _middle(pose, ("left_knee", "right_knee"), skeleton, confidence)
    ankles = _middle(pose, ("left_ankle", "right_ankle"), skeleton, confidence)
    trunk = shoulders[0] - hips[0]
    length = float(np.hypot(*trunk))
    feet = ankles or knees
    used = [part for part in (shoulders, hips, knees, ankles) if part is not None]
    score = float(np.mean([part[1] for part in used]))
    if length < _SMALLEST_TRUNK * max(width, height):
        return ("lying" if width > height else "sitting"), score
    if _angle(trunk, UP) >= LYING_DEGREES:
        stands = width < height if feet is None else _angle(feet[0] - hips[0], DOWN) < LEG_DEGREES
        return ("standing" if stands else "lying"), score
    if knees is not None and float(knees[0][1] - hips[0][1]) < SITTING_DROP * length:
        return "sitting", score
    return "standing", score


def _middle(pose: Pose, joints: tuple[str, ...], skeleton: Skeleton, confidence: float) -> tuple[Float32, float] | None:
    """The middle of those joints that are seen, and their mean confidence."""
    places = [skeleton.index(joint) for joint in joints]
    seen = [place for place in places if pose.confidence[place] >= confidence]
    if not seen:
        return None
    return np.asarray(pose.joints[seen].mean(axis=0)), float(pose.confidence[seen].mean())


def _angle(vector: Float32, direction: tuple[float, float]) -> float:
    """Degrees between two directions, 0..180."""
    length = float(np.hypot(*vector)) or 1.0
    cosine = float(np.dot(vector, direction)) / length
    return float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))
