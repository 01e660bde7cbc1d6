"""The operator's desk: timeline, events, rules, corrections and recordings of a window, put together."""

from typing import TYPE_CHECKING

from desktop_ui.bridge.hosted import Beginning
from desktop_ui.keeping.held_frames import HeldFrames
from desktop_ui.keeping.holding_sink import HoldingSink
from desktop_ui.model.window import Selection
from desktop_ui.panels.timeline_panel import TimelinePanel
from desktop_ui.translation import tr
from edgeact.runtime.outlet import Outlet

if TYPE_CHECKING:
    from desktop_ui.main_window import MainWindow


class Desk:
    """What an operator does with what was seen.

    Args:
        window: Whose bottom panel and menus it fills.

    Attributes:
        timeline: The panel.
        held: The last pictures of every source, by its key.
    """

    def __init__(self, window: "MainWindow") -> None:
        self._window, self._bridge = window, window.bridge
        self.held: dict[int, HeldFrames] = {}
        self.timeline = TimelinePanel(window.bridge, window.themes)
        window.bottom_layout.addWidget(self.timeline)
        window.bottom.show()
        window.bridge.host.further_outlets = self._outlets
        self.timeline.shown_person = self._shown_person
        self.timeline.jump_wished.connect(self.show_past)
        self.timeline.live_wished.connect(self.show_live)
        menus = window.menus
        menus.add(menus.view, tr("Stretch &before"), lambda: self.timeline.next_stretch(-1), "Shift+Left")
        menus.add(menus.view, tr("&Next stretch"), lambda: self.timeline.next_stretch(1), "Shift+Right")
        menus.add(menus.view, tr("&Live again"), self.timeline.go_live, "End")

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

    def _shown_person(self) -> Selection | None:
        found = self._window.person.person()
        return None if found is None else Selection(found[0], found[2].track_id)

    def _outlets(self, beginning: Beginning) -> tuple[Outlet, ...]:
        """On the host's thread: where else the results of a source go."""
        if not beginning.info.live:  # the player keeps all frames of a file
            return ()
        held = self.held.setdefault(beginning.key, HeldFrames())
        return (Outlet("held pictures", HoldingSink(held, beginning.hidden), policy="drop_oldest", essential=False),)
