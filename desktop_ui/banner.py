"""A line over the picture area that says what has happened and what to do; it goes by itself or when it is closed."""

from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from desktop_ui.style.icons import icon
from desktop_ui.style.themes import Themes
from desktop_ui.style.tone import set_tone
from desktop_ui.translation import tr
from desktop_ui.views.state_words import Tone

_SECONDS = 12


class Banner(QWidget):
    """Shows one message at a time; the newest one wins.

    Args:
        themes: Gives the colours of the theme that is on.
    """

    def __init__(self, themes: Themes, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._themes = themes
        self._words = QLabel()
        self._words.setWordWrap(True)
        self._words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._close = QToolButton()
        self._close.setProperty("quiet", True)
        self._close.setToolTip(tr("Close"))
        self._close.clicked.connect(self.hide)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 6, 8, 6)
        layout.addWidget(self._words, 1)
        layout.addWidget(self._close)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.hide)
        themes.changed.connect(self._put_icon_on)
        self._put_icon_on()
        self.hide()

    @property
    def text(self) -> str:
        """What is said now; empty while nothing is."""
        return self._words.text() if self.isVisible() else ""

    def say(self, words: str, tone: Tone = "calm") -> None:
        """Show a message; a warning or an alert stays until it is closed."""
        self._words.setText(words)
        set_tone(self._words, tone)
        self._timer.stop()
        if tone == "calm":
            self._timer.start(1000 * _SECONDS)
        self.show()

    def _put_icon_on(self) -> None:
        self._close.setIcon(icon("close", self._themes.theme.muted))
