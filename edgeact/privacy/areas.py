"""Which part of a picture is taken out for a person: the head, or all of the person.

The areas are generous: what is covered needlessly costs a little picture, what is left open costs the purpose.
"""

from typing import Literal, TypeAlias

import numpy as np

from edgeact.skeleton import Skeleton
from edgeact.types import Float32, Person

# What of people is left in pictures: everything; all but their heads; nothing of them; or their joints on black.
PrivacyMode: TypeAlias = Literal["none", "heads", "persons", "skeleton"]

_HEAD_JOINTS = ("nose", "left_eye", "right_eye", "left_ear", "right_ear", "head_top", "upper_neck", "head")
_FEWEST_HEAD_JOINTS = 3  # fewer do not say how large the head is, nor on which side of them it lies
# Half of a head around its joints, by what else is seen of the person; the largest counts. A head is as wide as half
# of the shoulders, and as high as an eighth of the person.
_SHOULDERS_SHARE, _JOINTS_SHARE, _HEIGHT_SHARE = 0.4, 0.5, 0.07
# Where the joints of the head are unsure: the top of who stands or sits, at full width, and a little above the box.
# Who is cut off at the knees or at the chest has a head of up to half of the box.
_TOP_SHARE, _ABOVE_SHARE = 0.5, 0.15
_LYING_ASPECT = 1.1  # width over height of a box from which the head may be at either end of it
_PERSON_MARGIN = 0.12  # of the box's larger side, around it: hands and heads reach beyond boxes that were found


def grown(area: Float32, by: float) -> Float32:
    """An area ``(4,)`` float32, enlarged by so many pixels on every side."""
    return np.concatenate([area[:2] - by, area[2:] + by]).astype(np.float32)


def unsure_area(mode: PrivacyMode, box: Float32) -> Float32:
    """The area ``(4,)`` float32 to hide for a detection that is no followed person: only its box ``(4,)`` is known."""
    width, height = (float(side) for side in box[2:] - box[:2])
    if mode == "heads" and width <= _LYING_ASPECT * height:
        return _top_of(box)
    return grown(box, _PERSON_MARGIN * max(width, height))


def person_area(person: Person) -> Float32:
    """The area ``(4,)`` float32 of a whole person: box and joints, with a margin."""
    points = np.concatenate([person.box.reshape(2, 2), person.pose.joints[person.pose.confidence > 0.5]])
    low, high = points.min(0), points.max(0)
    return grown(np.concatenate([low, high]), _PERSON_MARGIN * float((high - low).max()))


def head_area(person: Person, *, skeleton: Skeleton, confidence: float) -> Float32:
    """The area ``(4,)`` float32 of a person's head: around its joints, or where these are unsure, where in the box a
    head may be.

    Args:
        person: Whose head it is.
        skeleton: That the pose follows.
        confidence: Joints under it do not count.
    """
    width, height = (float(side) for side in person.box[2:] - person.box[:2])
    pose = person.pose
    of_head = [skeleton.joints.index(name) for name in _HEAD_JOINTS if name in skeleton.joints]
    sure = [joint for joint in of_head if pose.confidence[joint] >= confidence]
    if len(sure) >= _FEWEST_HEAD_JOINTS:
        points = pose.joints[sure]
        low, high = points.min(0), points.max(0)
        half = max(_JOINTS_SHARE * float((high - low).max()), _HEIGHT_SHARE * max(width, height))
        shoulders = [name for name in ("left_shoulder", "right_shoulder") if name in skeleton.joints]
        ends = [skeleton.joints.index(name) for name in shoulders]
        if len(ends) == 2 and (pose.confidence[ends] >= confidence).all():
            half = max(half, _SHOULDERS_SHARE * float(np.hypot(*(pose.joints[ends[0]] - pose.joints[ends[1]]))))
        return grown(np.concatenate([low, high]), half)
    if width > _LYING_ASPECT * height:
        return person_area(person)
    return _top_of(person.box)


def _top_of(box: Float32) -> Float32:
    x_min, y_min, x_max, y_max = (float(edge) for edge in box)
    margin, height = _ABOVE_SHARE * (x_max - x_min), y_max - y_min
    top = [x_min - margin, y_min - _ABOVE_SHARE * height, x_max + margin, y_min + _TOP_SHARE * height]
    return np.array(top, np.float32)
