"""What painted widgets of the person panel share: a smooth painter, round corners, a height that follows the width."""

from collections.abc import Iterator
from contextlib import contextmanager

from PyQt6.QtCore import QRectF
from PyQt6.QtGui import QColor, QFont, QPainter, QPainterPath
from PyQt6.QtWidgets import QSizePolicy, QWidget

_RADIUS = 6
_CAPTION_PIXELS = 11


def let_width_decide_height(widget: QWidget) -> None:
    """Make layouts give a widget all of the width, and the height that its ``heightForWidth`` says."""
    policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    policy.setHeightForWidth(True)
    widget.setSizePolicy(policy)


def picture_painter(widget: QWidget) -> QPainter:
    """A painter on a widget that smooths lines and pictures, with the font of captions; to be ended with ``end``."""
    painter = QPainter(widget)
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
    font = QFont(widget.font())
    font.setPixelSize(_CAPTION_PIXELS)
    painter.setFont(font)
    return painter


@contextmanager
def rounded_place(painter: QPainter, place: QRectF, ground: str) -> Iterator[None]:
    """Fill a rectangle with round corners, and clip to it what the ``with`` block paints.

    Args:
        painter: Paints; its state is restored afterwards.
        place: The rectangle, in logical pixels.
        ground: The colour it is filled with, as ``#rrggbb``.
    """
    outline = QPainterPath()
    outline.addRoundedRect(place, _RADIUS, _RADIUS)
    painter.fillPath(outline, QColor(ground))
    painter.save()
    painter.setClipPath(outline)
    try:
        yield
    finally:
        painter.restore()
