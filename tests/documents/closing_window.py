"""``edgeact gui`` whose window closes by itself soon after it is shown; without a display.

python -m tests.documents.closing_window [ARGUMENTS OF edgeact gui]
"""

import os
import sys

from PyQt6.QtCore import QTimer

from desktop_ui.main_window import MainWindow
from edgeact.cli import main

_SHOWN_MILLISECONDS = 300


class ClosingWindow(MainWindow):
    """The window, for a moment."""

    def show(self) -> None:
        """Show it, and close it a moment later."""
        super().show()
        QTimer.singleShot(_SHOWN_MILLISECONDS, self.close)


if __name__ == "__main__":
    import desktop_ui.app

    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    desktop_ui.app.MainWindow = ClosingWindow  # type: ignore[misc]
    main(["gui", *sys.argv[1:]])
