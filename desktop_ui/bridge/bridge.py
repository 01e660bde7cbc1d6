"""Connects the session's threads with the model on the window's thread: signals say "new", the window takes it."""

import time
from pathlib import Path

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from desktop_ui.bridge.hosted import EngineStanding
from desktop_ui.bridge.newest_frame import NewestFrame
from desktop_ui.bridge.played_file import PlayedFile
from desktop_ui.bridge.session_host import SessionHost
from desktop_ui.model.rates import Rate
from desktop_ui.model.sources import SourceSpec
from desktop_ui.model.window import WindowModel
from edgeact.config import PipelineConfig
from edgeact.types import Event

_LOOK_MILLISECONDS = 200


class Bridge(QObject):
    """The session of a window. Lives on the window's thread.

    Attributes:
        model: What the window shows.
        config: How frames are perceived.
        device: What runs the graphs.
        new_frame: A source, by its key, has a frame that its tile has not taken yet.
        new_event: A source, by its key, tells a phase of an event.
        engine_changed: The bundle was opened, or cannot be.
    """

    new_frame = pyqtSignal(int)
    new_event = pyqtSignal(int, object)
    engine_changed = pyqtSignal()

    def __init__(self, model: WindowModel, config: PipelineConfig | None = None) -> None:
        super().__init__()
        self.model = model
        self.config = config or PipelineConfig()
        self.device = self.config.device
        self._is_open = True
        # Signals may be emitted from any thread; Qt brings them to the window's.
        self._host = SessionHost(lambda: model.layers, self._announce, config=config, note_event=self._tell_event)
        self._engine = self._host.engine
        self._painted, self._painted_rate = 0, Rate()
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_MILLISECONDS)
        self._timer.timeout.connect(self._look)

    def start(self, bundle: Path | None, *, expected_seconds: float | None = None) -> None:
        """Open a bundle; see `SessionHost.start`."""
        self._host.start(bundle, expected_seconds=expected_seconds)
        self._timer.start()

    def change_bundle(self, bundle: Path | None, *, expected_seconds: float | None = None) -> None:
        """Use another bundle; see `SessionHost.change_bundle`."""
        self._host.change_bundle(bundle, expected_seconds=expected_seconds)

    @property
    def engine(self) -> EngineStanding:
        """How the bundle stands."""
        return self._host.engine

    @property
    def host(self) -> SessionHost:
        """The session; for what only some panels need."""
        return self._host

    def sink(self, key: int) -> NewestFrame | None:
        """Where the frames of a source wait for its tile."""
        return self._host.sink(key)

    def played(self, key: int | None) -> PlayedFile | None:
        """The player of a file; None of other sources, and before it is perceived."""
        return None if key is None else self._host.played(key)

    def add(self, spec: SourceSpec) -> int | None:
        """Open one more source; its key, or None where the grid is full."""
        item = self.model.add(spec)
        if item is None:
            return None
        self._host.add(item.key, spec)
        self.model.sources_changed.notify()
        return item.key

    def remove(self, key: int) -> None:
        """End a source and forget it."""
        self._host.remove(key)
        self.model.remove(key)

    def renew(self, key: int, spec: SourceSpec | None = None) -> None:
        """Open a source anew, or another one in its place."""
        if spec is not None:
            self.model.change(key, spec)
        self._host.renew(key, spec)

    def redraw(self) -> None:
        """Make the newest frames ready again."""
        self._host.redraw()

    def note_painted(self) -> None:
        """Count a new frame that a tile has painted."""
        self._painted += 1

    def close(self) -> None:
        """Ask all to end; returns at once."""
        self._is_open = False
        self._timer.stop()
        self._host.close()

    def wait_closed(self, seconds: float) -> bool:
        """Wait for the end after `close`; whether it has come."""
        return self._host.wait_closed(seconds)

    def _announce(self, key: int) -> None:
        if self._is_open:
            self.new_frame.emit(key)

    def _tell_event(self, key: int, event: Event) -> None:
        if self._is_open:
            self.new_event.emit(key, event)

    def _look(self) -> None:
        now = time.monotonic()
        self._painted_rate.note(now, self._painted)
        self.model.shown_rate = self._painted_rate.value
        self.model.note_standings(self._host.standings(), now)
        if self._host.engine is not self._engine:
            self._engine = self._host.engine
            self.engine_changed.emit()
