"""Where the label of a person may stand: in the picture, over no neighbour's face, and if possible over no other label.

All rectangles are left, top, right, bottom in pixels.
"""

from collections.abc import Iterator, Sequence
from typing import TypeAlias

import numpy as np

from edgeact.skeleton import Skeleton
from edgeact.types import Person

Rectangle: TypeAlias = tuple[int, int, int, int]

_FACE_JOINTS = ("nose", "left_eye", "right_eye", "left_ear", "right_ear")
_FACE_SHARE = 0.09  # of a person's height: half of what a face needs around its middle
_HEAD_SHARE = 7  # and where no joint of it is sure: heads are the seventh part of who stands, in the middle of the top
_STEPS = (0, -1, 1, -2, 2, -3, 3, -4, 4)  # plates' heights away: up first, where the person is not


def face_rectangle(person: Person, *, skeleton: Skeleton, threshold: float) -> Rectangle:
    """Around the sure joints of a face, or where in the box a face would be."""
    x0, y0, x1, y1 = (float(edge) for edge in person.box)
    height = max(y1 - y0, 1.0)
    joints = [skeleton.joints.index(name) for name in _FACE_JOINTS if name in skeleton.joints]
    joints = [joint for joint in joints if person.pose.confidence[joint] >= threshold]
    if joints:
        middle = person.pose.joints[joints].mean(0)
        half = max(_FACE_SHARE * height, float(np.ptp(person.pose.joints[joints], axis=0).max()) / 2)
        return _whole(middle[0] - half, middle[1] - half, middle[0] + half, middle[1] + half)
    half = min(x1 - x0, height / _HEAD_SHARE) / 2
    return _whole((x0 + x1) / 2 - half, y0, (x0 + x1) / 2 + half, y0 + 2 * half)


def place_label(
    size: tuple[int, int],
    *,
    box: Rectangle,
    picture: tuple[int, int],
    own_face: Rectangle,
    faces: Sequence[Rectangle],
    taken: Sequence[Rectangle],
) -> Rectangle | None:
    """Where a label stands, near the upper edge of what it names.

    Args:
        size: Width and height of the label.
        box: What it names.
        picture: Width and height.
        own_face: Of the person whom it names; it stands there only where no other place is left.
        faces: Of all others; it never stands there.
        taken: Other labels and insets; it stands there only where no other place is left.

    Returns:
        Its rectangle, or None where each place near the person covers a face.
    """
    for avoided in ([*faces, own_face, *taken], [*faces, own_face], faces):
        for place in _places(size, box, picture):  # mostly the first one is free
            if not any(meet(place, other) for other in avoided):
                return place
    return None


def meet(first: Rectangle, second: Rectangle) -> bool:
    """Whether two rectangles share any pixel."""
    return first[0] < second[2] and second[0] < first[2] and first[1] < second[3] and second[1] < first[3]


def _places(size: tuple[int, int], box: Rectangle, picture: tuple[int, int]) -> Iterator[Rectangle]:
    width, height = size
    left, top, right, bottom = box
    rightmost, lowest = max(picture[0] - width, 0), max(picture[1] - height, 0)
    tops = [top - height + step * (height + 1) for step in _STEPS] + [bottom + 1]
    for y in tops:
        for x in (left, right - width, left - width - 1, right + 1):
            place_x, place_y = min(max(x, 0), rightmost), min(max(y, 0), lowest)
            yield place_x, place_y, place_x + width, place_y + height


def _whole(left: float, top: float, right: float, bottom: float) -> Rectangle:
    return round(left), round(top), round(right), round(bottom)
