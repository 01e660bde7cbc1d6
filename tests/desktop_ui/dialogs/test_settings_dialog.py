from pathlib import Path
from typing import Any

from desktop_ui.dialogs.settings_dialog import SettingsDialog
from desktop_ui.model.settings import Settings


def test_what_is_chosen_is_given_and_what_there_was_is_shown(qtbot: Any) -> None:
    dialog = SettingsDialog(Settings(theme="light", language="de"), Path("window.json"))
    assert (dialog.theme, dialog.language) == ("light", "de")
    dialog._theme.setCurrentIndex(1)
    assert dialog.theme == "dark"
    dialog.deleteLater()
