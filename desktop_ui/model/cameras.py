"""The cameras of this machine and the sizes that they have, as Linux and FFmpeg tell them."""

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_CLASS = Path("/sys/class/video4linux")
# "Compressed:       mjpeg :          Motion-JPEG : 1280x720 640x480"
_LINE = re.compile(r"(?:Raw|Compressed)\s*:\s*(\S+)\s*:.*?:\s*((?:\d+x\d+\s*)+)$", re.MULTILINE)
# FFmpeg tells a camera's formats only in its log, and then gives up. The log is read in a process of its own: where
# PyAV listens to it, a decoder's thread that has something to say waits for Python's lock, and whoever frees the
# decoder holds the lock and waits for the thread, for ever.
_PROGRAM = """
import sys, av, av.logging
av.logging.restore_default_callback()
av.logging.set_libav_level(32)
av.open(sys.argv[1], format="v4l2", options={"list_formats": "all"})
"""
_PATIENCE_SECONDS = 10.0
_WANTED = {"mjpeg": "MJPG", "yuyv422": "YUYV", "h264": "H.264"}


@dataclass(frozen=True, slots=True)
class FoundCamera:
    """A camera: its device file, and what it calls itself."""

    device: str
    name: str


@dataclass(frozen=True, slots=True)
class FoundMode:
    """A size of a camera, and the pixel formats that it has in it."""

    size: tuple[int, int]
    formats: tuple[str, ...]

    def __str__(self) -> str:
        """For a list: ``1280×720  MJPG``."""
        return f"{self.size[0]}×{self.size[1]}  {', '.join(self.formats)}"


def find_cameras(folder: Path = _CLASS) -> tuple[FoundCamera, ...]:
    """All video devices that Linux knows, by number; of devices with several files the first one is the camera."""
    found = []
    for path in sorted(folder.glob("video*"), key=lambda path: int(re.sub(r"\D", "", path.name) or 0)):
        index = _text(path / "index")
        if index in ("", "0"):
            found.append(FoundCamera(f"/dev/{path.name}", _text(path / "name") or path.name))
    return tuple(found)


def find_modes(device: str) -> tuple[FoundMode, ...]:
    """The sizes of a camera; none where it is gone, busy, or no camera."""
    try:
        done = subprocess.run(  # noqa: S603 - this Python, our program; the device is an argument of it
            [sys.executable, "-c", _PROGRAM, device], capture_output=True, timeout=_PATIENCE_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return parse_modes(done.stderr.decode("utf-8", errors="replace"))


def parse_modes(text: str) -> tuple[FoundMode, ...]:
    """The sizes in FFmpeg's list of formats, the largest first."""
    formats: dict[tuple[int, int], list[str]] = {}
    for found in _LINE.finditer(text):
        for size in found[2].split():
            width, height = (int(side) for side in size.split("x"))
            formats.setdefault((width, height), []).append(_WANTED.get(found[1], found[1]))
    return tuple(FoundMode(size, tuple(formats[size])) for size in sorted(formats, reverse=True))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
