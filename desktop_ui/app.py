"""Starts the window: the application, its settings, the session, and an end that always comes."""

import logging
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PyQt6.QtCore import QStandardPaths, QTimer
from PyQt6.QtGui import QFont
from PyQt6.QtWidgets import QApplication

from desktop_ui.bridge.bridge import Bridge
from desktop_ui.garbage import WindowGarbage
from desktop_ui.main_window import MainWindow
from desktop_ui.model.settings import SettingsFile
from desktop_ui.model.window import WindowModel
from desktop_ui.style.themes import Themes
from desktop_ui.translation import use_language
from edgeact.config import PipelineConfig
from edgeact.stopping import left_behind

logger = logging.getLogger(__name__)

_SETTINGS_NAME = "window.json"
_SIGNAL_MILLISECONDS = 200  # so often Python gets a turn to see a signal while nothing happens in the window


@dataclass(frozen=True, slots=True)
class WindowOptions:
    """How the window starts.

    Attributes:
        sources: What is opened at once.
        bundle: Folder or name; None takes what was used the last time.
        config: How frames are perceived.
        language: ``en`` or ``de``; None takes what is remembered.
    """

    sources: Sequence[str] = ()
    bundle: Path | None = None
    config: PipelineConfig | None = None
    language: str | None = None


def ignore_foreign_plugins() -> None:
    """Forget the Qt plug-ins that the full OpenCV wheel puts first: with them this Qt aborts."""
    for name in ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_PLUGIN_PATH", "QT_QPA_FONTDIR"):
        value = os.environ.get(name, "")
        if f"cv2{os.sep}qt" in value:
            del os.environ[name]


def make_application() -> QApplication:
    """The one application of the process, ready for windows."""
    import cv2  # noqa: F401  imported first: the full wheel sets variables of Qt when it is

    ignore_foreign_plugins()
    existing = QApplication.instance()
    application = existing if isinstance(existing, QApplication) else QApplication(["edgeact"])
    application.setApplicationName("edgeact")
    application.setDesktopFileName("edgeact")
    application.setStyle("Fusion")
    font = QFont(application.font())
    font.setPixelSize(13)
    application.setFont(font)
    application.setQuitOnLastWindowClosed(False)  # the session ends first
    return application


def settings_path() -> Path:
    """Where the settings are remembered."""
    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericConfigLocation)
    return Path(folder) / "edgeact" / _SETTINGS_NAME


def kept_folder() -> Path:
    """Where events, rules, corrections and recordings are kept."""
    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericDataLocation)
    return Path(folder) / "edgeact" / "window"


def run_window(options: WindowOptions) -> int:
    """Show the window until it is closed.

    Returns:
        The exit code.
    """
    application = make_application()
    with WindowGarbage():
        return _show_until_closed(application, options)


def _show_until_closed(application: QApplication, options: WindowOptions) -> int:
    settings = SettingsFile(settings_path())
    use_language(options.language or settings.values.language)
    themes = Themes(application, settings.values.theme)
    bridge = Bridge(WindowModel(settings.values.layers), options.config)
    window = MainWindow(bridge, themes, settings, kept_in=kept_folder())
    window.when_closed.append(application.quit)
    end_on_signals(window)
    window.start(options.bundle)
    window.opener.open(options.sources)
    window.show()
    code = application.exec()
    for name in left_behind():
        logger.warning("left behind: %s", name)
    if not bridge.wait_closed(0.0):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)  # what hangs in a driver or a graph would hang Python's own end, too
    return code


def end_on_signals(window: MainWindow) -> None:
    """Ctrl-C in the terminal, or a SIGTERM, closes the window."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: window.close())
    timer = QTimer(window)
    timer.timeout.connect(lambda: None)  # a signal is only seen when Python runs
    timer.start(_SIGNAL_MILLISECONDS)
