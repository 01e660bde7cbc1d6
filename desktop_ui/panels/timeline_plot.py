"""The drawing of the timeline: curves over bars on one axis of time; turns the mouse into wishes."""

import time
from collections.abc import Sequence
from datetime import datetime

import pyqtgraph as pg
from PyQt6.QtCore import QPointF, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QFont, QPainter, QPen
from PyQt6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from desktop_ui.model.timeline import Curve, Stretch, clock_words
from desktop_ui.style.colours import Theme, ink_on, track_colour

ROW = 1.0  # height of a bar's row in the units of the lower plot
_BAR_PIXELS, _AXIS_PIXELS = 19, 20
_LEAST_CURVES = 56  # pixels of height that curves have before further rows of bars come
_SHORTEST, _LONGEST = 2.0, 36_000.0  # seconds that the wheel zooms to


class TimeAxis(pg.AxisItem):  # type: ignore[misc]
    """Words for seconds: the time of day of live sources, minutes and seconds of files."""

    is_file = False

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        """One text for each tick."""
        if self.is_file:
            tenths = ".{:.0f}" if spacing < 1 else ""
            return [clock_words(int(value)) + tenths.format(10 * (value % 1)) if value >= 0 else "" for value in values]
        return [day_words(value) for value in values]


def day_words(monotonic: float) -> str:
    """The time of day of a time of `time.monotonic`."""
    return datetime.fromtimestamp(time.time() - time.monotonic() + monotonic).strftime("%H:%M:%S")


class Bars(pg.GraphicsObject):  # type: ignore[misc]
    """Stretches as bars with words in them, a row for each track."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: dict[int, int] = {}
        self._stretches: tuple[Stretch, ...] = ()
        self._bounds = QRectF(0, 0, 1, 1)

    def show_stretches(self, stretches: Sequence[Stretch], rows: dict[int, int]) -> None:
        """Draw these; ``rows`` says by track in which row, 0 is the uppermost."""
        if tuple(stretches) == self._stretches and rows == self._rows:
            return
        self.prepareGeometryChange()
        self._stretches, self._rows = tuple(stretches), dict(rows)
        left = min((one.start for one in stretches), default=0.0)
        right = max((one.end for one in stretches), default=1.0)
        self._bounds = QRectF(left, -ROW * max(len(rows), 1), max(right - left, 0.1), ROW * max(len(rows), 1))
        self.update()

    def boundingRect(self) -> QRectF:
        """Where something is drawn."""
        return self._bounds

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paint in pixels, so that words and corners keep their shape."""
        to_pixels = painter.transform()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = QFont(widget.font() if widget is not None else QFont())
        font.setPixelSize(11)
        painter.setFont(font)
        width = widget.width() if widget is not None else 10_000
        for one in self._stretches:
            row = self._rows.get(one.track_id)
            if row is None:
                continue
            bar = to_pixels.mapRect(QRectF(one.start, -ROW * (row + 1), max(one.end - one.start, 1e-3), ROW))
            if bar.right() < 0 or bar.left() > width:
                continue
            bar = bar.adjusted(0, 2, 0, -2)
            bar.setWidth(max(bar.width(), 3.0))
            colour = track_colour(one.track_id)
            painter.setBrush(colour)
            painter.setPen(QPen(ink_on(colour), 1.2, Qt.PenStyle.DashLine) if one.is_corrected else Qt.PenStyle.NoPen)
            painter.drawRoundedRect(bar, 3, 3)
            words = bar.adjusted(5, 0, -4, 0)
            words.setLeft(max(words.left(), 4.0))
            if words.width() > 16:
                painter.setPen(ink_on(colour))
                shown = painter.fontMetrics().elidedText(
                    one.label.replace("_", " "), Qt.TextElideMode.ElideRight, int(words.width())
                )
                painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)


class _Box(pg.ViewBox):  # type: ignore[misc]
    """A view whose shifted drag chooses a stretch; other drags move along the time."""

    def __init__(self, plot: "TimelinePlot") -> None:
        super().__init__(enableMenu=False)
        self._plot = plot

    def mouseDragEvent(self, event: object, axis: int | None = None) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:  # type: ignore[attr-defined]
            event.accept()  # type: ignore[attr-defined]
            start = self.mapSceneToView(event.buttonDownScenePos()).x()  # type: ignore[attr-defined]
            end = self.mapSceneToView(event.scenePos()).x()  # type: ignore[attr-defined]
            self._plot.choose(min(start, end), max(start, end))
            return
        super().mouseDragEvent(event, axis)


class TimelinePlot(pg.GraphicsLayoutWidget):  # type: ignore[misc]
    """Two plots over each other.

    Attributes:
        hovered: The time under the pointer, or NaN where it has left.
        clicked: A time, and the row of bars (-1: the curves).
        chosen: A stretch was chosen by a shifted drag: start and end.
        moved: The operator has moved or zoomed the axis.
    """

    hovered, clicked = pyqtSignal(float), pyqtSignal(float, int)
    chosen, moved = pyqtSignal(float, float), pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.ci.layout.setContentsMargins(0, 0, 0, 0)
        self.ci.layout.setSpacing(0)
        self._axis = TimeAxis("bottom")
        self._hidden_axis = TimeAxis("bottom")
        self._scores = self.addPlot(row=0, col=0, viewBox=_Box(self), axisItems={"bottom": self._hidden_axis})
        self._below = self.addPlot(row=1, col=0, viewBox=_Box(self), axisItems={"bottom": self._axis})
        self._below.setXLink(self._scores)
        self._scores.setYRange(0, 1, padding=0.04)
        self._scores.hideAxis("bottom")
        self._below.getAxis("left").setTicks([[]])
        for plot in (self._scores, self._below):
            plot.hideButtons()
            plot.setMenuEnabled(False)
            plot.setMouseEnabled(x=True, y=False)
            plot.getAxis("left").setWidth(26)
            plot.getViewBox().setLimits(minXRange=_SHORTEST, maxXRange=_LONGEST)
            plot.getViewBox().sigRangeChangedManually.connect(lambda *_: self.moved.emit())
        self._scores.getAxis("left").setTicks([[(0.0, "0"), (0.5, ".5"), (1.0, "1")]])
        self._bars = Bars()
        self._below.addItem(self._bars, ignoreBounds=True)
        self._region = pg.LinearRegionItem(movable=False)
        self._region.hide()
        self._scores.addItem(self._region, ignoreBounds=True)
        self._head, self._pointer = pg.InfiniteLine(angle=90), pg.InfiniteLine(angle=90)
        for line in (self._head, self._pointer):
            line.hide()
            self._scores.addItem(line, ignoreBounds=True)
        self._lines: list[pg.PlotDataItem] = []
        self._set_rows(1)
        self.scene().sigMouseMoved.connect(self._hover)
        self.scene().sigMouseClicked.connect(self._click)

    def put_on(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        self.setBackground(theme.surface)
        pen, text = pg.mkPen(theme.line), pg.mkPen(theme.muted)
        for plot in (self._scores, self._below):
            for side in ("left", "bottom"):
                axis = plot.getAxis(side)
                axis.setPen(pen)
                axis.setTextPen(text)
                axis.setStyle(tickFont=_small(self.font()), tickLength=-3)
        self._head.setPen(pg.mkPen(theme.accent, width=2))
        self._pointer.setPen(pg.mkPen(theme.muted, width=1))
        chosen = QColor(theme.accent)
        chosen.setAlpha(50)
        self._region.setBrush(chosen)
        for line in self._region.lines:
            line.setPen(pg.mkPen(theme.accent))

    def show_curves(self, curves: Sequence[Curve], track_id: int, theme: Theme) -> None:
        """Draw curves in the colour of a track: the first one solid, the others dashed; raw scores faint.

        On a light surface the colour is darkened until it is seen.
        """
        colour = track_colour(track_id)
        if theme.name == "light":
            colour = colour.darker(135)
        styles = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine)
        faint = QColor(colour)
        faint.setAlpha(110)
        wanted = []
        for curve, style in zip(curves, styles, strict=False):
            wanted.append((curve.times, curve.smoothed, pg.mkPen(colour, width=2, style=style)))
            if style is Qt.PenStyle.SolidLine:
                wanted.append((curve.times, curve.raw, pg.mkPen(faint, width=1)))
        while len(self._lines) < len(wanted):
            line = pg.PlotDataItem(connect="finite", antialias=True)
            self._scores.addItem(line, ignoreBounds=True)
            self._lines.append(line)
        for number, line in enumerate(self._lines):
            if number < len(wanted):
                times, values, pen = wanted[number]
                line.setData(times, values)
                line.setPen(pen)
            else:
                line.setData([], [])

    def show_bars(self, stretches: Sequence[Stretch], rows: Sequence[int]) -> None:
        """Draw stretches; ``rows`` are the tracks from the uppermost row downwards."""
        self._set_rows(max(1, len(rows)))
        self._bars.show_stretches(stretches, {track: number for number, track in enumerate(rows)})

    @property
    def room_for_rows(self) -> int:
        """Rows of bars that leave the curves enough height; at least one."""
        return max(1, (self.height() - _AXIS_PIXELS - _LEAST_CURVES) // _BAR_PIXELS)

    def show_range(self, start: float, end: float, *, is_file: bool) -> None:
        """Show this part of the time."""
        self._axis.is_file = is_file
        self._scores.setXRange(start, end, padding=0)

    @property
    def seen_range(self) -> tuple[float, float]:
        """The part of the time that is seen."""
        (start, end), _ = self._scores.getViewBox().viewRange()
        return float(start), float(end)

    def show_head(self, at: float | None) -> None:
        """Mark the time of the picture that is shown; None takes the mark away."""
        self._head.setVisible(at is not None)
        if at is not None:
            self._head.setValue(at)

    def show_region(self, region: tuple[float, float] | None) -> None:
        """Mark a chosen stretch."""
        self._region.setVisible(region is not None)
        if region is not None:
            self._region.setRegion(region)

    def choose(self, start: float, end: float) -> None:
        """A stretch is being chosen."""
        self.show_region((start, end))
        self.chosen.emit(start, end)

    def pixel_of(self, at: float, row: int = -1) -> QPointF:
        """Where a time lies in the widget: among the curves, or in the middle of a row of bars."""
        plot, height = (self._scores, 0.5) if row < 0 else (self._below, -ROW * (row + 0.5))
        scene = plot.getViewBox().mapViewToScene(QPointF(at, height))
        return QPointF(self.mapFromScene(scene))

    def leaveEvent(self, event: object) -> None:
        """The pointer has left."""
        self._pointer.hide()
        self.hovered.emit(float("nan"))

    def _set_rows(self, rows: int) -> None:
        self._below.setYRange(-ROW * rows, 0, padding=0)
        self._below.setFixedHeight(_BAR_PIXELS * rows + _AXIS_PIXELS)

    def _hover(self, point: QPointF) -> None:
        at = float(self._scores.getViewBox().mapSceneToView(point).x())
        self._pointer.setValue(at)
        self._pointer.show()
        self.hovered.emit(at)

    def _click(self, event: object) -> None:
        if event.button() is not Qt.MouseButton.LeftButton:  # type: ignore[attr-defined]
            return
        point = event.scenePos()  # type: ignore[attr-defined]
        at = float(self._scores.getViewBox().mapSceneToView(point).x())
        row = -1
        if self._below.getViewBox().sceneBoundingRect().contains(point):
            row = int(-self._below.getViewBox().mapSceneToView(point).y() // ROW)
        self.clicked.emit(at, row)


def _small(font: QFont) -> QFont:
    small = QFont(font)
    small.setPixelSize(10)
    return small
