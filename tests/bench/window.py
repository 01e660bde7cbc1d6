"""How the window behaves while it is left open: ``python -m tests.bench.window --minutes 10``, on a display or an Xvfb.

Three streams of MJPEG on this machine, one of which falls silent for some seconds every half minute, play in the real
window over the default bundle. Measured are how late the window's own timer comes (whatever keeps its thread, other
programs too), for how long its thread was ready and other threads and programs had the processors (as Linux counts it),
how much time its thread takes at a stretch (what the window itself does), and memory, threads and handles: at first
pictures are held up to a limit, and then the slope is taken.
"""

import argparse
import json
import os
import sys
import threading
import time
from array import array
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import psutil
from PyQt6.QtCore import QTimer

from desktop_ui.app import make_application
from desktop_ui.bridge.bridge import Bridge
from desktop_ui.garbage import WindowGarbage
from desktop_ui.keeping.held_frames import MOST_BYTES
from desktop_ui.main_window import MainWindow
from desktop_ui.model.settings import SettingsFile
from desktop_ui.model.window import WindowModel
from desktop_ui.style.themes import Themes
from edgeact.capture.open import open_source
from edgeact.types import UInt8
from tests.servers.http_streams import HttpStreams

_TICK_MILLISECONDS = 10
_LOOK_MILLISECONDS = 1000
_CUT_SECONDS, _SILENCE_SECONDS = 30.0, 6.0  # longer than the time limit: the source is connected to anew
_LEFT_SECONDS = 8.0
_SCHEDULED = Path("/proc/thread-self/schedstat")
_CLIP = Path("edgeact/assets/demo.mp4")


class Measurement:
    """What is noted while the window runs.

    Args:
        held: Bytes that are held of pictures and of scores; asked every second.
        most_pictures: Bytes that pictures may take.
    """

    def __init__(self, held: Callable[[], tuple[int, int]], most_pictures: int) -> None:
        self.late, self.busy, self.waited = array("d"), array("d"), array("d")  # lists of floats would grow by more
        self.samples: list[tuple[float, ...]] = []  # seconds, MB, threads, handles, MB of pictures, MB of scores
        self._held, self._most_pictures = held, most_pictures
        self._process = psutil.Process()
        self._began = self._last = time.monotonic()
        self._used, self._ready = time.thread_time(), _ready_seconds()

    def begin(self) -> None:
        """The window is shown: what it took to make it does not count."""
        self._last, self._used, self._ready = time.monotonic(), time.thread_time(), _ready_seconds()

    def tick(self) -> None:
        """The window's timer has come."""
        now, used, ready = time.monotonic(), time.thread_time(), _ready_seconds()
        self.late.append(max(0.0, now - self._last - _TICK_MILLISECONDS / 1000))
        self.busy.append(used - self._used)
        self.waited.append(ready - self._ready)
        self._last, self._used, self._ready = now, used, ready

    def look(self) -> None:
        """Note memory, threads and handles."""
        memory = self._process.memory_info().rss / 1e6
        seconds = time.monotonic() - self._began
        held = (size / 1e6 for size in self._held())
        self.samples.append((seconds, memory, threading.active_count(), self._process.num_fds(), *held))

    def report(self) -> dict[str, Any]:
        """The figures, for JSON."""
        everything = np.array(self.samples, float)
        full = np.flatnonzero(everything[:, 4] >= 0.97 * self._most_pictures / 1e6)
        first = max(len(everything) // 4, int(full[0]) if len(full) else 0)
        samples = everything[first:]
        slopes = np.polyfit(samples[:, 0] / 60, samples[:, 1:], 1)[0]
        return {
            "schema": "edgeact.window_soak",
            "minutes": round(self.samples[-1][0] / 60, 2),
            "nice": os.nice(0),
            "load": [round(load, 1) for load in os.getloadavg()],
            "late_ms": _percentiles(self.late),
            "waited_for_a_processor_ms": _percentiles(self.waited),
            "busy_ms": _percentiles(self.busy),
            "memory_mb": [round(float(row[1]), 1) for row in everything[:: max(1, len(everything) // 10)]],
            "warm_up": {
                "seconds": round(float(samples[0, 0]), 1),
                "memory_mb": round(float(samples[0, 1] - everything[0, 1]), 1),
                "pictures_mb": round(float(samples[0, 4]), 1),
            },
            "scores_mb": round(float(samples[-1, 5]), 1),
            "a_minute": {
                "memory_mb": round(float(slopes[0]), 3),
                "threads": round(float(slopes[1]), 3),
                "handles": round(float(slopes[2]), 3),
            },
        }


def soak(minutes: float, sources: int) -> dict[str, Any]:
    """Run the window for some minutes; the figures."""
    pictures = _pictures()
    application = make_application()
    with TemporaryDirectory() as folder, WindowGarbage():
        streams = [HttpStreams(Path(folder), pictures, rate=10) for _ in range(sources)]
        settings = SettingsFile(Path(folder) / "window.json")
        window = MainWindow(Bridge(WindowModel()), Themes(application, "dark"), settings)
        window.when_closed.append(application.quit)
        window.start(None)
        window.opener.open([one.address("/mjpeg") for one in streams])
        window.resize(1280, 720)
        window.show()

        def held() -> tuple[int, int]:
            sinks = [window.bridge.sink(item.key) for item in window.bridge.model.sources]
            pictures = sum(frames.bytes_held for frames in window.desk.held.values())
            return pictures, sum(sink.tracks.bytes_held for sink in sinks if sink is not None)

        measured = Measurement(held, sources * MOST_BYTES)
        measured.begin()
        timers = []
        for milliseconds, call in ((_TICK_MILLISECONDS, measured.tick), (_LOOK_MILLISECONDS, measured.look)):
            timer = QTimer()
            timer.timeout.connect(call)
            timer.start(milliseconds)
            timers.append(timer)
        cutter = QTimer()
        cutter.timeout.connect(lambda: _silence(streams[0]))
        cutter.start(int(_CUT_SECONDS * 1000))
        QTimer.singleShot(round(minutes * 60_000), window.close)
        application.exec()
        report = measured.report()
        report["processed"] = [item.standing.processed for item in window.bridge.model.sources]
        for one in streams:
            one.is_stalled.clear()  # a reader that waits ends with the next picture, or its time limit
        until = time.monotonic() + _LEFT_SECONDS
        while time.monotonic() < until and _threads():
            time.sleep(0.1)
        report["left"] = _threads()
        for one in streams:
            one.close()
    return report


def _ready_seconds() -> float:
    """For how long this thread was ready to run, and did not, so far; 0 where the system does not say."""
    try:
        return int(_SCHEDULED.read_text("ascii").split()[1]) / 1e9
    except OSError:
        return 0.0


def _threads() -> list[str]:
    return [one.name for one in threading.enumerate() if one.name.startswith("edgeact-")]


def _silence(stream: HttpStreams) -> None:
    stream.is_stalled.set()
    QTimer.singleShot(round(_SILENCE_SECONDS * 1000), stream.is_stalled.clear)


def _pictures() -> list[UInt8]:
    with open_source(_CLIP) as source:
        return [np.array(frame.image) for frame in source.frames() if frame.index % 3 == 0][:120]


def _percentiles(values: Sequence[float]) -> dict[str, float]:
    names = {"p50": 50, "p99": 99, "max": 100}
    return {name: round(1000 * float(np.percentile(values, share)), 1) for name, share in names.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--sources", type=int, default=3)
    chosen = parser.parse_args()
    sys.stdout.write(json.dumps(soak(chosen.minutes, chosen.sources), indent=1) + "\n")


if __name__ == "__main__":
    main()
