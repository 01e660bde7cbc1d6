"""What the scene as a whole shows, written into a corner of the picture, where it covers no face."""

from collections.abc import Sequence

import cv2

from edgeact.drawing.label_places import Rectangle, meet
from edgeact.plain_text import printable
from edgeact.types import Reading, UInt8

_FONT = cv2.FONT_HERSHEY_DUPLEX
_INK, _PLATE = (245, 245, 245), (18, 20, 24)
_MOST_LINES = 4  # more would hide what they name
_CORNERS = ((0, 0), (1, 0), (0, 1), (1, 1))  # right, bottom: upper left first


class SceneCorner:
    """The corner that the labels stand in: the same as in the frame before, while it is free."""

    def __init__(self) -> None:
        self._last = _CORNERS[0]

    def place(
        self, size: tuple[int, int], picture: tuple[int, int], faces: Sequence[Rectangle], taken: Sequence[Rectangle]
    ) -> Rectangle | None:
        """Where the labels of the next frame of a source stand.

        Args:
            size: Width and height of the plate.
            picture: Width and height.
            faces: It never stands there.
            taken: Labels and insets; it stands there only where no other corner is left.

        Returns:
            The plate's rectangle, or None where each corner has a face or is too small.
        """
        if size[0] > picture[0] or size[1] > picture[1]:
            return None
        corners = (self._last, *(corner for corner in _CORNERS if corner != self._last))
        for avoided in ([*faces, *taken], faces):
            for right, bottom in corners:
                x, y = right * (picture[0] - size[0]), bottom * (picture[1] - size[1])
                place = (x, y, x + size[0], y + size[1])
                if not any(meet(place, other) for other in avoided):
                    self._last = (right, bottom)
                    return place
        return None


def scene_lines(readings: Sequence[Reading]) -> list[str]:
    """What is written: the actions in force with their smoothed scores, one a line, the first heads first."""
    lines = [
        f"{printable(label.replace('_', ' '))} {score:.0%}"
        for reading in readings
        for label, score in zip(reading.labels, reading.scores, strict=True)
    ]
    return lines if len(lines) <= _MOST_LINES else [*lines[: _MOST_LINES - 1], f"{len(lines) - _MOST_LINES + 1} more"]


def draw_scene_labels(
    image: UInt8,
    readings: Sequence[Reading],
    *,
    scale: float,
    corner: SceneCorner,
    faces: Sequence[Rectangle],
    taken: Sequence[Rectangle],
) -> None:
    """Write the labels into a corner, in place; nothing where none is in force or no corner is free of faces.

    Args:
        image: ``(H, W, 3)`` uint8 RGB.
        readings: Of the scene.
        scale: Of the picture: 1 where its shorter side has 480 pixels.
        corner: Of the source.
        faces: Rectangles in pixels.
        taken: Rectangles of other labels and insets.
    """
    lines = scene_lines(readings)
    if not lines:
        return
    size = 0.55 * max(scale, 0.8)
    thickness = 1 if size < 0.9 else 2
    extents = [cv2.getTextSize(line, _FONT, size, thickness) for line in lines]
    height = max(extent[0][1] + extent[1] for extent in extents)
    margin = max(2, height // 3)
    plate = (max(extent[0][0] for extent in extents) + 2 * margin, len(lines) * (height + margin) + margin)
    place = corner.place(plate, (image.shape[1], image.shape[0]), faces, taken)
    if place is None:
        return
    cv2.rectangle(image, place[:2], (place[2] - 1, place[3] - 1), _PLATE, -1)
    for number, (line, extent) in enumerate(zip(lines, extents, strict=True)):
        start = (place[0] + margin, place[1] + margin + number * (height + margin) + height - extent[1])
        cv2.putText(image, line, start, _FONT, size, _INK, thickness, cv2.LINE_AA)
