"""Collects Python's garbage on the window's thread only.

Python collects cycles on whatever thread allocates next. A cycle that holds a widget would then be destroyed on a
thread of the session, which Qt does not survive. So the automatic collection is off while a window is open, and a timer
does what it would have done.
"""

import gc
from types import TracebackType

from PyQt6.QtCore import QTimer

_LOOK_MILLISECONDS = 100


class WindowGarbage:
    """Use as a context manager around the life of the windows."""

    def __init__(self) -> None:
        self._timer = QTimer()
        self._timer.setInterval(_LOOK_MILLISECONDS)
        self._timer.timeout.connect(self._look)
        self._was_enabled = False

    def __enter__(self) -> "WindowGarbage":
        self._was_enabled = gc.isenabled()
        gc.collect()
        gc.freeze()  # modules and what they hold stay: looking at them each time takes tens of milliseconds
        gc.disable()
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.stop()
        gc.collect()
        gc.unfreeze()
        if self._was_enabled:
            gc.enable()

    def _look(self) -> None:
        """Collect as the automatic collection does: each generation when its count is over its threshold."""
        counts, thresholds = gc.get_count(), gc.get_threshold()
        due = [number for number in range(3) if thresholds[number] and counts[number] > thresholds[number]]
        if due:
            gc.collect(max(due))
