"""Zones, lines and rules of the source that is looked at: a list, with what adds to it and takes from it."""

from collections.abc import Callable

from PyQt6.QtCore import QSize, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from desktop_ui.model.rule_book import RuleBook
from desktop_ui.model.rules_model import RulesModel
from desktop_ui.style.icons import icon
from desktop_ui.style.themes import Themes
from desktop_ui.translation import tr


class RulesPanel(QWidget):
    """The list of zones, lines and rules of a source, with buttons that add and remove them.

    Args:
        rules: What is shown.
        camera: Gives the name of the source that is looked at; None of none.
        themes: Gives the colours of the theme that is on.

    Attributes:
        zone_wished, line_wished, rule_wished: Add one.
        area_unwished, rule_unwished: Take one away, by its name.
    """

    zone_wished, line_wished, rule_wished = pyqtSignal(), pyqtSignal(), pyqtSignal()
    area_unwished, rule_unwished = pyqtSignal(str), pyqtSignal(str)

    def __init__(
        self, rules: RulesModel, camera: Callable[[], str | None], themes: Themes, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._rules, self._camera, self._themes = rules, camera, themes
        self._shown: tuple[str | None, RuleBook] | None = None
        self._rows = QVBoxLayout()
        self._rows.setSpacing(2)
        self._hint = QLabel(tr("Draw a zone to be told who enters it."))
        self._hint.setObjectName("muted")
        self._hint.setWordWrap(True)
        self._zone, self._line, self._rule = QPushButton(tr("Zone")), QPushButton(tr("Line")), QPushButton(tr("Rule…"))
        self._zone.setToolTip(tr("Draw a zone into the picture; the first point closes it (Z)"))
        self._line.setToolTip(tr("Draw a line from one point to another (Shift+Z)"))
        self._rule.setToolTip(tr("Say what is to be told of this source"))
        self._zone.clicked.connect(self.zone_wished)
        self._line.clicked.connect(self.line_wished)
        self._rule.clicked.connect(self.rule_wished)
        self._zone.setCheckable(True)
        self._line.setCheckable(True)
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        for button in (self._zone, self._line, self._rule):
            button.setStyleSheet("padding: 4px 6px;")
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(self._rows)
        layout.addWidget(self._hint)
        layout.addLayout(buttons)
        rules.changed.connect(self.refresh)
        themes.changed.connect(self._forget)
        self.refresh()

    def show_drawing(self, kind: str | None) -> None:
        """Mark the button of what is being drawn (``zone`` or ``line``); None marks neither."""
        self._zone.setChecked(kind == "zone")
        self._line.setChecked(kind == "line")

    def refresh(self) -> None:
        """Show what there is now."""
        camera, book = self._camera(), self._rules.book
        if (camera, book) == self._shown:
            return
        self._shown = (camera, book)
        while (item := self._rows.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        names: tuple[str, ...] = ()
        if camera is not None:
            names = book.of(camera).names
            for name in names:
                self._rows.addWidget(self._row(name.replace("_", " "), lambda name=name: self.area_unwished.emit(name)))
            for name in book.rules_of(camera):
                self._rows.addWidget(self._row(f"! {name}", lambda name=name: self.rule_unwished.emit(name)))
        self._hint.setVisible(not names)
        for button in (self._zone, self._line, self._rule):
            button.setEnabled(camera is not None)

    def _forget(self) -> None:
        self._shown = None
        self.refresh()

    def _row(self, words: str, remove: Callable[[], object]) -> QWidget:
        row = QWidget()
        label, button = QLabel(words), QToolButton()
        label.setToolTip(words)
        button.setIcon(icon("close", self._themes.theme.muted))
        button.setIconSize(QSize(10, 10))
        button.setProperty("quiet", True)
        button.setStyleSheet("padding: 2px; min-height: 12px;")
        button.setToolTip(tr("Remove; undo brings it back"))
        button.clicked.connect(lambda _=False: remove())
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(label, 1)
        layout.addWidget(button)
        return row
