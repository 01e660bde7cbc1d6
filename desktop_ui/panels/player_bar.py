"""The bar of a played file: play, step, speed, and a line over its frames, of which some may still be on their way."""

from PyQt6.QtCore import QRectF, QSize, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PyQt6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from desktop_ui.bridge.bridge import Bridge
from desktop_ui.bridge.played_file import PlayedFile
from desktop_ui.model.play_head import SPEEDS, PlayState
from desktop_ui.model.timeline import clock_words
from desktop_ui.style.icons import icon
from desktop_ui.style.themes import Themes
from desktop_ui.translation import tr

_REFRESH_MILLISECONDS = 100
_HEIGHT = 44


class PlayerBar(QFrame):
    """Buttons and a slider that control the playing of the file that is looked at.

    Args:
        bridge: Whose files.
        themes: Gives the colours of the theme that is on.
    """

    def __init__(self, bridge: Bridge, themes: Themes, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setFixedHeight(_HEIGHT)
        self._bridge, self._themes = bridge, themes
        self._back, self._play, self._on = QToolButton(), QToolButton(), QToolButton()
        self._back.clicked.connect(lambda: self.step(-1))
        self._play.clicked.connect(self.toggle)
        self._on.clicked.connect(lambda: self.step(1))
        for button, words in (
            (self._back, tr("One frame back")),
            (self._play, tr("Play or pause")),
            (self._on, tr("One frame on")),
        ):
            button.setToolTip(words)
            button.setProperty("quiet", True)
        self._speed = QComboBox()
        self._speed.setToolTip(tr("Speed"))
        for speed in SPEEDS:
            self._speed.addItem(f"{speed:g}×", speed)
        self._speed.activated.connect(self._choose_speed)
        self._name, self._time = QLabel(), QLabel()
        self._name.setObjectName("muted")
        self._time.setObjectName("muted")
        self.track = Track(themes)
        self.track.wished.connect(self.seek)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 4, 12, 4)
        layout.setSpacing(8)
        for widget in (self._back, self._play, self._on, self._speed):
            layout.addWidget(widget)
        layout.addWidget(self.track, 1)
        layout.addWidget(self._time)
        layout.addWidget(self._name)
        self._timer = QTimer(self)
        self._timer.setInterval(_REFRESH_MILLISECONDS)
        self._timer.timeout.connect(self.refresh)
        self._timer.start()
        self._shows_pause = False
        themes.changed.connect(self._put_icons_on)
        self._put_icons_on()
        self.hide()

    def key(self) -> int | None:
        """The file that is looked at: the one that is alone, that of the chosen person, or the first; None of none."""
        return next((key for key in self._bridge.model.looked_at if self._bridge.played(key) is not None), None)

    def toggle(self) -> None:
        """Play, or pause."""
        played = self._played()
        if played is not None:
            if played.state.is_playing:
                played.pause()
            else:
                played.play()
            self.refresh()

    def step(self, frames: int) -> None:
        """Pause, and go some frames on or back."""
        played = self._played()
        if played is not None:
            played.step(frames)
            self.refresh()

    def seek(self, seconds: float) -> None:
        """Show the frame of a time."""
        played = self._played()
        if played is not None:
            played.seek(seconds)
            self.refresh()

    def refresh(self) -> None:
        """Show the time, and how much of the file is perceived."""
        key = self.key()
        played = self._bridge.played(key)
        if played is None or key is None:
            self.setVisible(False)
            return
        state = played.state
        item = self._bridge.model.source(key)
        duration = None
        watched = self._bridge.host.watched(key)
        if watched is not None and watched.source is not None:
            duration = watched.source.info.duration
        end = state.last if state.is_complete else max(state.last, state.first + (duration or 0.0))
        self.track.show_state(state, end)
        done = "" if state.is_complete else tr("{percent} % analysed").format(percent=round(100 * _share(state, end)))
        self._time.setText(f"{clock(state.time - state.first)} / {clock(end - state.first)}   {done}".rstrip())
        self._name.setText("" if item is None or len(self._bridge.model.sources) == 1 else item.spec.called)
        self._speed.setCurrentIndex(SPEEDS.index(state.speed))
        if state.is_playing != self._shows_pause:
            self._shows_pause = state.is_playing
            self._put_icons_on()
        self.setVisible(True)

    def _played(self) -> PlayedFile | None:
        return self._bridge.played(self.key())

    def _choose_speed(self, index: int) -> None:
        played = self._played()
        if played is not None:
            played.set_speed(SPEEDS[index])

    def _put_icons_on(self) -> None:
        colour = self._themes.theme.text
        self._back.setIcon(icon("back", colour))
        self._on.setIcon(icon("forward", colour))
        self._play.setIcon(icon("pause" if self._shows_pause else "play", colour))


class Track(QWidget):
    """A line over the file: what is there, and where it is played; a click or a drag goes there.

    Args:
        themes: Gives the colours of the theme that is on.

    Attributes:
        wished: Show this time of the file, in seconds.
    """

    wished = pyqtSignal(float)

    def __init__(self, themes: Themes, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._themes = themes
        self._state: PlayState | None = None
        self._end = 0.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def sizeHint(self) -> QSize:
        """Wide."""
        return QSize(300, 24)

    def show_state(self, state: PlayState, end: float) -> None:
        """Show how it stands in a file that lasts until ``end``."""
        self._state, self._end = state, end
        self.update()

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Go there."""
        self.mouseMoveEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Go there."""
        if event is not None and self._state is not None:
            share = min(1.0, max(0.0, (event.position().x() - 6) / max(1, self.width() - 12)))
            self.wished.emit(self._state.first + share * (self._end - self._state.first))

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint the line, the part that is there, and the handle."""
        theme = self._themes.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        line = QRectF(6, self.height() / 2 - 2, self.width() - 12, 4)
        painter.setBrush(QColor(theme.line))
        painter.drawRoundedRect(line, 2, 2)
        state = self._state
        if state is not None and self._end > state.first:
            there, at = _share(state, self._end), (state.time - state.first) / (self._end - state.first)
            painter.setBrush(QColor(theme.muted))
            painter.setOpacity(0.5)
            painter.drawRoundedRect(QRectF(line.left(), line.top(), line.width() * there, 4), 2, 2)
            painter.setOpacity(1.0)
            painter.setBrush(QColor(theme.accent))
            painter.drawRoundedRect(QRectF(line.left(), line.top(), line.width() * at, 4), 2, 2)
            painter.setBrush(QColor(theme.text))
            painter.drawEllipse(QRectF(line.left() + line.width() * at - 6, self.height() / 2 - 6, 12, 12))
        painter.end()


def clock(seconds: float) -> str:
    """Minutes, seconds and tenths: ``1:02.5``; with hours where there are any."""
    tenths = max(0, round(10 * seconds))
    return f"{clock_words(tenths // 10)}.{tenths % 10}"


def _share(state: PlayState, end: float) -> float:
    return 1.0 if state.is_complete or end <= state.first else (state.last - state.first) / (end - state.first)
