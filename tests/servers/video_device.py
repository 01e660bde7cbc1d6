"""Stands for a camera of Video4Linux: takes the options of FFmpeg's format ``v4l2`` gives pictures at their rate."""

from collections.abc import Sequence
from typing import Any

import av
from av.container import InputContainer


class VideoDevice:
    """Opens like `av.open`, but only in the pixel formats that it has, and always in its own size and rate.

    Behind it is FFmpeg's other input device, ``lavfi``, which makes pictures up: grey ones.

    Attributes:
        asked: The options of each attempt.
    """

    def __init__(
        self,
        *,
        pixel_formats: Sequence[str] = ("mjpeg", "yuyv422"),
        size: str = "64x48",
        rate: int = 20,
        error: Exception | None = None,
    ) -> None:
        self.asked: list[dict[str, str]] = []
        self._pixel_formats, self._size, self._rate, self._error = pixel_formats, size, rate, error

    def open(
        self, device: str, *, format: str, options: dict[str, str], timeout: tuple[float, float]
    ) -> InputContainer:
        assert (device, format) == ("/dev/video0", "v4l2")
        self.asked.append(options)
        if self._error is not None:
            raise self._error
        wanted: Any = options.get("input_format")
        if wanted is not None and wanted not in self._pixel_formats:
            raise av.error.ArgumentError(22, "Invalid argument", device)
        pixels = "yuyv422" if wanted == "yuyv422" else "yuvj420p"
        pictures = f"color=gray:size={self._size}:rate={self._rate},realtime,format={pixels}"
        return av.open(pictures, format="lavfi", timeout=timeout)
