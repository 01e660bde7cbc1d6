"""The icons of the window, drawn as lines, so that they are sharp at every scale and follow the theme."""

import math
from collections.abc import Callable

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QIcon, QPainter, QPainterPath, QPen, QPixmap

_SIDE = 16.0  # units that the drawings below are in
_SCALES = (1, 2, 3)


def _plus(path: QPainterPath) -> None:
    _lines(path, (8, 3, 8, 13), (3, 8, 13, 8))


def _grid(path: QPainterPath) -> None:
    for x in (2.5, 9):
        for y in (2.5, 9):
            path.addRoundedRect(QRectF(x, y, 4.5, 4.5), 1, 1)


def _record(path: QPainterPath) -> None:
    path.addEllipse(QPointF(8, 8), 5.5, 5.5)
    path.addEllipse(QPointF(8, 8), 2, 2)


def _gear(path: QPainterPath) -> None:
    path.addEllipse(QPointF(8, 8), 2, 2)
    path.addEllipse(QPointF(8, 8), 4.5, 4.5)
    for number in range(8):
        turn = number * math.pi / 4
        path.moveTo(8 + 4.5 * math.cos(turn), 8 + 4.5 * math.sin(turn))
        path.lineTo(8 + 6.5 * math.cos(turn), 8 + 6.5 * math.sin(turn))


def _moon(path: QPainterPath) -> None:
    outer, bite = QPainterPath(), QPainterPath()
    outer.addEllipse(QPointF(8, 8), 5.5, 5.5)
    bite.addEllipse(QPointF(10.8, 6), 4.8, 4.8)
    path.addPath(outer.subtracted(bite))


def _sun(path: QPainterPath) -> None:
    path.addEllipse(QPointF(8, 8), 2.8, 2.8)
    for number in range(8):
        turn = number * math.pi / 4
        path.moveTo(8 + 4.6 * math.cos(turn), 8 + 4.6 * math.sin(turn))
        path.lineTo(8 + 6.4 * math.cos(turn), 8 + 6.4 * math.sin(turn))


def _camera(path: QPainterPath) -> None:
    path.addRoundedRect(QRectF(1.5, 4.5, 8.5, 7), 1.5, 1.5)
    _lines(path, (10, 7.5, 14.5, 5), (14.5, 5, 14.5, 11), (14.5, 11, 10, 8.5))


def _stream(path: QPainterPath) -> None:
    path.addEllipse(QPointF(8, 8), 1.4, 1.4)
    for radius in (3.8, 6.4):
        for start in (-40, 140):
            square = QRectF(8 - radius, 8 - radius, 2 * radius, 2 * radius)
            path.arcMoveTo(square, start)
            path.arcTo(square, start, 80)


def _file(path: QPainterPath) -> None:
    path.addRoundedRect(QRectF(2, 3.5, 12, 9), 1.5, 1.5)
    _lines(path, (6.7, 5.9, 10.2, 8), (10.2, 8, 6.7, 10.1), (6.7, 10.1, 6.7, 5.9))


def _play(path: QPainterPath) -> None:
    _lines(path, (5, 3, 13, 8), (13, 8, 5, 13), (5, 13, 5, 3))


def _pause(path: QPainterPath) -> None:
    _lines(path, (5.5, 3.5, 5.5, 12.5), (10.5, 3.5, 10.5, 12.5))


def _forward(path: QPainterPath) -> None:
    _lines(path, (4, 3.5, 10, 8), (10, 8, 4, 12.5), (12, 3.5, 12, 12.5))


def _back(path: QPainterPath) -> None:
    _lines(path, (12, 3.5, 6, 8), (6, 8, 12, 12.5), (4, 3.5, 4, 12.5))


def _close(path: QPainterPath) -> None:
    _lines(path, (4, 4, 12, 12), (12, 4, 4, 12))


def _tick(path: QPainterPath) -> None:
    _lines(path, (3.5, 8.5, 6.5, 11.5), (6.5, 11.5, 12.5, 4.5))


def _down(path: QPainterPath) -> None:
    _lines(path, (3.5, 6, 8, 10.5), (8, 10.5, 12.5, 6))


def _lines(path: QPainterPath, *lines: tuple[float, float, float, float]) -> None:
    end: tuple[float, float] | None = None
    for x0, y0, x1, y1 in lines:
        if end != (x0, y0):
            path.moveTo(x0, y0)
        path.lineTo(x1, y1)
        end = (x1, y1)


_DRAWINGS: dict[str, Callable[[QPainterPath], None]] = {
    "plus": _plus,
    "grid": _grid,
    "record": _record,
    "gear": _gear,
    "moon": _moon,
    "sun": _sun,
    "camera": _camera,
    "stream": _stream,
    "file": _file,
    "play": _play,
    "pause": _pause,
    "forward": _forward,
    "back": _back,
    "close": _close,
    "tick": _tick,
    "down": _down,
}
ICON_NAMES = tuple(_DRAWINGS)


def icon(name: str, colour: str) -> QIcon:
    """An icon by its name (`ICON_NAMES`) in a colour."""
    made = QIcon()
    for scale in _SCALES:
        made.addPixmap(drawn_icon(name, colour, scale=scale))
    return made


def drawn_icon(name: str, colour: str, *, side: float = _SIDE, scale: float = 1.0) -> QPixmap:
    """An icon as a picture of ``side`` logical pixels.

    Args:
        name: One of `ICON_NAMES`.
        colour: Of its lines.
        side: In logical pixels.
        scale: Device pixels for each of them.
    """
    path = QPainterPath()
    _DRAWINGS[name](path)
    pixmap = QPixmap(round(side * scale), round(side * scale))
    pixmap.setDevicePixelRatio(scale)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(side / _SIDE, side / _SIDE)
    pen = QPen(QColor(colour), 1.5)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.drawPath(path)
    painter.end()
    return pixmap
