"""What an action head says of a person: its strongest labels as bars, in an order that does not jump."""

import time
from dataclasses import dataclass

from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget

from desktop_ui.style.themes import Themes
from edgeact.plain_text import printable
from edgeact.types import Reading

_SHOWN = 5
_ROW = 24
_REORDER_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: the label, its smoothed and raw score, and whether it is in force."""

    label: str
    smoothed: float
    raw: float
    in_force: bool


class ScoreOrder:
    """Which labels are shown, strongest first; the order changes once a second at most, so that rows can be read."""

    def __init__(self) -> None:
        self._labels: tuple[str, ...] = ()
        self._next = 0.0

    def bars(self, labels: tuple[str, ...], reading: Reading, now: float) -> tuple[Bar, ...]:
        """The bars of a reading whose head has these labels; ``now`` is of `time.monotonic`."""
        known, shown = set(labels), set(self._labels)
        # What is in force is never missing, for example after a jump in a file.
        if now >= self._next or not shown or not shown <= known or not set(reading.labels) <= shown:
            order = sorted(range(len(labels)), key=lambda number: -float(reading.smoothed[number]))
            self._labels = tuple(labels[number] for number in order[:_SHOWN])
            self._next = now + _REORDER_SECONDS
        places = {label: number for number, label in enumerate(labels)}
        return tuple(
            Bar(
                label,
                float(reading.smoothed[places[label]]),
                float(reading.raw[places[label]]),
                label in reading.labels,
            )
            for label in self._labels
        )


class ScoreBars(QWidget):
    """Paints a bar for each of the strongest labels: the smoothed score as its length, the raw score as a line across.

    Args:
        themes: Gives the colours of the theme that is on.
    """

    def __init__(self, themes: Themes, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._themes = themes
        self._bars: tuple[Bar, ...] = ()
        self._colour = QColor("#888888")
        self._why_none = ""
        self._order = ScoreOrder()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Room for `_SHOWN` bars."""
        return QSize(200, _SHOWN * _ROW)

    def show_reading(
        self, labels: tuple[str, ...], reading: Reading | None, colour: QColor, *, why_none: str = ""
    ) -> None:
        """Show a reading; None shows none, and says why."""
        self._why_none = why_none
        self._bars = () if reading is None else self._order.bars(labels, reading, time.monotonic())
        self._colour = colour
        self.setToolTip("\n".join(f"{bar.label} {bar.smoothed:.3f} (raw {bar.raw:.3f})" for bar in self._bars))
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint a row for each bar: label, bar, score."""
        theme = self._themes.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = QFont(self.font())
        font.setPixelSize(12)
        metrics = QFontMetricsF(font)
        names = 0.42 * self.width()
        if not self._bars:
            painter.setFont(font)
            painter.setPen(QColor(theme.muted))
            painter.drawText(QRectF(0, 0, self.width(), _ROW), Qt.AlignmentFlag.AlignVCenter, self._why_none)
        for row, bar in enumerate(self._bars):
            place = QRectF(0, row * _ROW, self.width(), _ROW)
            font.setWeight(QFont.Weight.DemiBold if bar.in_force else QFont.Weight.Normal)
            painter.setFont(font)
            painter.setPen(QColor(theme.text if bar.in_force else theme.muted))
            words = metrics.elidedText(printable(bar.label.replace("_", " ")), Qt.TextElideMode.ElideRight, names - 8)
            painter.drawText(QRectF(0, place.top(), names, _ROW), Qt.AlignmentFlag.AlignVCenter, words)
            track = QRectF(names, place.center().y() - 4, self.width() - names - 34, 8)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.line))
            painter.drawRoundedRect(track, 3, 3)
            colour = QColor(self._colour)
            colour.setAlphaF(1.0 if bar.in_force else 0.55)
            painter.setBrush(colour)
            painter.drawRoundedRect(QRectF(track.left(), track.top(), track.width() * bar.smoothed, 8), 3, 3)
            painter.setPen(QColor(theme.text))
            mark = track.left() + track.width() * bar.raw
            painter.drawLine(
                QRectF(mark, track.top() - 1, 0, 10).topLeft(), QRectF(mark, track.top() - 1, 0, 10).bottomLeft()
            )
            painter.drawText(
                QRectF(self.width() - 34, place.top(), 34, _ROW),
                Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight,
                f"{bar.smoothed:.2f}",
            )
        painter.end()
