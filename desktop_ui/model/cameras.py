"""The cameras of this machine and the sizes that they have, as Linux and FFmpeg tell them."""

import contextlib
import re
from dataclasses import dataclass
from pathlib import Path

import av
from av import logging as av_logging

_CLASS = Path("/sys/class/video4linux")
# "Compressed:       mjpeg :          Motion-JPEG : 1280x720 640x480"
_LINE = re.compile(r"(?:Raw|Compressed)\s*:\s*(\S+)\s*:.*?:\s*((?:\d+x\d+\s*)+)$", re.MULTILINE)
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
    before = av_logging.get_level()
    av_logging.set_level(av_logging.INFO)
    try:
        # FFmpeg lists the formats and then always gives up.
        with av_logging.Capture() as lines, contextlib.suppress(av.FFmpegError, OSError):
            av.open(device, format="v4l2", options={"list_formats": "all"}).close()
        return parse_modes("".join(message for _, _, message in lines))
    finally:
        av_logging.set_level(av.logging.ERROR if before is None else before)


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
