"""Keeps the frames of a played file on the disk, so that any of them can be shown again at once."""

import os
import shutil
import tempfile
import threading
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from edgeact.errors import OutputError
from edgeact.types import UInt8

_QUALITY = 90  # of JPEG: what it loses is not seen, and a frame of 720p takes about 100 KB
_LARGEST_SIDE = 1920  # larger frames are kept smaller
LEAST_FREE_BYTES = 500_000_000  # that are left to everybody else
_LOOK_EVERY = 64  # frames


class FrameStore:
    """Frames in a temporary file, which is gone when the store is closed, or the program ends in whatever way."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._folder = frames_folder()
        self._file: Any = tempfile.TemporaryFile(prefix="edgeact-", dir=self._folder)  # noqa: SIM115 - see `close`
        self._places: list[tuple[int, int]] = []  # offset and size in bytes
        self._end = 0

    def append(self, image: UInt8) -> None:
        """Keep one more frame ``(H, W, 3)`` uint8 RGB.

        Raises:
            OutputError: The disk of temporary files is full, or would soon be.
        """
        if len(self._places) % _LOOK_EVERY == 0 and shutil.disk_usage(self._folder).free < LEAST_FREE_BYTES:
            raise _full(self._folder)
        share = _LARGEST_SIDE / max(image.shape[:2])
        if share < 1:
            image = np.asarray(cv2.resize(image, None, fx=share, fy=share, interpolation=cv2.INTER_AREA), np.uint8)
        _, encoded = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
        with self._lock:
            try:
                self._file.seek(self._end)
                self._file.write(encoded.data)
                self._file.flush()
            except (OSError, ValueError) as error:  # ValueError: closed meanwhile
                raise _full(self._folder) from error
            self._places.append((self._end, encoded.size))
            self._end += encoded.size

    def read(self, number: int, size: tuple[int, int]) -> UInt8:
        """A frame ``(H, W, 3)`` uint8 RGB at its own size (width, height); black where the store was closed."""
        with self._lock:
            if self._file.closed:
                return np.zeros((size[1], size[0], 3), np.uint8)
            offset, length = self._places[number]
            self._file.seek(offset)
            content = self._file.read(length)
        image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
        image = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
        if (image.shape[1], image.shape[0]) != size:
            image = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)
        return np.asarray(image, np.uint8)

    def close(self) -> None:
        """Let the frames go; calling it twice does no harm."""
        with self._lock:
            self._file.close()


def frames_folder() -> Path:
    """Where frames are kept: in $TMPDIR where that is set, or else in the user's cache, because many systems have their
    temporary files in memory.
    """
    if os.environ.get("TMPDIR"):
        return Path(tempfile.gettempdir())
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "edgeact"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return Path(tempfile.gettempdir())
    return folder if os.access(folder, os.W_OK) else Path(tempfile.gettempdir())


def _full(folder: Path) -> OutputError:
    return OutputError(
        f"there is no room in {folder} for the frames that are played; free some space, or set TMPDIR to another disk"
    )
