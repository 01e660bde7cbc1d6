"""Writes pictures with their times as a short video."""

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

from edgeact.capture.base import SourceInfo
from edgeact.sinks.video import VideoSink
from edgeact.types import Frame, Observation, UInt8

_RATE = Fraction(10)


def write_clip(path: Path, pictures: Iterable[tuple[float, UInt8]]) -> None:
    """Write an MP4; without any picture nothing is written.

    Args:
        path: The final name.
        pictures: When each is shown in seconds, rising, and ``(H, W, 3)`` uint8 RGB.

    Raises:
        OutputError: It cannot be written; nothing is left then.
    """
    sink: VideoSink | None = None
    last = float("-inf")
    try:
        for number, (seconds, picture) in enumerate(pictures):
            if seconds <= last:
                continue
            last = seconds
            if sink is None:
                height, width = picture.shape[:2]
                info = SourceInfo(path.name, width, height, False, _RATE, None, None)
                sink = VideoSink(path, info=info, source_path=None)
            sink.write(Observation(Frame(number, seconds, picture)), None)
        if sink is not None:
            sink.close()
    finally:
        if sink is not None:
            sink.abort()
