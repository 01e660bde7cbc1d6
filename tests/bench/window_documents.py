"""The README's pictures of the window: ``python -m tests.bench.window_documents --out docs``.

They are ``window.jpg`` and ``window-person.jpg``. Needs a display or an Xvfb. Streams of MJPEG on this machine stand
for four cameras; one refuses the login.
"""

import argparse
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from desktop_ui.app import make_application
from desktop_ui.bridge.bridge import Bridge
from desktop_ui.garbage import WindowGarbage
from desktop_ui.main_window import MainWindow
from desktop_ui.model.layers import Layers
from desktop_ui.model.settings import SettingsFile
from desktop_ui.model.sources import SourceSpec
from desktop_ui.model.window import Selection, WindowModel
from desktop_ui.style.themes import Themes
from edgeact.capture.open import open_source
from tests.bench.operators_day import pause, save, wait
from tests.servers.http_streams import HttpStreams

_SIZE = (1360, 900)
_CLIP = Path("edgeact/assets/demo.mp4")
_SCENES = {"Gate": 0.0, "Dock": 12.0, "Yard": 8.0}  # where in the clip the four seconds of each camera begin
_REFUSED = "Hall"
_SCENE_SECONDS, _RATE = 4.0, 8
_PANEL_SECONDS = 0.4  # in which panels show what tiles show
_PERSON_SECONDS = 7.5  # of the clip, at which one person is shown


def main() -> int:
    """Take both pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path())
    out = parser.parse_args().out
    application = make_application()
    with WindowGarbage():
        for take in (_four_cameras, _one_person):
            with tempfile.TemporaryDirectory() as folder, ExitStack() as servers:
                settings = SettingsFile(Path(folder) / "window.json")
                window = MainWindow(Bridge(WindowModel()), Themes(application, "dark"), settings)
                window.resize(*_SIZE)
                window.show()
                try:
                    take(window, out, Path(folder), servers)
                finally:
                    window.close()
                    wait(lambda window=window: window.bridge.wait_closed(0.0))
    return 0


def _four_cameras(window: MainWindow, out: Path, folder: Path, servers: ExitStack) -> None:
    with open_source(_CLIP) as source:
        frames = [(frame.time, frame.image) for frame in source.frames()]
    window.start()
    window.desk.events.is_silent = True
    window.bridge.model.layers = replace(window.bridge.model.layers, attention=True)
    for name in ("Gate", "Dock", _REFUSED, "Yard"):
        begin = _SCENES.get(name, 0.0)
        pictures = [image for at, image in frames if begin <= at < begin + _SCENE_SECONDS][:: round(25 / _RATE)]
        server = servers.enter_context(HttpStreams(folder, pictures, rate=_RATE))
        path = "/401" if name == _REFUSED else "/mjpeg"
        window.opener.open_spec(SourceSpec(server.address(path), title=name))
    first, *others = [item.key for item in window.bridge.model.sources if item.spec.title != _REFUSED]
    pause(10.0)  # the timeline has something to show

    def is_busy() -> bool:
        return _doing(window, first) == 2 and all(_doing(window, key) for key in others)

    wait(is_busy)
    pause(_PANEL_SECONDS)
    while not is_busy():  # the panel shows the persons as they were a moment ago
        wait(is_busy)
        pause(_PANEL_SECONDS)
    save(window, out, "window")


def _one_person(window: MainWindow, out: Path, folder: Path, servers: ExitStack) -> None:
    window.start(Path("accurate"))
    window.desk.events.is_silent = True
    window.bridge.model.layers = Layers(trails=True, parts=True, attention=True)
    window.opener.open_spec(SourceSpec(str(_CLIP), title="Demo"))
    key = window.bridge.model.sources[0].key
    wait(lambda: _doing(window, key) and window.player.key() == key)
    window.player.toggle()
    wait(lambda: (played := window.bridge.played(key)) is not None and played.state.is_complete)
    window.player.seek(_PERSON_SECONDS)
    pause(1.0)
    tile = window.grid.tile(key)
    assert tile is not None
    assert tile.shown is not None
    nearest = max(tile.shown.observation.persons, key=lambda person: float(person.box[3]))
    window.bridge.model.select(Selection(key, nearest.track_id))
    pause(1.0)
    save(window, out, "window-person")


def _doing(window: MainWindow, key: int) -> int:
    """How many persons of a source do something."""
    tile = window.grid.tile(key)
    if tile is None or tile.shown is None:
        return 0
    return sum(bool(one.readings and one.readings[0].labels) for one in tile.shown.observation.persons)


if __name__ == "__main__":
    sys.exit(main())
