"""The row of buttons that ends a dialog: one that accepts what was entered, and one that cancels."""

from collections.abc import Callable

from PyQt6.QtWidgets import QDialogButtonBox, QPushButton

from desktop_ui.translation import tr


class AnswerButtons(QDialogButtonBox):
    """An accepting button, which is the dialog's primary one, beside a cancelling one.

    Args:
        words: On the accepting button.
        accept: Called when the accepting button is pressed.
        reject: Called when the cancelling button is pressed.

    Attributes:
        accepting: The accepting button, for dialogs that disable it.
    """

    def __init__(self, words: str, *, accept: Callable[[], object], reject: Callable[[], object]) -> None:
        super().__init__(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self.accepting = self._button(QDialogButtonBox.StandardButton.Ok, words)
        self.accepting.setProperty("primary", True)
        self._button(QDialogButtonBox.StandardButton.Cancel, tr("Cancel"))
        self.accepted.connect(accept)
        self.rejected.connect(reject)

    def _button(self, which: QDialogButtonBox.StandardButton, words: str) -> QPushButton:
        button = self.button(which)
        assert button is not None
        button.setText(words)
        return button
