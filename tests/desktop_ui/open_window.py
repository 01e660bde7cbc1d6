"""Windows for tests: opened over a tiny bundle, closed whatever happens, with a look at what is left."""

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from desktop_ui.bridge.bridge import Bridge
from desktop_ui.main_window import MainWindow
from desktop_ui.model.settings import SettingsFile
from desktop_ui.model.standing import Phase
from desktop_ui.model.window import WindowModel

PATIENT_MILLISECONDS = 30_000  # a time limit that a busy machine does not reach


@dataclass(frozen=True, slots=True, eq=False)
class OpenWindow:
    """A window with what a test needs to drive it."""

    window: MainWindow
    qtbot: Any

    @property
    def model(self) -> WindowModel:
        return self.window.bridge.model

    def wait(self, condition: Callable[[], bool]) -> None:
        """Let the window live until a condition holds."""
        self.qtbot.waitUntil(condition, timeout=PATIENT_MILLISECONDS)

    def phase(self, key: int = 1) -> Phase:
        item = self.model.source(key)
        assert item is not None
        return item.standing.phase

    def wait_for(self, phase: Phase, key: int = 1) -> None:
        self.wait(lambda: self.phase(key) is phase)

    def tile(self, key: int = 1) -> Any:
        tile = self.window.grid.tile(key)
        assert tile is not None
        return tile

    def wait_for_picture(self, key: int = 1) -> None:
        self.wait(lambda: self.tile(key).shown is not None)


@contextlib.contextmanager
def closing_windows(qtbot: Any, bundle: Path, folder: Path) -> Iterator[Callable[..., OpenWindow]]:
    """A function that opens windows; those that are still open at the end are closed."""
    from PyQt6.QtCore import QEvent
    from PyQt6.QtWidgets import QApplication

    from desktop_ui.garbage import WindowGarbage
    from desktop_ui.style.themes import Themes

    opened: list[MainWindow] = []
    application = QApplication.instance()
    assert isinstance(application, QApplication)

    def open_one(
        sources: Sequence[str | Path] = (), *, bundle: Path = bundle, theme: Any = "dark", is_started: bool = True
    ) -> OpenWindow:
        settings = SettingsFile(folder / "window.json")
        window = MainWindow(Bridge(WindowModel(settings.values.layers)), Themes(application, theme), settings)
        opened.append(window)
        window.show()
        if is_started:
            window.start(bundle)
            window.opener.open([str(source) for source in sources])
        return OpenWindow(window, qtbot)

    garbage = WindowGarbage()
    garbage.__enter__()
    try:
        yield open_one
    finally:
        for window in opened:
            window.close()
            window.bridge.close()
        for window in opened:
            qtbot.waitUntil(lambda window=window: window.bridge.wait_closed(0.0), timeout=PATIENT_MILLISECONDS)
            window.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        opened.clear()
        garbage.__exit__(None, None, None)
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("edgeact-")] == []
