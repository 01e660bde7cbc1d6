"""An operator's day in the real window, with its pictures: ``python -m tests.bench.operators_day --out docs``.

Needs a display or an Xvfb. A stream of MJPEG on this machine stands for the camera. The mouse opens nothing here: it
draws the zone, clicks into the timeline and drags the wrist, as a hand would.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtTest import QTest

from desktop_ui.app import make_application
from desktop_ui.bridge.bridge import Bridge
from desktop_ui.garbage import WindowGarbage
from desktop_ui.main_window import MainWindow
from desktop_ui.model.settings import SettingsFile
from desktop_ui.model.sources import SourceSpec
from desktop_ui.model.timeline import Stretch
from desktop_ui.model.window import WindowModel
from desktop_ui.style.themes import Themes
from edgeact.capture.open import open_source
from tests.servers.http_streams import HttpStreams

_SIZE = (1280, 720)
_PATIENCE_SECONDS = 300.0
_CLIP = Path("edgeact/assets/demo.mp4")
_BAR_SECONDS = 2.0  # of a stretch that is corrected
_SCENE_SECONDS = 4.0  # of the clip: two persons in one place
_ZONE = ((0.28, 0.5), (0.6, 0.5), (0.66, 0.97), (0.22, 0.97))


def main() -> int:
    """Live through the day, and write its pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path())
    arguments = parser.parse_args()
    application = make_application()
    with open_source(_CLIP) as source:
        pictures = [frame.image for frame in source.frames() if frame.time < _SCENE_SECONDS][::2]
    with (
        tempfile.TemporaryDirectory() as folder,
        HttpStreams(Path(folder), pictures, rate=8) as streams,
        WindowGarbage(),
    ):
        settings = SettingsFile(Path(folder) / "window.json")
        window = MainWindow(Bridge(WindowModel()), Themes(application, "dark"), settings)
        window.resize(*_SIZE)
        window.show()
        window.start()
        window.opener.open_spec(SourceSpec(streams.address("/mjpeg"), title="Gate"))
        try:
            _live(window, arguments.out, Path(folder) / "export")
        finally:
            window.close()
            wait(lambda: window.bridge.wait_closed(0.0))
    return 0


def _live(window: MainWindow, out: Path, export: Path) -> None:
    desk, timeline = window.desk, window.desk.timeline
    wait(lambda: (tile := window.grid.tile(1)) is not None and tile.shown is not None)
    desk.events.is_silent = True
    pause(2.0)

    # A zone, by the mouse; the rule is what the dialog proposes.
    desk.rules.draw("zone")
    for corner in _ZONE:
        _click(window, corner)
    pause(0.3)
    save(window, out, "window-zone")
    _click(window, _ZONE[0])
    dialog = desk.rules.dialog()
    assert dialog is not None
    dialog.choose("dwell", seconds=1.0)
    desk.rules.add_rule(dialog)
    window.banner.hide()

    # Somebody is in it.
    wait(lambda: any(event.is_waiting for event in desk.events.panel.listed()))
    pause(0.8)
    save(window, out, "window-alert")
    alert = next(event for event in desk.events.panel.listed() if event.is_waiting)
    desk.events.show(alert)
    desk.events.panel.acknowledge_wished.emit([alert.record.id])
    window.banner.hide()

    # A stretch is called by another name, and a wrist is where it belongs.
    def long_bars() -> list[Stretch]:
        """The person of the alert comes first; the clip is a loop, in which it may be somebody else by now."""
        found = [bar for bar in timeline._bars if bar.track_id in timeline._rows and bar.end - bar.start > _BAR_SECONDS]
        return sorted(found, key=lambda bar: bar.track_id != alert.record.track)

    wait(lambda: bool(long_bars()))
    bar = long_bars()[0]
    row = timeline._rows.index(bar.track_id)
    wait(lambda: desk.held[1].nearest((bar.start + bar.end) / 2) is not None)
    point = timeline.plot.pixel_of((max(bar.start, timeline.plot.seen_range[0]) + bar.end) / 2, row).toPoint()
    QTest.mouseMove(timeline.plot.viewport(), point)
    QTest.mouseClick(timeline.plot.viewport(), Qt.MouseButton.LeftButton, pos=point)
    pause(0.5)
    desk.corrections.say("label", label="clap")
    _drag_wrist(window)
    pause(0.5)
    window.banner.hide()
    pause(0.3)
    save(window, out, "window-correct")

    desk.corrections.export(export)
    wait(lambda: (export / "corrections.json").exists())
    pause(0.5)
    for path in sorted(export.rglob("*")):
        if path.is_file():
            sys.stdout.write(f"{path.relative_to(export)}\n")


def _drag_wrist(window: MainWindow) -> None:
    tile, selection = window.grid.tile(1), window.bridge.model.selection
    assert tile is not None
    place = tile.place()
    if tile.shown is None or place is None or selection is None:
        return
    person = tile.shown.person(selection.track_id)
    if person is None:
        return
    wrist = place.points(person.pose.joints[9:10])[0].toPoint()
    QTest.mousePress(tile, Qt.MouseButton.LeftButton, pos=wrist)
    QTest.mouseMove(tile, wrist + QPoint(10, -14))
    QTest.mouseRelease(tile, Qt.MouseButton.LeftButton, pos=wrist + QPoint(10, -14))


def _click(window: MainWindow, at: tuple[float, float]) -> None:
    tile = window.grid.tile(1)
    assert tile is not None
    place = tile.place()
    assert place is not None
    assert tile.shown is not None
    width, height = tile.shown.frame_size
    point = QPoint(round(at[0] * width * place.scale + place.x), round(at[1] * height * place.scale + place.y))
    QTest.mouseMove(tile, point)
    QTest.mouseClick(tile, Qt.MouseButton.LeftButton, pos=point)


def save(window: MainWindow, out: Path, name: str) -> None:
    """Take a picture of the window as it is."""
    out.mkdir(parents=True, exist_ok=True)
    if not window.grab().save(str(out / f"{name}.jpg"), "JPG", 80):
        raise OSError(f"{out / name}.jpg cannot be written")


def pause(seconds: float) -> None:
    """Let the window live on for some time."""
    QTest.qWait(round(seconds * 1000))  # type: ignore[call-arg]  # the stubs take it for a method


def wait(condition: Callable[[], bool]) -> None:
    """Let the window live on until something holds."""
    end = time.monotonic() + _PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("the day does not go on; is the machine very busy?")
        pause(0.05)


if __name__ == "__main__":
    sys.exit(main())
