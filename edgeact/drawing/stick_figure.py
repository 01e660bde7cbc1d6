"""A pose as bones and joints."""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from edgeact.drawing.style import DARK, LEFT, LIGHT, RIGHT, SHIFT, THINNEST
from edgeact.skeleton import Skeleton
from edgeact.types import Person, Pose, UInt8

_SIDES = (LEFT, RIGHT, LIGHT)
_SMALLEST_RIM_SCALE = 0.75  # in smaller pictures people are few pixels wide: rims would fill them
# Sine of the angle between the line from eye to eye and the body, from which a face is seen from the front
_FACING = 0.3
# So many widths between the ears the nose may be outside of them: at half a turn to the side (45°) it is a quarter, at
# 55° a half, and in profile many
_BESIDE_EARS = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class _Layout:
    """What of a skeleton is drawn how: bones ``(B, 2)``, and for bones and joints which of `_SIDES`; which joints are
    of the face.
    """

    bones: npt.NDArray[np.intp]
    bone_sides: npt.NDArray[np.intp]
    joint_sides: npt.NDArray[np.intp]
    is_face: npt.NDArray[np.bool_]


@lru_cache(maxsize=8)
def _layout(skeleton: Skeleton) -> _Layout:
    def side(*joints: int) -> int:
        names = [skeleton.joints[joint] for joint in joints]
        return next(
            (index for index, start in enumerate(("left", "right")) if any(name.startswith(start) for name in names)), 2
        )

    return _Layout(
        bones=np.array(skeleton.bones, np.intp).reshape(-1, 2),
        bone_sides=np.array([side(*bone) for bone in skeleton.bones], np.intp),
        joint_sides=np.array([side(joint) for joint in range(len(skeleton.joints))], np.intp),
        is_face=np.array([name.endswith(("eye", "ear")) for name in skeleton.joints], np.bool_),
    )


def draw_pose(image: UInt8, person: Person, *, skeleton: Skeleton, threshold: float, scale: float) -> None:
    """Bones between sure joints, left and right in their own colours, with a dark rim that keeps them visible on any
    background; in place.

    Args:
        image: ``(H, W, 3)`` uint8 RGB.
        person: Whose pose is drawn.
        skeleton: What the pose follows.
        threshold: Joints under this confidence are not drawn.
        scale: Of the picture: 1 draws bones of two pixels.
    """
    layout = _layout(skeleton)
    points = np.round(person.pose.joints * (1 << SHIFT)).astype(np.int32)
    sure = person.pose.confidence >= threshold
    if not faces_camera(person.pose, skeleton=skeleton, threshold=threshold):
        sure = sure & ~layout.is_face
    width = max(THINNEST, round(2 * scale))
    shown = sure[layout.bones].all(1)
    rim = round(1.5 * scale) if scale >= _SMALLEST_RIM_SCALE else 0
    _draw_lines(image, points[layout.bones[shown]], layout.bone_sides[shown], width, rim=rim)
    for joint in np.flatnonzero(sure).tolist():
        radius = max(THINNEST, round((0.6 if layout.is_face[joint] else 1.0) * 4.8 * scale)) / 2
        place = (int(points[joint, 0]), int(points[joint, 1]))
        if rim:
            cv2.circle(image, place, round((radius + 0.5) * (1 << SHIFT)), DARK, -1, cv2.LINE_AA, SHIFT)
        cv2.circle(
            image, place, round(radius * (1 << SHIFT)), _SIDES[layout.joint_sides[joint]], -1, cv2.LINE_AA, SHIFT
        )


def faces_camera(pose: Pose, *, skeleton: Skeleton, threshold: float) -> bool:
    """Return whether a face is seen from the front.

    It is where nose and eyes are confident, the left eye lies on the body's left side, and the nose lies between the
    ears or close beside them. From behind, pose networks guess a mirrored face or none; in profile, they guess the
    hidden eye and ear.
    """
    needed = ("nose", "left_eye", "right_eye", "left_shoulder", "right_shoulder")
    if not set(needed) <= set(skeleton.joints):
        return False
    joints = [skeleton.index(name) for name in needed]
    if (pose.confidence[joints[:3]] < threshold).any():
        return False
    _, left_eye, right_eye, left_shoulder, right_shoulder = pose.joints[joints].astype(float)
    up = (left_eye + right_eye - left_shoulder - right_shoulder) / 2
    across = left_eye - right_eye
    length = float(np.hypot(*up) * np.hypot(*across))
    if length <= 0 or float(up[0] * across[1] - up[1] * across[0]) <= _FACING * length:
        return False
    return _nose_is_between_ears(pose, across, skeleton=skeleton, threshold=threshold)


def _nose_is_between_ears(pose: Pose, across: npt.NDArray[np.float64], *, skeleton: Skeleton, threshold: float) -> bool:
    """Along the line ``(2,)`` from the right eye to the left one; ears that are unsure say nothing against it."""
    needed = ("left_ear", "right_ear", "nose")
    if not set(needed) <= set(skeleton.joints):
        return True
    joints = [skeleton.index(name) for name in needed]
    if (pose.confidence[joints[:2]] < threshold).any():
        return True
    left, right, nose = (pose.joints[joints].astype(float) @ across).tolist()
    beside = _BESIDE_EARS * (left - right)
    return bool(right - beside < nose < left + beside)


def _draw_lines(
    image: UInt8, lines: npt.NDArray[np.int32], sides: npt.NDArray[np.intp], width: int, *, rim: int
) -> None:
    """Lines ``(N, 2, 2)`` in eighths of pixels, first the rims of all: one call for each colour is much quicker than
    one for each line.
    """
    if len(lines) == 0:
        return
    if rim:
        cv2.polylines(image, list(lines), False, DARK, width + rim, cv2.LINE_AA, SHIFT)
    for index, colour in enumerate(_SIDES):
        chosen = lines[sides == index]
        if len(chosen):
            cv2.polylines(image, list(chosen), False, colour, width, cv2.LINE_AA, SHIFT)
