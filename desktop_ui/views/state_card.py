"""The card in the middle of a tile that says what state its source is in, with one button that helps."""

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QColor, QPainter, QPaintEvent
from PyQt6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from desktop_ui.model.standing import Phase
from desktop_ui.style.tone import set_tone
from desktop_ui.views.state_words import StateWords

CARD_WIDTH = 320


class StateCard(QWidget):
    """A headline, a sentence and a button over a tile, shown while its source does not simply run.

    Attributes:
        pressed: The button.
    """

    pressed = pyqtSignal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._headline, self._sentence = QLabel(), QLabel()
        self._headline.setObjectName("title")
        self._button = QPushButton()
        self._button.clicked.connect(self.pressed)
        self._is_on_picture = False
        for label in (self._headline, self._sentence):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            label.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.setSpacing(6)
        layout.addWidget(self._headline)
        layout.addWidget(self._sentence)
        layout.addWidget(self._button, alignment=Qt.AlignmentFlag.AlignHCenter)
        self.hide()

    def height_for(self, width: int) -> int:
        """How high the card is at a width."""
        layout = self.layout()
        assert layout is not None
        return layout.heightForWidth(width) if layout.hasHeightForWidth() else layout.sizeHint().height()

    def show_state(self, words: StateWords | None, phase: Phase, *, compact: bool) -> None:
        """Show what state the source is in.

        Args:
            words: The texts; None hides the card.
            phase: The state.
            compact: There is a picture behind the card, which then gets a plate of its own.
        """
        self._is_on_picture = compact
        if words is None or (phase is Phase.WARMING_UP and compact):
            self.hide()
            return
        self._headline.setText(words.headline)
        self._sentence.setText(words.sentence)
        self._sentence.setVisible(bool(words.sentence))
        self._button.setText(words.button or "")
        self._button.setVisible(words.button is not None)
        set_tone(self._headline, words.tone if not compact else "calm")
        ink = "color: #f2f3f5;" if compact else ""
        for label in (self._headline, self._sentence):
            if label.styleSheet() != ink:
                label.setStyleSheet(ink)
        self.show()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """A dark plate where a picture is behind."""
        if not self._is_on_picture:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(18, 20, 24, 225))
        painter.drawRoundedRect(self.rect(), 12, 12)
        painter.end()
