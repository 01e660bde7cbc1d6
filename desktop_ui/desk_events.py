"""Events on the operator's desk: the list, alerts, acknowledging, clips and export."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, QUrl, pyqtSignal
from PyQt6.QtGui import QDesktopServices
from PyQt6.QtWidgets import QApplication, QFileDialog

from desktop_ui.bridge.background import Background
from desktop_ui.keeping.event_export import Exported, Pictures, export_events
from desktop_ui.keeping.keeper import Keeper
from desktop_ui.model.event_list import KeptEvent, TimelinePart
from desktop_ui.model.window import Selection
from desktop_ui.panels.events_panel import EventsPanel, local_time
from desktop_ui.translation import tr

if TYPE_CHECKING:
    from desktop_ui.desk import Desk
    from desktop_ui.main_window import MainWindow

_AROUND_SECONDS = 2.0  # of a file's event that its clip shows before and after
_RATE = 10.0  # pictures a second of such a clip


class DeskEvents(QObject):
    """The events of a window.

    Args:
        window: Whose menus, banner and bottom panel are used.
        desk: Shows moments of the past.
        folder: Where events are kept.

    Attributes:
        keeper: Keeps them.
        panel: Lists them.
        is_silent: No sound with an alert.
        listed: The list has changed.
        corrected: Gives an event as somebody has corrected it.
    """

    listed = pyqtSignal()
    _changed, _alerted = pyqtSignal(), pyqtSignal(object)

    def __init__(self, window: "MainWindow", desk: "Desk", folder: Path) -> None:
        super().__init__(window)
        self._window, self._desk = window, desk
        self.is_silent = False
        self._is_open = True
        self._background = Background(self)
        self.keeper = Keeper(folder, self._tell_changed, self._tell_alert)
        self.corrected: Callable[[KeptEvent], KeptEvent] = lambda event: event
        self.panel = EventsPanel(self.events, folder, window.themes)
        self.panel.filter.seen_part = self._seen_part
        self._changed.connect(self.refresh)
        self._alerted.connect(self._alert)
        self.panel.acknowledge_wished.connect(self.keeper.acknowledge)
        self.panel.jump_wished.connect(self.show)
        self.panel.clip_wished.connect(self.open_clip)
        self.panel.export_wished.connect(self.ask_export)
        window.bridge.engine_changed.connect(self._say_fault)

    def fill_menu(self) -> None:
        """Put what can be done with events into the menu."""
        menus = self._window.menus
        menu = menus.events
        menus.add(menu, tr("&Acknowledge"), self.panel.acknowledge_chosen, "J")
        menus.add(menu, tr("&Export events…"), self.ask_export, "Ctrl+E")
        silent = menus.add(menu, tr("&Silent alerts"), lambda: self._be_silent(silent.isChecked()), checkable=True)

    def start(self) -> None:
        """Read what was kept."""
        self.keeper.start()

    def leave(self) -> None:
        """The window is closed: tell it nothing more."""
        self._is_open = False
        self._background.leave()

    def events(self) -> list[KeptEvent]:
        """All events as they were corrected, the newest first."""
        return [self.corrected(event) for event in self.keeper.events()]

    def refresh(self) -> None:
        """List what there is now."""
        self.panel.refresh()
        self.listed.emit()

    def show(self, event: KeptEvent) -> None:
        """Show the moment of an event, and choose its person; of an earlier day its clip or its picture."""
        if event.key is not None and event.at is not None and self._window.bridge.model.source(event.key) is not None:
            if event.record.track is not None:
                self._window.bridge.model.select(Selection(event.key, event.record.track))
            self._desk.show_past(event.key, event.at)
        elif event.record.clip is not None or event.record.snapshot is not None:
            self.open_clip(event)

    def open_clip(self, event: KeptEvent) -> None:
        """Open the clip of an event, or its picture, with the system's player."""
        for name in (event.record.clip, event.record.snapshot):
            path = None if name is None else self.keeper.folder / name
            if path is not None and path.is_file():
                QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))
                return
        self._window.banner.say(tr("The clip is not written yet, or has been removed."))

    def ask_export(self) -> None:
        """Ask for a folder, and export what is chosen, or else what is listed."""
        if not self.panel.listed():
            self._window.banner.say(tr("There are no events to export."))
            return
        folder = QFileDialog.getExistingDirectory(self._window, tr("Export events into a folder"))
        if folder:
            self.export(Path(folder))

    def export(self, folder: Path) -> None:
        """Export what is chosen, or else what is listed."""
        events = self.panel.chosen() or list(self.panel.listed())

        def done(made: Exported) -> None:
            self._window.banner.say(
                tr("{events} events and {clips} clips are in {folder}.").format(
                    events=made.events, clips=made.clips, folder=made.folder
                )
            )

        self._background.run(
            "export of events",
            lambda: export_events(events, folder, self.keeper.folder, self._pictures_of),
            done,
            lambda error: self._window.banner.say(str(error), "alert"),
        )

    def _seen_part(self) -> TimelinePart | None:
        """The part of the timeline that is seen, or that is chosen in it."""
        timeline = self._desk.timeline
        if timeline.subject is None:
            return None
        stretch = timeline.stretch
        start, end = timeline.plot.seen_range if stretch is None else (stretch.start, stretch.end)
        return TimelinePart(timeline.subject.source, start, end)

    def _pictures_of(self, event: KeptEvent) -> Pictures:
        """On another thread: the pictures of an event of an open file."""
        played = self._window.bridge.played(event.key)
        if played is None or event.at is None or self._window.bridge.model.layers.privacy != "none":
            return ()
        record = event.record
        lasted = 0.0 if record.end is None else (record.end - record.start).total_seconds()
        found, last = [], float("-inf")
        for seen, picture in played.pictures(event.at - _AROUND_SECONDS, event.at + lasted + _AROUND_SECONDS):
            if seen.frame.time - last >= 0.99 / _RATE:
                last = seen.frame.time
                found.append((last, picture()))
        return found

    def _alert(self, event: KeptEvent) -> None:
        record = event.record
        self._window.banner.say(
            tr("{time}  {source}: {what}").format(
                time=local_time(record.start), source=record.source, what=event.words
            ),
            "alert",
        )
        if not self.is_silent:
            QApplication.beep()
        QApplication.alert(self._window)

    def _be_silent(self, is_silent: bool) -> None:
        self.is_silent = is_silent

    def _say_fault(self) -> None:
        if self.keeper.fault is not None:
            self._window.banner.say(self.keeper.fault, "warning")

    def _tell_changed(self) -> None:
        if self._is_open:
            self._changed.emit()

    def _tell_alert(self, event: KeptEvent) -> None:
        if self._is_open:
            self._alerted.emit(event)
