"""The map of keys: every shortcut of the window."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from desktop_ui.panels.section import Section
from desktop_ui.translation import tr

if TYPE_CHECKING:
    from desktop_ui.menus import KeyLine


_KEYS_WIDTH = 112  # the same in all groups, so that what keys do stands under one another


class KeysDialog(QDialog):
    """Lists shortcuts in two columns, by menu.

    Args:
        lines: From `Menus.key_lines`.
    """

    def __init__(self, lines: Sequence["KeyLine"], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Keys"))
        groups = list(dict.fromkeys(line.group for line in lines))
        columns = QHBoxLayout(self)
        columns.setContentsMargins(24, 20, 24, 24)
        columns.setSpacing(40)
        half = -(-len(lines) // 2)
        column, filled = QVBoxLayout(), 0
        for group in groups:
            members = [line for line in lines if line.group == group]
            if filled and filled + len(members) > half + 2:
                column.addStretch()
                columns.addLayout(column)
                column, filled = QVBoxLayout(), 0
            column.addWidget(_group(group, members))
            column.addSpacing(12)
            filled += len(members)
        column.addStretch()
        columns.addLayout(column)


def _group(title: str, lines: Sequence["KeyLine"]) -> QWidget:
    section = Section(title)
    grid = QGridLayout()
    grid.setHorizontalSpacing(24)
    grid.setVerticalSpacing(4)
    for row, line in enumerate(lines):
        keys = QLabel(line.keys.replace("Escape", "Esc").replace(" ", "  "))
        keys.setObjectName("title")
        keys.setFixedWidth(_KEYS_WIDTH)
        keys.setTextFormat(Qt.TextFormat.PlainText)
        grid.addWidget(keys, row, 0)
        grid.addWidget(QLabel(line.words), row, 1)
    grid.setColumnStretch(1, 1)
    section.body.addLayout(grid)
    return section
