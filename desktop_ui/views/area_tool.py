"""Zones and lines over the pictures: painted always, drawn and corrected with the mouse while the tool is on."""

from collections.abc import Callable

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFontMetricsF, QMouseEvent, QPainter, QPen, QPolygonF

from desktop_ui.model.area_drawing import Drawing, corner_at, moved
from desktop_ui.model.rule_book import AreaKind, Areas, Points
from desktop_ui.views.overlay import Place
from edgeact.rules.areas import Point

_LINE = QColor("#f2f3f5")
_RIM = QColor(10, 11, 13, 170)
_CORNER = 4.5


class AreaTool:
    """What the mouse does in a tile while zones are drawn, and how zones look.

    Args:
        areas_of: Zones and lines of a source, by its key.
        finish: Told of a new zone or line: the source's key, what it is, its points.
        change: Told of a corner that was dragged: the source's key, the name, the points.
        is_shown: Whether zones are painted while nothing is drawn.

    Attributes:
        drawing: What is being drawn; None while the tool is off.
        chosen: The zone or line that was clicked last: the source's key and the name.
        accent: Of what is drawn now.
        alarmed: Names of zones and lines in which an alert is open, by the source's key.
    """

    def __init__(
        self,
        areas_of: Callable[[int], Areas],
        finish: Callable[[int, AreaKind, Points], object],
        change: Callable[[int, str, Points], object],
        is_shown: Callable[[], bool] = lambda: True,
    ) -> None:
        self._is_shown = is_shown
        self._areas_of, self._finish, self._change = areas_of, finish, change
        self.drawing: Drawing | None = None
        self.chosen: tuple[int, str] | None = None
        self.accent = QColor("#5a9cf8")
        self.alarmed: dict[int, frozenset[str]] = {}
        self._key: int | None = None  # of the source in which is drawn
        self._dragged: tuple[int, str, int, Points] | None = None
        self._pointer: Point | None = None

    @property
    def is_on(self) -> bool:
        """Whether the mouse draws."""
        return self.drawing is not None

    def begin(self, kind: AreaKind) -> None:
        """Let the mouse draw."""
        self.drawing, self._key, self.chosen = Drawing(kind), None, None

    def end(self) -> None:
        """Let the mouse choose persons again."""
        self.drawing, self._dragged, self.chosen, self._pointer = None, None, None, None

    def step_back(self) -> bool:
        """Take the last point of what is being drawn back; whether there was one."""
        if self.drawing is None or not self.drawing.points:
            return False
        self.drawing = self.drawing.shortened()
        return True

    def press(self, key: int, event: QMouseEvent, place: Place, frame: tuple[int, int]) -> bool:
        """A button of the mouse was pressed in a tile; whether that is the tool's concern."""
        if self.drawing is None:
            return False
        if event.button() is not Qt.MouseButton.LeftButton:
            return True
        point, size = _relative(event.position(), place, frame), _size(place, frame)
        if key != self._key:  # a zone lies in one picture
            self._key, self.drawing = key, Drawing(self.drawing.kind)
        areas = self._areas_of(key)
        corner = corner_at(areas, point, size) if not self.drawing.points else None
        if corner is not None:
            self.chosen = (key, corner[0])
            self._dragged = (key, *corner, areas.points_of(corner[0]))
            return True
        self.drawing, complete = self.drawing.clicked(point, size)
        if complete is not None:
            self._finish(key, self.drawing.kind, complete)
        return True

    def move(self, key: int, event: QMouseEvent, place: Place, frame: tuple[int, int]) -> bool:
        """The mouse has moved in a tile."""
        if self.drawing is None:
            return False
        self._pointer = _relative(event.position(), place, frame) if key == (self._key or key) else None
        if self._dragged is not None and self._pointer is not None:
            source, name, number, points = self._dragged
            self._dragged = (source, name, number, moved(points, number, self._pointer))
        return True

    def release(self, key: int) -> bool:
        """A button was released."""
        dragged, self._dragged = self._dragged, None
        if dragged is not None:
            source, name, _, points = dragged
            if points != self._areas_of(source).points_of(name):
                self._change(source, name, points)
        return self.is_on

    def paint(self, painter: QPainter, key: int, place: Place, frame: tuple[int, int], alert: QColor) -> None:
        """Paint the zones and lines of a source, and what is being drawn."""
        areas = self._areas_of(key) if self.is_on or self._is_shown() else Areas()
        for name in areas.names:
            points = areas.points_of(name)
            if self._dragged is not None and self._dragged[:2] == (key, name):
                points = self._dragged[3]
            colour = alert if name in self.alarmed.get(key, frozenset()) else _LINE
            colour = self.accent if self.chosen == (key, name) and self.is_on else colour
            self._paint_area(painter, name, points, place, frame, colour, is_zone=areas.kind_of(name) == "zone")
        if self.drawing is not None and self._key == key and self.drawing.points:
            self._paint_drawing(painter, self.drawing, place, frame)

    def _paint_area(
        self,
        painter: QPainter,
        name: str,
        points: Points,
        place: Place,
        frame: tuple[int, int],
        colour: QColor,
        *,
        is_zone: bool,
    ) -> None:
        corners = [_in_tile(point, place, frame) for point in points]
        shape = QPolygonF(corners)
        fill = QColor(colour)
        fill.setAlpha(28)
        for pen in (QPen(_RIM, 3.4), QPen(colour, 1.6)):
            painter.setPen(pen)
            painter.setBrush(fill if is_zone and pen.color() == colour else Qt.BrushStyle.NoBrush)
            if is_zone:
                painter.drawPolygon(shape)
            else:
                painter.drawPolyline(shape)
        if not is_zone:
            self._paint_direction(painter, corners, colour)
        if self.is_on:
            painter.setPen(QPen(_RIM, 1))
            painter.setBrush(colour)
            for corner in corners:
                painter.drawEllipse(corner, _CORNER, _CORNER)
        metrics = QFontMetricsF(painter.font())
        words = name.replace("_", " ")
        at = min(corners, key=lambda corner: corner.y())
        plate = QRectF(at.x() + 6, at.y() + 6, metrics.horizontalAdvance(words) + 10, metrics.height() + 2)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(18, 20, 24, 190))
        painter.drawRoundedRect(plate, 4, 4)
        painter.setPen(colour)
        painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, words)
        painter.setBrush(Qt.BrushStyle.NoBrush)

    @staticmethod
    def _paint_direction(painter: QPainter, ends: list[QPointF], colour: QColor) -> None:
        """An arrow to the side that is ``forward``: the right of somebody who walks along the line."""
        middle, along = (ends[0] + ends[1]) / 2, ends[1] - ends[0]
        length = max((along.x() ** 2 + along.y() ** 2) ** 0.5, 1.0)
        right = QPointF(-along.y(), along.x()) / length
        tip, side = middle + right * 16, along / length * 5
        painter.setPen(QPen(colour, 1.6))
        painter.drawLine(middle, tip)
        painter.drawPolyline(QPolygonF([tip - right * 6 + side, tip, tip - right * 6 - side]))

    def _paint_drawing(self, painter: QPainter, drawing: Drawing, place: Place, frame: tuple[int, int]) -> None:
        corners = [_in_tile(point, place, frame) for point in drawing.points]
        pointed = [] if self._pointer is None else [_in_tile(self._pointer, place, frame)]
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for pen in (QPen(_RIM, 3.4), QPen(self.accent, 1.8)):
            painter.setPen(pen)
            painter.drawPolyline(QPolygonF([*corners, *pointed]))
        painter.setPen(QPen(_RIM, 1))
        painter.setBrush(self.accent)
        for number, corner in enumerate(corners):
            closes = (
                number == 0 and self._pointer is not None and drawing.is_closed_by(self._pointer, _size(place, frame))
            )
            size = _CORNER * (1.7 if closes and drawing.kind == "zone" else 1.0)
            painter.drawEllipse(corner, size, size)
        painter.setBrush(Qt.BrushStyle.NoBrush)


def _size(place: Place, frame: tuple[int, int]) -> tuple[float, float]:
    return frame[0] * place.scale, frame[1] * place.scale


def _relative(point: QPointF, place: Place, frame: tuple[int, int]) -> Point:
    x, y = place.inverse(point)
    return min(max(x / frame[0], 0.0), 1.0), min(max(y / frame[1], 0.0), 1.0)


def _in_tile(point: Point, place: Place, frame: tuple[int, int]) -> QPointF:
    return QPointF(point[0] * frame[0] * place.scale + place.x, point[1] * frame[1] * place.scale + place.y)
