"""A person's joints in space, turned with the mouse.

Painted, not with OpenGL: twenty joints need no graphics card, and it looks the same on every machine.
"""

import math

import numpy as np
from PyQt6.QtCore import QPointF, QSize, Qt
from PyQt6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PyQt6.QtWidgets import QSizePolicy, QWidget

from desktop_ui.style.themes import Themes
from desktop_ui.translation import tr
from edgeact.skeleton import Skeleton
from edgeact.types import Float32

_RADIANS_PER_PIXEL = 0.01
_START = (0.6, 0.2)  # radians: from a little aside, and a little above
_STEEPEST = math.pi / 2
_METRES = 2.1  # that the smaller side shows: a person with an arm raised
_FLOOR_METRES, _FLOOR_LINES = 1.5, 7


def seen_from(points: Float32, turn: float, above: float) -> Float32:
    """Points in a parallel view.

    Args:
        points: ``(N, 3)`` metres x right, y down, z away.
        turn: Radians about the vertical.
        above: Radians by which the view comes from above.

    Returns:
        ``(N, 3)``: x right, y down, z away from the eye.
    """
    x = points[:, 0] * math.cos(turn) - points[:, 2] * math.sin(turn)
    z = points[:, 0] * math.sin(turn) + points[:, 2] * math.cos(turn)
    y = points[:, 1] * math.cos(above) - z * math.sin(above)
    away = points[:, 1] * math.sin(above) + z * math.cos(above)
    return np.stack([x, y, away], -1).astype(np.float32)


class Pose3D(QWidget):
    """Shows joints in space; a drag turns them, a double click turns them back.

    Args:
        themes: Gives the colours of the theme that is on.
    """

    def __init__(self, themes: Themes, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._themes = themes
        self._joints: Float32 | None = None
        self._skeleton: Skeleton | None = None
        self._colour = QColor("#888888")
        self.turn, self.above = _START
        self._grabbed: QPointF | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.setToolTip(tr("Drag to turn; double click to turn back"))

    def sizeHint(self) -> QSize:
        """A square or so."""
        return QSize(240, 168)

    def show_joints(self, joints: Float32 | None, skeleton: Skeleton | None, colour: QColor) -> None:
        """Show ``(J, 3)`` metres: x right, y down, z away; None shows nobody."""
        self._joints, self._skeleton, self._colour = joints, skeleton, colour
        self.update()

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Begin to turn the view."""
        self._grabbed = None if event is None else event.position()

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Turn the view with the mouse."""
        if event is None or self._grabbed is None:
            return
        way = event.position() - self._grabbed
        self._grabbed = event.position()
        self.turn = (self.turn - way.x() * _RADIANS_PER_PIXEL) % (2 * math.pi)
        self.above = min(_STEEPEST, max(-0.2, self.above + way.y() * _RADIANS_PER_PIXEL))
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """End turning the view."""
        self._grabbed = None

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        """Turn the view back to where it was at first."""
        self.turn, self.above = _START
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint floor and figure, farther bones first."""
        theme = self._themes.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.stage))
        painter.drawRoundedRect(self.rect(), 6, 6)
        if self._joints is None or self._skeleton is None:
            painter.end()
            return
        joints, skeleton = self._joints, self._skeleton
        low, high = joints.min(0), joints.max(0)
        middle = (low + high) / 2
        extent = max(_METRES, 1.15 * float((high - low).max()))
        scale = min(self.width() / (1.2 * extent), self.height() / extent)
        self._paint_floor(painter, float(high[1] - middle[1]) + 0.05, scale, QColor(theme.line))
        seen = seen_from(joints - middle, self.turn, self.above)
        points = self._points(seen, scale)
        order = sorted(skeleton.bones, key=lambda bone: -float(seen[bone[0], 2] + seen[bone[1], 2]))
        for start, end in order:
            pen = QPen(self._bone_colour(skeleton.joints[end], float(seen[start, 2] + seen[end, 2]) / 2), 3.0)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            painter.setPen(pen)
            painter.drawLine(points[start], points[end])
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.text))
        for point in points:
            painter.drawEllipse(point, 2.0, 2.0)
        painter.end()

    def _bone_colour(self, joint: str, away: float) -> QColor:
        """The person's colour; its left side lighter, what is farther fainter."""
        colour = self._colour.lighter(135) if joint.startswith("left") else QColor(self._colour)
        if joint.startswith("right"):
            colour = self._colour.darker(125)
        colour.setAlphaF(min(1.0, max(0.45, 0.85 - 0.5 * away)))
        return colour

    def _paint_floor(self, painter: QPainter, down: float, scale: float, colour: QColor) -> None:
        half = _FLOOR_METRES / 2
        painter.setPen(QPen(colour, 1.0))
        for number in range(_FLOOR_LINES):
            at = -half + _FLOOR_METRES * number / (_FLOOR_LINES - 1)
            lines = np.array([[at, down, -half], [at, down, half], [-half, down, at], [half, down, at]], np.float32)
            points = self._points(seen_from(lines, self.turn, self.above), scale)
            painter.drawPolyline(QPolygonF(points[:2]))
            painter.drawPolyline(QPolygonF(points[2:]))

    def _points(self, seen: Float32, scale: float) -> list[QPointF]:
        return [QPointF(self.width() / 2 + x * scale, self.height() / 2 + y * scale) for x, y, _ in seen.tolist()]
