"""What is recorded now: one wish for all live sources, which their sinks follow, and what became of it.

Read and written by the window's thread and by those of the sinks.
"""

import threading
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class RecordingWish:
    """What is to be recorded.

    Attributes:
        folder: Where files go.
        with_overlay: Whether everything that was seen is drawn into the pictures.
        began: `time.monotonic`.
    """

    folder: Path
    with_overlay: bool
    began: float


class Recording:
    """Whether live sources are recorded.

    Attributes:
        files: That were begun since the recording was; newest last.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wish: RecordingWish | None = None
        self._fault: str | None = None
        self.files: tuple[Path, ...] = ()

    @property
    def wish(self) -> RecordingWish | None:
        """What is to be recorded; None while nothing is."""
        return self._wish

    def start(self, folder: Path, *, with_overlay: bool) -> None:
        """Record from the next frame on."""
        with self._lock:
            self._wish = RecordingWish(folder, with_overlay, time.monotonic())
            self._fault, self.files = None, ()

    def stop(self) -> None:
        """Complete the files with the next frame, or with the source's end."""
        with self._lock:
            self._wish = None

    def note_file(self, path: Path) -> None:
        """Add a file that a sink has begun."""
        with self._lock:
            self.files = (*self.files, path)

    def fail(self, reason: str) -> None:
        """A file cannot be written: nothing more is recorded, of any source."""
        with self._lock:
            if self._wish is not None:
                self._wish, self._fault = None, reason

    def take_fault(self) -> str | None:
        """Why the recording ended, once."""
        with self._lock:
            fault, self._fault = self._fault, None
            return fault
