"""The button that records: clean or with the overlay, where to, for how long already."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QSize, QStandardPaths, QTimer
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QFileDialog, QMenu, QToolButton

from desktop_ui.bridge.hosted import Beginning
from desktop_ui.keeping.recording_sink import RecordingSink
from desktop_ui.model.recording import Recording
from desktop_ui.panels.player_bar import clock
from desktop_ui.style.icons import icon
from desktop_ui.translation import tr
from edgeact.runtime.outlet import Outlet
from edgeact.types import Observation

if TYPE_CHECKING:
    from desktop_ui.main_window import MainWindow

_REFRESH_MILLISECONDS = 500
_WAITING_FRAMES = 30  # a second, while a disk hesitates


class Recorder:
    """Adds the record button to the toolbar, and a recording sink to the outlets of each live source.

    Args:
        window: Whose toolbar, menus and sources.

    Attributes:
        recording: What is recorded.
    """

    def __init__(self, window: "MainWindow") -> None:
        self._window = window
        self.recording = Recording()
        self._with_overlay = False
        self._button = QToolButton()
        self._button.setText(tr("Record"))
        self._button.setCheckable(True)
        self._button.setToolTip(tr("Record all live sources; the arrow says how and where to"))
        self._button.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        self._button.setToolButtonStyle(window.toolButtonStyle().ToolButtonTextBesideIcon)
        self._button.setIconSize(QSize(16, 16))
        self._button.clicked.connect(self.toggle)
        menu = QMenu(self._button)
        self._overlay = QAction(tr("With everything drawn"), menu)
        self._overlay.setCheckable(True)
        self._overlay.toggled.connect(self._set_overlay)
        menu.addAction(self._overlay)
        menu.addAction(tr("Folder…"), self._ask_for_folder)
        self._button.setMenu(menu)
        window.toolbar.row.addWidget(self._button)
        window.menus.add(window.menus.file, tr("&Record or stop"), self.toggle, "Ctrl+Shift+R")
        host = window.bridge.host
        before = host.further_outlets
        host.further_outlets = lambda beginning: (*before(beginning), *self._outlets(beginning))
        self._timer = QTimer(window)
        self._timer.setInterval(_REFRESH_MILLISECONDS)
        self._timer.timeout.connect(self.refresh)
        self._timer.start()
        window.themes.changed.connect(self.refresh)
        self.refresh()

    @property
    def folder(self) -> Path:
        """Where recordings go: the chosen folder, or one in the user's videos."""
        chosen = self._window.settings.values.recordings
        if chosen:
            return Path(chosen)
        videos = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.MoviesLocation)
        return Path(videos or Path.home()) / "edgeact"

    def toggle(self) -> None:
        """Record, or stop."""
        if self.recording.wish is not None:
            self.recording.stop()
            self._window.banner.say(tr("Recorded into {folder}").format(folder=self.folder))
        elif not any(item.standing.is_live for item in self._window.bridge.model.sources):
            self._window.banner.say(tr("Open a camera or a stream first: it is recorded as it comes."))
        else:
            self.recording.start(self.folder, with_overlay=self._with_overlay)
        self.refresh()

    def refresh(self) -> None:
        """Show whether and for how long it records, and why it ended."""
        fault = self.recording.take_fault()
        if fault is not None:
            self._window.banner.say(fault, "alert")
        wish = self.recording.wish
        theme = self._window.themes.theme
        self._button.setChecked(wish is not None)
        self._button.setIcon(icon("record", theme.text if wish is None else theme.alert))
        words = tr("Record") if wish is None else clock(time.monotonic() - wish.began).partition(".")[0]
        self._button.setText(words)

    def _set_overlay(self, on: bool) -> None:
        self._with_overlay = on
        if self.recording.wish is not None:  # a new file begins
            self.recording.start(self.folder, with_overlay=on)

    def _ask_for_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self._window, tr("Folder of recordings"), str(self.folder))
        if folder:
            self._window.settings.change(recordings=folder)

    def _outlets(self, beginning: Beginning) -> tuple[Outlet, ...]:
        """The recording outlet of a live source that begins; called on the session host's thread."""
        if not beginning.info.live:
            return ()
        shown = self._window.bridge.sink(beginning.key)

        def corrected(observation: Observation) -> Observation:
            return observation if shown is None else shown.corrections.observation(observation)

        rate = beginning.info.frame_rate
        sink = RecordingSink(self.recording, beginning.spec.called, beginning.plan, rate, corrected)
        return (Outlet("recording", sink, policy="drop_oldest", capacity=_WAITING_FRAMES, essential=False),)
