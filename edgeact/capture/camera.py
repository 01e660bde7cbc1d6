"""Cameras of Video4Linux (USB and built-in ones), through FFmpeg: which mode is asked for, and which one comes.

Kept thin: FFmpeg sets the mode and takes the buffers. A driver that hangs in a read cannot be interrupted; the
supervisor of `LiveSource` leaves such a read behind.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av

from edgeact.capture.connection import READ_GRACE_SECONDS, Connection, LiveSettings
from edgeact.capture.faults import FaultKind, SourceFaultError, fault_of
from edgeact.capture.limits import pixel_option

# Compressed pictures first: two cameras that send raw ones are too much for one USB bus, and one camera at full size is
# slow. What the last one means is the driver's choice.
PIXEL_FORMATS = (("MJPG", "mjpeg"), ("YUYV", "yuyv422"), (None, None))
_DEVICE = re.compile(r"/dev/video\d+|/dev/v4l/by-(?:id|path)/[^/]+")
# FFmpeg's: the device does not know the pixel format, or not with this size or rate.
_MODE_ERRORS = (av.error.ArgumentError, av.error.InvalidDataError)

OpenContainer = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class CameraMode:
    """A mode of a camera; None where it is left to the camera, or not known."""

    pixels: str | None
    size: tuple[int, int] | None
    rate: float | None

    def __str__(self) -> str:
        """The mode as a status line shows it, for example ``MJPG 1280×720 at 30``."""
        size = "any size" if self.size is None else f"{self.size[0]}×{self.size[1]}"
        rate = "any rate" if self.rate is None else f"{self.rate:g}"
        return f"{self.pixels or 'any format'} {size} at {rate}"


def camera_device(name: str | int) -> str | None:
    """The device file of a camera's number or name (``0``, ``/dev/video0``); None where it is no camera."""
    text = str(name)
    if text.isdecimal() and text.isascii():
        return f"/dev/video{int(text)}"
    return text if _DEVICE.fullmatch(text) else None


def connect_camera(device: str, settings: LiveSettings, *, open_container: OpenContainer = av.open) -> Connection:
    """Open a camera in the best mode that it takes.

    Args:
        device: Its file.
        settings: The size and rate to ask for.
        open_container: `av.open`, or what stands for a device in tests.

    Raises:
        SourceFaultError: It cannot be opened.
    """
    if open_container is av.open and not Path(device).exists():
        raise SourceFaultError(device, FaultKind.NOT_FOUND, "there is no such camera")
    pixels, container = _open_best(device, settings, open_container)
    try:
        return Connection(
            container,
            name=device,
            timeout=settings.timeout,
            mode=f"asked {CameraMode(pixels, settings.size, settings.rate)}, got {_mode_of(container)}",
            max_megapixels=settings.max_megapixels,
            tap=settings.tap,
        )
    except BaseException:
        container.close()
        raise


def _open_best(device: str, settings: LiveSettings, open_container: OpenContainer) -> tuple[str | None, Any]:
    """The first pixel format that the camera takes, and the camera in it."""
    for pixels, input_format in PIXEL_FORMATS:
        asked = time.monotonic()
        try:
            return pixels, open_container(
                device,
                format="v4l2",
                options=_options(input_format, settings),
                timeout=(settings.timeout, settings.timeout + READ_GRACE_SECONDS),
            )
        except _MODE_ERRORS:
            continue
        except (av.FFmpegError, OSError) as error:
            waited = time.monotonic() - asked
            raise fault_of(error, name=device, waited=waited, timeout=settings.timeout, encrypted=False) from None
    raise SourceFaultError(
        device,
        FaultKind.CODEC,
        "it takes none of the modes asked for, or is no camera",
        remedy="leave out size and rate, or look at v4l2-ctl --list-formats-ext",
    )


def _options(input_format: str | None, settings: LiveSettings) -> dict[str, str]:
    options = pixel_option(settings.max_megapixels)
    if input_format is not None:
        options["input_format"] = input_format
    if settings.size is not None:
        options["video_size"] = f"{settings.size[0]}x{settings.size[1]}"
    if settings.rate is not None:
        options["framerate"] = f"{settings.rate:g}"
    return options


def _mode_of(container: Any) -> CameraMode:
    """What the driver made of it: it may change size and rate without an error."""
    stream = next(iter(container.streams.video), None)
    if stream is None or stream.codec_context is None:
        return CameraMode(None, None, None)
    context = stream.codec_context
    pixels = {"mjpeg": "MJPG", "yuyv422": "YUYV"}.get(context.name if context.name == "mjpeg" else context.pix_fmt)
    rate = stream.average_rate
    return CameraMode(pixels or context.pix_fmt, (context.width, context.height), None if not rate else float(rate))
