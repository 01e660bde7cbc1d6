"""The operator's desk: timeline, events, rules and corrections of a window, put together."""

from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, Qt, pyqtSignal
from PyQt6.QtWidgets import QSplitter

from desktop_ui.bridge.hosted import Beginning
from desktop_ui.desk_corrections import DeskCorrections
from desktop_ui.desk_events import DeskEvents
from desktop_ui.desk_rules import DeskRules
from desktop_ui.keeping.held_frames import HeldFrames
from desktop_ui.keeping.keeper import KeepingSink
from desktop_ui.model.camera_names import camera_names
from desktop_ui.model.undo import UndoStack
from desktop_ui.model.window import Selection
from desktop_ui.panels.section import Section
from desktop_ui.panels.timeline_panel import TimelinePanel
from desktop_ui.panels.timeline_plot import day_words
from desktop_ui.translation import tr
from desktop_ui.views.past_mark import PastMark
from edgeact.runtime.outlet import Outlet

if TYPE_CHECKING:
    from desktop_ui.main_window import MainWindow

# Frames that wait for the rules of a live source: a second, while a disk hesitates.
_WAITING_FRAMES = 30
_CLOSE_SECONDS = 5.0  # for clips that are still to be written when the window is closed


class Desk(QObject):
    """What an operator does with what was seen.

    Args:
        window: Whose bottom panel and menus it fills.
        folder: Where what was seen is kept.

    Attributes:
        timeline: The panel.
        events: The events.
        rules: The rules.
        corrections: What the operator has said of what was seen.
        undo: Takes zones, rules and corrections back.
        names: Of the sources, as rules and events have them, by key.
        held: The last pictures of every source, by its key.
    """

    _told = pyqtSignal(str, str)

    def __init__(self, window: "MainWindow", folder: Path) -> None:
        super().__init__(window)
        self._is_open = True
        self._told.connect(window.banner.say)
        self._window, self._bridge = window, window.bridge
        self.held: dict[int, HeldFrames] = {}
        self.timeline = TimelinePanel(window.bridge, window.themes)
        self.names: dict[int, str] = {}
        self.sinks: dict[int, KeepingSink] = {}
        self.undo = UndoStack()
        self.events = DeskEvents(window, self, folder / "events")
        self.rules = DeskRules(window, self, self.undo, folder)
        self.corrections = DeskCorrections(window, self, self.undo, folder / "corrections")
        section = Section(tr("Rules"))
        section.body.addWidget(self.rules.panel)
        window.left_sections.addWidget(section)
        window.grid.tools += [self.rules.tool, self.corrections.tool, PastMark(self._past_words)]
        split = QSplitter(Qt.Orientation.Vertical)
        split.setHandleWidth(1)
        split.setChildrenCollapsible(False)
        for widget in (self.timeline, self.events.panel):
            split.addWidget(widget)
        split.setSizes([160, 110])
        split.setStretchFactor(0, 1)
        window.bottom_layout.addWidget(split)
        window.bridge.model.sources_changed.connect(self._name_sources)
        self.events.listed.connect(lambda: self.rules.show_alarms(self.events.keeper.events()))
        window.bridge.host.further_outlets = self._outlets
        window.bridge.host.when_ended.append(lambda: self.events.keeper.close(_CLOSE_SECONDS))
        self.timeline.shown_person = self._shown_person
        self.timeline.jump_wished.connect(self.show_past)
        self.timeline.live_wished.connect(self.show_live)
        menus = window.menus
        menus.add(menus.view, tr("Stretch &before"), lambda: self.timeline.next_stretch(-1), "Shift+Left")
        menus.add(menus.view, tr("&Next stretch"), lambda: self.timeline.next_stretch(1), "Shift+Right")
        menus.add(menus.view, tr("&Live again"), self.timeline.go_live, "End")
        menus.add(menus.rules, tr("&Undo"), self.take_back, "Ctrl+Z")
        menus.add(menus.rules, tr("Do &again"), self.do_again, "Ctrl+Shift+Z")
        menus.rules.addSeparator()
        self.rules.fill_menu()
        self.corrections.fill_menu()
        self.events.fill_menu()

    def start(self) -> None:
        """Read what was kept."""
        self.rules.start()
        self.corrections.start()
        self.events.start()

    def take_back(self) -> None:
        """Undo: the last point of what is being drawn, or else what was done last."""
        if self.rules.tool.step_back():
            self._window.grid.repaint_all()
            return
        words = self.undo.undo()
        self._say_and_save(tr("Taken back: {what}"), words)

    def do_again(self) -> None:
        """Redo."""
        self._say_and_save(tr("Done again: {what}"), self.undo.redo())

    def go_back(self) -> bool:
        """Esc: end what the mouse does; whether it did something."""
        return self.rules.stop_drawing()

    def tell(self, words: str, tone: str) -> None:
        """Say something in the banner; may be called from any thread."""
        if self._is_open:
            self._told.emit(words, tone)

    def leave(self) -> None:
        """The window is closed."""
        self._is_open = False
        self.events.leave()
        self.corrections.leave()

    def show_past(self, key: int, at: float) -> None:
        """Show the picture of a time of a source's timeline: of a file any, of a camera as long as it is held."""
        played = self._bridge.played(key)
        if played is not None:
            played.pause()
            played.seek(at)
            self.timeline.refresh()
            return
        held, sink = self.held.get(key), self._bridge.sink(key)
        if held is None or sink is None:
            return
        found = held.nearest(at)
        if found is None:
            self._window.banner.say(tr("The picture of that time is not held any more."))
            return
        sink.pin(found.observation(), found.privacy)
        self._bridge.new_frame.emit(key)
        self.timeline.refresh()

    def show_live(self, key: int) -> None:
        """Show the newest picture of a source again; a file is played on from its end."""
        played = self._bridge.played(key)
        if played is not None:
            played.seek(played.state.last)
            played.play()
            return
        sink = self._bridge.sink(key)
        if sink is not None and sink.pinned is not None:
            sink.pin(None)
            self._bridge.new_frame.emit(key)

    def _past_words(self, key: int) -> str:
        sink = self._bridge.sink(key)
        pinned = None if sink is None else sink.pinned
        if pinned is None:
            return ""
        return tr("{time}, not live (End)").format(time=day_words(pinned.observation.frame.captured))

    def _shown_person(self) -> Selection | None:
        found = self._window.person.person()
        return None if found is None else Selection(found[0], found[2].track_id)

    def _say_and_save(self, words: str, what: str | None) -> None:
        if what is not None:
            self._window.banner.say(words.format(what=what))
            self.rules.save()
            self.corrections.save()
            self.timeline.refresh()

    def _name_sources(self) -> None:
        self.names = camera_names(self._bridge.model.sources)

    def _outlets(self, beginning: Beginning) -> tuple[Outlet, ...]:
        """The further outlets of a source that begins; called on the session host's thread."""
        key, live = beginning.key, beginning.info.live
        if live:
            self.corrections.began.emit(key)
        held = self.held.setdefault(key, HeldFrames()) if live else None  # the player keeps all frames of a file
        shown = self._bridge.sink(key)
        if not live and shown is not None:
            shown.tracks.clear()
            self.events.keeper.forget(key)
        camera = self.names.get(key, f"source-{key}")
        sink = KeepingSink(
            self.events.keeper, key, camera, beginning.plan, self.rules.model.book, held=held, hidden=beginning.hidden
        )
        self.sinks = {**self.sinks, key: sink}
        policy = "drop_oldest" if live else "wait"
        return (Outlet("events", sink, policy=policy, capacity=_WAITING_FRAMES if live else None, essential=False),)
