"""Puts a theme on the whole application, and follows the system's where that is wished."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from PyQt6.QtCore import QObject, Qt, pyqtSignal
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QApplication

from desktop_ui.style.colours import DARK, LIGHT, Theme
from desktop_ui.style.icons import drawn_icon
from desktop_ui.style.sheet import palette, style_sheet

ThemeChoice = Literal["system", "dark", "light"]


class Themes(QObject):
    """The theme that is on; one for the application.

    Attributes:
        changed: Another theme is on now.
    """

    changed = pyqtSignal()

    def __init__(self, application: QApplication, choice: ThemeChoice = "system") -> None:
        super().__init__()
        self._application, self.choice = application, choice
        # A style sheet takes pictures from files only.
        self._folder = TemporaryDirectory(prefix="edgeact-window-", ignore_cleanup_errors=True)
        self.theme = DARK
        hints = QGuiApplication.styleHints()
        if hints is not None:
            hints.colorSchemeChanged.connect(self._follow)
        self.choose(choice)

    def choose(self, choice: ThemeChoice) -> None:
        """Apply a theme to the whole application; ``system`` follows the system's setting from now on."""
        self.choice = choice
        self._put_on(self._wanted())

    def _wanted(self) -> Theme:
        if self.choice != "system":
            return LIGHT if self.choice == "light" else DARK
        hints = QGuiApplication.styleHints()
        is_light = hints is not None and hints.colorScheme() is Qt.ColorScheme.Light
        return LIGHT if is_light else DARK

    def _follow(self) -> None:
        if self.choice == "system" and self._wanted() is not self.theme:
            self._put_on(self._wanted())

    def _put_on(self, theme: Theme) -> None:
        self.theme = theme
        folder = Path(self._folder.name)
        tick, arrow = (folder / f"{name}-{theme.name}.png" for name in ("tick", "down"))
        drawn_icon("tick", theme.on_accent, side=14, scale=2).save(str(tick))
        drawn_icon("down", theme.muted, side=10, scale=2).save(str(arrow))
        self._application.setPalette(palette(theme))
        self._application.setStyleSheet(style_sheet(theme, tick=tick.as_posix(), arrow=arrow.as_posix()))
        self.changed.emit()
