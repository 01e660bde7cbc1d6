"""Drawing zones and lines with the mouse, without Qt: what a click does, and which corner is under the pointer."""

import math
from dataclasses import dataclass, replace

from desktop_ui.model.rule_book import AreaKind, Areas, Points
from edgeact.rules.areas import Point, is_inside

REACH_PIXELS = 9.0  # a corner counts as hit from so far away


@dataclass(frozen=True, slots=True)
class Drawing:
    """A zone or a line that is being drawn.

    Attributes:
        kind: What it will be.
        points: So far, in coordinates from 0 to 1.
    """

    kind: AreaKind
    points: Points = ()

    def is_closed_by(self, point: Point, size: tuple[float, float]) -> bool:
        """Whether a click there completes it: a zone at its first point, a line at its second one.

        Args:
            point: Of the click.
            size: Width and height of the picture on the screen, in pixels.
        """
        if self.kind == "line":
            return len(self.points) == 1
        return len(self.points) >= 3 and distance(self.points[0], point, size) <= REACH_PIXELS

    def clicked(self, point: Point, size: tuple[float, float]) -> tuple["Drawing", Points | None]:
        """What a click does.

        Returns:
            The drawing after it, and the points of what is complete now, or None.
        """
        if self.is_closed_by(point, size):
            points = (*self.points, point) if self.kind == "line" else self.points
            return replace(self, points=()), points
        if self.points and distance(self.points[-1], point, size) < 1.0:
            return self, None  # the second click of a double click
        return replace(self, points=(*self.points, point)), None

    def shortened(self) -> "Drawing":
        """The same without its last point."""
        return replace(self, points=self.points[:-1])


def corner_at(areas: Areas, point: Point, size: tuple[float, float]) -> tuple[str, int] | None:
    """The corner under a point: the name of its zone or line, and its number; None where there is none."""
    best: tuple[float, str, int] | None = None
    for name in areas.names:
        for number, corner in enumerate(areas.points_of(name)):
            away = distance(corner, point, size)
            if away <= REACH_PIXELS and (best is None or away < best[0]):
                best = (away, name, number)
    return None if best is None else (best[1], best[2])


def area_at(areas: Areas, point: Point, size: tuple[float, float]) -> str | None:
    """The zone that a point is in, or the line that it is near to; the last drawn of several."""
    for name in reversed(areas.names):
        points = areas.points_of(name)
        if areas.kind_of(name) == "zone" and is_inside(points, point):
            return name
        if areas.kind_of(name) == "line" and _away_from_line(points, point, size) <= REACH_PIXELS:
            return name
    return None


def moved(points: Points, number: int, to: Point) -> Points:
    """The same points with one somewhere else."""
    return tuple(to if index == number else point for index, point in enumerate(points))


def distance(first: Point, second: Point, size: tuple[float, float]) -> float:
    """Pixels between two points in coordinates from 0 to 1."""
    return math.hypot((first[0] - second[0]) * size[0], (first[1] - second[1]) * size[1])


def _away_from_line(ends: Points, point: Point, size: tuple[float, float]) -> float:
    (x0, y0), (x1, y1), (x, y) = ((px * size[0], py * size[1]) for px, py in (*ends, point))
    length = math.hypot(x1 - x0, y1 - y0) or 1.0
    share = min(1.0, max(0.0, ((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / length**2))
    return math.hypot(x0 + share * (x1 - x0) - x, y0 + share * (y1 - y0) - y)
