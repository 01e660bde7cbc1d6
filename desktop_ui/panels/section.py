"""A part of a panel: a heading in small capitals, and what belongs to it."""

from PyQt6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget


class Section(QWidget):
    """A heading over a column of widgets.

    Attributes:
        body: Where the widgets go.
        aside: Beside the heading, at its right.
    """

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        heading = QLabel(title.upper())
        heading.setObjectName("heading")
        self.aside = QHBoxLayout()
        self.aside.addWidget(heading)
        self.aside.addStretch()
        self.body = QVBoxLayout()
        self.body.setSpacing(4)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(self.aside)
        layout.addLayout(self.body)
