"""What a window without sources shows: three ways to begin."""

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from desktop_ui.translation import tr


class FirstRun(QWidget):
    """A card with the demo, a camera and a file.

    Attributes:
        demo_wished, camera_wished, file_wished: The three buttons.
    """

    demo_wished, camera_wished, file_wished = pyqtSignal(), pyqtSignal(), pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._card = QFrame()
        self._card.setObjectName("card")
        self._title, self._words = QLabel(), QLabel()
        self._title.setObjectName("title")
        self._title.setStyleSheet("font-size: 18px;")
        self._words.setObjectName("muted")
        self._words.setWordWrap(True)
        self._buttons = (QPushButton(), QPushButton(), QPushButton())
        self._buttons[0].setProperty("primary", True)
        for button, signal in zip(self._buttons, (self.demo_wished, self.camera_wished, self.file_wished), strict=True):
            button.setMinimumHeight(32)
            button.clicked.connect(signal)
        inside = QVBoxLayout(self._card)
        inside.setContentsMargins(32, 28, 32, 28)
        inside.setSpacing(8)
        inside.addWidget(self._title)
        inside.addWidget(self._words)
        inside.addSpacing(16)
        row = QHBoxLayout()
        row.setSpacing(8)
        for button in self._buttons:
            row.addWidget(button)
        row.addStretch()
        inside.addLayout(row)
        self._card.setFixedWidth(480)
        layout = QVBoxLayout(self)
        layout.addWidget(self._card, alignment=Qt.AlignmentFlag.AlignCenter)
        self.translate()

    def translate(self) -> None:
        """Set all texts in the current language."""
        self._title.setText(tr("Who does what in front of a camera"))
        self._words.setText(
            tr("See it on the demo clip, or open a camera, a stream or a video. You can also drop files here.")
        )
        for button, words, tip in zip(
            self._buttons,
            (tr("Try the demo"), tr("Open camera"), tr("Open file")),
            (
                tr("The clip that comes with edgeact"),
                tr("A camera of this machine, or an address"),
                tr("A video or images"),
            ),
            strict=True,
        ):
            button.setText(words)
            button.setToolTip(tip)
