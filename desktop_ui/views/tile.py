"""One source in the picture area: its newest frame with the layers, and what state it is in."""

from collections.abc import Sequence
from typing import Protocol

from PyQt6.QtCore import QPointF, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QFont, QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PyQt6.QtWidgets import QWidget

from desktop_ui.bridge.bridge import Bridge
from desktop_ui.bridge.shown_frame import ShownFrame, fitted_size
from desktop_ui.model.standing import Phase
from desktop_ui.model.window import Selection
from desktop_ui.style.colours import Theme
from desktop_ui.style.themes import Themes
from desktop_ui.views.overlay import Place, paint_overlay
from desktop_ui.views.pictures import image_of_bgra
from desktop_ui.views.state_card import CARD_WIDTH, StateCard
from desktop_ui.views.state_words import state_words
from edgeact.types import Float32

_DIMMED = 0.35  # of a picture that is not the present
_LABEL_PIXELS = 12


class TileTool(Protocol):
    """What the mouse may do in a tile beside choosing persons, and what is painted for it.

    ``key`` is the source's, ``place`` where its frame lies, ``frame`` the frame's width and height.
    """

    @property
    def is_on(self) -> bool:
        """Whether it takes the mouse."""
        ...

    def press(self, key: int, event: QMouseEvent, place: Place, frame: tuple[int, int]) -> bool:
        """A button was pressed; whether the tool takes it."""
        ...

    def move(self, key: int, event: QMouseEvent, place: Place, frame: tuple[int, int]) -> bool:
        """The mouse has moved; whether there is something to paint."""
        ...

    def release(self, key: int) -> bool:
        """A button was released."""
        ...

    def paint(self, painter: QPainter, key: int, place: Place, frame: tuple[int, int], alert: QColor) -> None:
        """Paint over the frame."""
        ...


class Tile(QWidget):
    """Paints one source.

    Args:
        bridge: Where frames come from.
        key: Of the source.
        themes: Gives the colours of the theme that is on.
        tools: What the mouse may do beside choosing persons.

    Attributes:
        focus_wished: Double click: show this source alone, or the grid again.
        help_wished: The button of a failed source.
    """

    focus_wished = pyqtSignal(int)
    help_wished = pyqtSignal(int)

    def __init__(
        self,
        bridge: Bridge,
        key: int,
        themes: Themes,
        parent: QWidget | None = None,
        *,
        tools: Sequence[TileTool] = (),
    ) -> None:
        super().__init__(parent)
        self.key = key
        self._bridge, self._themes, self._tools = bridge, themes, tools
        self.setMouseTracking(True)
        self._shown: ShownFrame | None = None
        self._card = StateCard(self)
        self._card.pressed.connect(lambda: self.help_wished.emit(self.key))
        self.setMinimumSize(96, 54)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.refresh_state()

    @property
    def shown(self) -> ShownFrame | None:
        """The frame that was painted last."""
        return self._shown

    def refresh_state(self) -> None:
        """Redraw the tile with the source's current state (connecting, live, ended, …)."""
        item = self._bridge.model.source(self.key)
        if item is not None:
            has_picture = self._shown is not None
            words = state_words(item.standing)
            if has_picture and item.standing.phase is Phase.ENDED and self._bridge.played(self.key) is not None:
                words = None  # the last frame of a file; its player says the rest
            self._card.show_state(words, item.standing.phase, compact=has_picture)
            self._place_card()
        self.update()

    def place(self) -> Place | None:
        """Where the frame lies; None before the first."""
        if self._shown is None:
            return None
        width, height = self._shown.frame_size
        fitted = fitted_size(width, height, (self.width(), self.height()))
        scale = fitted[0] / width
        return Place((self.width() - fitted[0]) / 2, (self.height() - fitted[1]) / 2, scale)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Take the newest frame and paint it."""
        sink = self._bridge.sink(self.key)
        newest = None if sink is None else sink.newest()
        if newest is not None and newest is not self._shown:
            if self._shown is None or newest.seen is not self._shown.seen:
                self._bridge.note_painted()
            self._shown = newest
        theme = self._themes.theme
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.stage))
        item = self._bridge.model.source(self.key)
        if item is not None:
            title, words = self._title(item.spec.called)
            if self._shown is not None:
                self._paint_frame(painter, self._shown, title, is_past=item.standing.phase in _PAST)
            self._paint_title(painter, title, words, theme, item.standing.phase)
        painter.end()

    def _paint_frame(self, painter: QPainter, shown: ShownFrame, title: QRectF, *, is_past: bool) -> None:
        place, layers = self.place(), self._bridge.model.layers
        assert place is not None
        width, height = shown.frame_size
        target = QRectF(place.x, place.y, width * place.scale, height * place.scale)
        # A picture that was made before somebody asked for privacy is not shown; the next one is under way.
        if shown.privacy == layers.privacy and not layers.hides_picture:
            painter.drawImage(target, image_of_bgra(shown.image))
        else:
            painter.fillRect(target, QColor("#000000"))
        bundle = self._bridge.engine.bundle
        if bundle is not None:
            selection = self._bridge.model.selection
            selected = selection.track_id if selection is not None and selection.source == self.key else None
            painter.setClipRect(target)
            font = self._label_font()
            paint_overlay(painter, shown, place, layers, bundle.plan, selected=selected, font=font, title=title)
            painter.setFont(self._label_font())
            for tool in self._tools:
                tool.paint(painter, self.key, place, shown.frame_size, QColor("#f58b84"))
            painter.setClipping(False)
        if is_past:
            painter.fillRect(target, QColor.fromRgbF(0.04, 0.05, 0.06, 1 - _DIMMED))

    def _title(self, title: str) -> tuple[QRectF, str]:
        """Where the title stands, and what of it there is room for."""
        metrics = QFontMetricsF(self._title_font())
        words = metrics.elidedText(title, Qt.TextElideMode.ElideRight, self.width() - 48)
        return QRectF(8, 8, metrics.horizontalAdvance(words) + 28, metrics.height() + 6), words

    def _paint_title(self, painter: QPainter, plate: QRectF, words: str, theme: Theme, phase: Phase) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(18, 20, 24, 190))
        painter.drawRoundedRect(plate, plate.height() / 2, plate.height() / 2)
        painter.setBrush(QColor(phase_colour(phase, theme, on_dark=True)))
        painter.drawEllipse(QPointF(plate.left() + 12, plate.center().y()), 3.5, 3.5)
        painter.setPen(QColor("#f2f3f5"))
        painter.setFont(self._title_font())
        painter.drawText(plate.adjusted(20, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, words)

    def _label_font(self) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(_LABEL_PIXELS)
        return font

    def _title_font(self) -> QFont:
        font = self._label_font()
        font.setWeight(QFont.Weight.DemiBold)
        return font

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Choose the person under the pointer; a click beside all chooses nobody."""
        place = self.place()
        if event is not None and place is not None and self._shown is not None:
            size = self._shown.frame_size
            if any(tool.press(self.key, event, place, size) for tool in self._tools):
                self.update()
                return
        if event is None or event.button() is not Qt.MouseButton.LeftButton:
            return
        track_id = self.person_at(event.position())
        model = self._bridge.model
        if track_id is not None:
            model.select(Selection(self.key, track_id))
        elif model.selection is not None and model.selection.source == self.key:
            model.select(None)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """A tool may follow the mouse."""
        place = self.place()
        if event is None or place is None or self._shown is None:
            return
        size = self._shown.frame_size
        moved = [tool.move(self.key, event, place, size) for tool in self._tools]
        if any(moved):
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """A tool may end something."""
        released = [tool.release(self.key) for tool in self._tools]
        if any(released):
            self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        """Show this source alone, or the grid again."""
        if any(tool.is_on for tool in self._tools):
            return
        self.focus_wished.emit(self.key)

    def person_at(self, point: QPointF) -> int | None:
        """The track under a point of the tile: the smallest box that holds it; None where nobody is."""
        place = self.place()
        if place is None or self._shown is None:
            return None
        x, y = place.inverse(point)

        def area(box: Float32) -> float:
            return float((box[2] - box[0]) * (box[3] - box[1]))

        found = [
            person
            for person in self._shown.observation.persons
            if person.box[0] <= x <= person.box[2] and person.box[1] <= y <= person.box[3]
        ]
        return min(found, key=lambda person: area(person.box)).track_id if found else None

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Ask for pictures of the new size."""
        self._tell_room()
        self._place_card()

    def _tell_room(self) -> None:
        sink = self._bridge.sink(self.key)
        ratio = self.devicePixelRatioF()
        if sink is not None:
            sink.room = (max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio)))
            self._bridge.redraw()

    def _place_card(self) -> None:
        width = min(CARD_WIDTH, self.width() - 16)
        height = min(self._card.height_for(width), self.height() - 16)
        self._card.setGeometry((self.width() - width) // 2, (self.height() - height) // 2, width, height)


_PAST = frozenset({Phase.STALLED, Phase.RECONNECTING, Phase.FAILED, Phase.REFUSED})


def phase_colour(phase: Phase, theme: Theme, *, on_dark: bool = False) -> str:
    """The colour of a state's dot.

    Args:
        phase: The state.
        theme: What is on.
        on_dark: The dot stands on a picture, whatever the theme.
    """
    from desktop_ui.style.colours import DARK

    theme = DARK if on_dark else theme
    if phase is Phase.RUNNING:
        return theme.good
    if phase in (Phase.STALLED, Phase.RECONNECTING):
        return theme.warning
    return theme.alert if phase in (Phase.FAILED, Phase.REFUSED) else theme.muted
