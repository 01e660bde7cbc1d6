"""A mark in the tile of a live source whose picture is one of the past: from when it is, and how to come back."""

from collections.abc import Callable

from PyQt6.QtCore import QRectF, Qt
from PyQt6.QtGui import QColor, QFontMetricsF, QMouseEvent, QPainter

from desktop_ui.views.overlay import Place

_PLATE, _INK = QColor("#e5a83b"), QColor("#141518")


class PastMark:
    """A tool of tiles that takes no mouse.

    Args:
        words_of: From when the picture of a source is, by its key; empty for the newest one.
    """

    is_on = False

    def __init__(self, words_of: Callable[[int], str]) -> None:
        self._words_of = words_of

    def press(self, key: int, event: QMouseEvent, place: Place, frame: tuple[int, int]) -> bool:
        """Leave the mouse to the tile."""
        return False

    def move(self, key: int, event: QMouseEvent, place: Place, frame: tuple[int, int]) -> bool:
        """Leave the mouse to the tile."""
        return False

    def release(self, key: int) -> bool:
        """Leave the mouse to the tile."""
        return False

    def paint(self, painter: QPainter, key: int, place: Place, frame: tuple[int, int], alert: QColor) -> None:
        """Paint the mark into the picture's upper right corner."""
        words = self._words_of(key)
        if not words:
            return
        metrics = QFontMetricsF(painter.font())
        width = metrics.horizontalAdvance(words) + 20
        plate = QRectF(place.x + frame[0] * place.scale - width - 8, place.y + 8, width, metrics.height() + 6)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(_PLATE)
        painter.drawRoundedRect(plate, plate.height() / 2, plate.height() / 2)
        painter.setPen(_INK)
        painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, words)
        painter.setBrush(Qt.BrushStyle.NoBrush)
