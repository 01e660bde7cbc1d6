"""Pictures of the window with 1, 4 and 9 sources, dark and light: ``python -m tests.bench.window_pictures --out DIR``.

Needs a display, which may be smaller. ``--size 1920x1080 --scale 2`` is a screen of 3840×2160 as it is used. Every text
that does not fit into its widget is printed, one a line, and makes the exit code 1.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

_PATIENCE_SECONDS = 300.0
_COUNTS = (1, 4, 9)
_CLIP = Path("edgeact/assets/demo.mp4")


def main() -> int:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--size", default="1280x720", help="width x height in logical pixels")
    parser.add_argument("--scale", type=int, default=1, help="device pixels a logical pixel")
    parser.add_argument("--bundle", type=Path)
    parser.add_argument("--clip", type=Path, default=_CLIP)
    arguments = parser.parse_args()
    os.environ["QT_SCALE_FACTOR"] = str(arguments.scale)
    width, height = (int(side) for side in arguments.size.split("x"))
    cut_off = sorted(set(_pictures(arguments.out, (width, height), arguments.bundle, arguments.clip)))
    sys.stdout.writelines(f"{line}\n" for line in cut_off)
    return 1 if cut_off else 0


def _pictures(out: Path, size: tuple[int, int], bundle: Path | None, clip: Path) -> Iterator[str]:
    """Take the pictures; gives what is cut off in them."""
    from PyQt6.QtTest import QTest  # Qt reads the environment when it is first imported

    from desktop_ui.app import make_application
    from desktop_ui.bridge.bridge import Bridge
    from desktop_ui.garbage import WindowGarbage
    from desktop_ui.main_window import MainWindow
    from desktop_ui.model.settings import SettingsFile
    from desktop_ui.model.sources import SourceSpec
    from desktop_ui.model.window import WindowModel
    from desktop_ui.style.themes import Themes

    def wait(condition: Callable[[], bool]) -> None:
        end = time.monotonic() + _PATIENCE_SECONDS
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError("the window does not go on; is the machine very busy?")
            QTest.qWait(50)  # type: ignore[call-arg]  # the stubs take it for a method

    application = make_application()
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, WindowGarbage():
        themes = Themes(application, "dark")
        window = MainWindow(Bridge(WindowModel()), themes, SettingsFile(Path(folder) / "window.json"))
        window.resize(*size)
        window.show()
        window.start(bundle)
        try:
            for count in _COUNTS:
                while len(window.bridge.model.sources) < count:
                    window.opener.open_spec(
                        SourceSpec(str(clip), title=f"Camera {len(window.bridge.model.sources) + 1}")
                    )
                tiles = [window.grid.tile(item.key) for item in window.bridge.model.sources]
                wait(lambda tiles=tiles: all(tile is not None and tile.shown is not None for tile in tiles))
                for theme in ("dark", "light"):
                    themes.choose(theme)
                    QTest.qWait(400)  # type: ignore[call-arg]
                    ratio = window.devicePixelRatioF()
                    name = f"{count}-{theme}-{round(size[0] * ratio)}x{round(size[1] * ratio)}.png"
                    application.sendPostedEvents()  # words that have just changed get the room that they need
                    window.grab().save(str(out / name))
                    yield from _cut_off(window)
        finally:
            window.close()
            wait(lambda: window.bridge.wait_closed(0.0))


def _cut_off(window: object) -> Iterator[str]:
    """Texts of labels, buttons and boxes that are wider or higher than their widgets."""
    from PyQt6.QtWidgets import QAbstractButton, QLabel, QMainWindow

    assert isinstance(window, QMainWindow)
    widgets: list[QLabel | QAbstractButton] = [
        *(label for label in window.findChildren(QLabel) if not label.wordWrap()),
        *window.findChildren(QAbstractButton),
    ]
    for widget in widgets:
        needed, has = widget.minimumSizeHint(), widget.size()
        if widget.isVisible() and widget.text() and needed.boundedTo(has) != needed:
            yield f"{widget.text()!r} does not fit into {has.width()}×{has.height()} pixels"


if __name__ == "__main__":
    sys.exit(main())
