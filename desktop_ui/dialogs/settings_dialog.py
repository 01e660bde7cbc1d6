"""Colours and language; everything else is remembered as it is left."""

from pathlib import Path
from typing import Literal

from PyQt6.QtWidgets import QComboBox, QDialog, QFormLayout, QLabel, QVBoxLayout, QWidget

from desktop_ui.dialogs.answer_buttons import AnswerButtons
from desktop_ui.model.settings import Settings
from desktop_ui.translation import tr


class SettingsDialog(QDialog):
    """Asks for the colours and the language of the window.

    Args:
        values: As they are.
        path: Where they are remembered.
    """

    def __init__(self, values: Settings, path: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Settings"))
        self.setMinimumWidth(360)
        self._theme, self._language = QComboBox(), QComboBox()
        for name, words in (("system", tr("As the system")), ("dark", tr("Dark")), ("light", tr("Light"))):
            self._theme.addItem(words, name)
        for name, words in (("system", tr("As the system")), ("en", "English"), ("de", "Deutsch")):
            self._language.addItem(words, name)
        self._theme.setCurrentIndex(self._theme.findData(values.theme))
        self._language.setCurrentIndex(self._language.findData(values.language))
        form = QFormLayout()
        form.setSpacing(8)
        form.addRow(tr("Colours"), self._theme)
        form.addRow(tr("Language"), self._language)
        where = QLabel(tr("Remembered in {path}").format(path=path))
        where.setObjectName("figure")
        where.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 20, 20, 16)
        layout.setSpacing(16)
        layout.addLayout(form)
        layout.addWidget(where)
        layout.addWidget(AnswerButtons(tr("Save"), accept=self.accept, reject=self.reject))

    @property
    def theme(self) -> Literal["system", "dark", "light"]:
        """The chosen colours."""
        chosen: Literal["system", "dark", "light"] = self._theme.currentData()
        return chosen

    @property
    def language(self) -> Literal["system", "en", "de"]:
        """The chosen language."""
        chosen: Literal["system", "en", "de"] = self._language.currentData()
        return chosen
