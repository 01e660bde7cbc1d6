"""Shows a dialog until it is answered; afterwards nothing of it is left, however often that is done in a day."""

from PyQt6.QtWidgets import QDialog


def run_dialog(dialog: QDialog) -> bool:
    """Show a dialog; whether it was accepted. It may be asked for its values until the next event is handled."""
    accepted = dialog.exec() == QDialog.DialogCode.Accepted.value
    dialog.deleteLater()
    return accepted
