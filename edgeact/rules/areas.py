"""Zones and lines of a picture in relative coordinates: x from 0 (left) to 1 (right), y from 0 (top) to 1 (bottom)."""

from collections.abc import Sequence
from typing import Literal, TypeAlias

import cv2
import numpy as np

Point: TypeAlias = tuple[float, float]
Direction: TypeAlias = Literal["forward", "backward"]

# Whoever stands on a line sways: a side counts from so far away from it, in widths or heights of the picture.
LINE_MARGIN = 0.01
_SMALLEST_AREA = 1e-4  # of a zone, in pictures: a hundredth of the width by a hundredth of the height
_SHORTEST_LINE = 0.01


def check_zone(corners: Sequence[Point]) -> None:
    """Refuse a zone that nobody can be in.

    Args:
        corners: Of a polygon, in order; it need not be convex.

    Raises:
        ValueError: It has fewer than three corners, one outside the picture, or next to no area.
    """
    if len(corners) < 3:
        raise ValueError(f"a zone has at least three corners, this one has {len(corners)}")
    _check_points(corners)
    if cv2.contourArea(_contour(corners)) < _SMALLEST_AREA:
        raise ValueError("the zone has no area; name its corners in order")


def check_line(ends: Sequence[Point]) -> None:
    """Refuse a line that nobody can cross.

    Args:
        ends: From where to where.

    Raises:
        ValueError: It has not two ends, one of them is outside the picture, or they are one.
    """
    if len(ends) != 2:
        raise ValueError(f"a line has two ends, this one has {len(ends)}")
    _check_points(ends)
    if np.hypot(*np.subtract(ends[1], ends[0])) < _SHORTEST_LINE:
        raise ValueError("the line has no length")


def is_inside(corners: Sequence[Point], point: Point) -> bool:
    """Whether a point lies in a zone or on its border."""
    return cv2.pointPolygonTest(_contour(corners), point, measureDist=False) >= 0.0


def side_of(ends: Sequence[Point], point: Point) -> float:
    """How far a point is from a line without ends.

    Returns:
        Greater than 0 to the right of someone who walks from the first end to the second, less than 0 to the left.
    """
    (x_0, y_0), (x_1, y_1) = ends
    across = (x_1 - x_0) * (point[1] - y_0) - (y_1 - y_0) * (point[0] - x_0)
    return across / float(np.hypot(x_1 - x_0, y_1 - y_0))


def crossing(ends: Sequence[Point], before: Point, after: Point) -> Direction | None:
    """How a step crosses a line: ``forward`` is from its left to its right; None for a step that does not cross it.

    Args:
        ends: Of the line.
        before: Where the step began; off the line.
        after: Where it ended; off the line.
    """
    side_before, side_after = side_of(ends, before), side_of(ends, after)
    if (side_before > 0.0) == (side_after > 0.0):
        return None
    is_between_ends = (side_of((before, after), ends[0]) > 0.0) != (side_of((before, after), ends[1]) > 0.0)
    if not is_between_ends:
        return None
    return "forward" if side_after > 0.0 else "backward"


def _contour(corners: Sequence[Point]) -> "np.ndarray[tuple[int, ...], np.dtype[np.float32]]":
    return np.asarray(corners, np.float32)


def _check_points(points: Sequence[Point]) -> None:
    for x, y in points:
        if not (0.0 <= x <= 1.0 and 0.0 <= y <= 1.0):
            raise ValueError(f"the point [{x}, {y}] is outside the picture; coordinates go from 0 to 1")
