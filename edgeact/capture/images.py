"""Images as a source: a picture, or a folder of them as the frames of a video."""

import threading
import time
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Literal

import cv2
import numpy as np

from edgeact.capture.base import SourceInfo, SourceState
from edgeact.errors import SourceFormatError, SourceNotFoundError, UsageError
from edgeact.types import Frame, UInt8

IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"})


class ImagesSource:
    """Images in the given order; the time of one is its position over the frame rate, which images do not carry
    themselves.

    Images stand upright (EXIF orientation is applied) and are RGB, 8 bit; transparency is dropped. Their sizes may
    differ: `info` has that of the first.

    Attributes:
        decoded_frames: Images read so far.
        truncated: Always False: an image that cannot be read is an error.
        message: Always None.
    """

    def __init__(self, paths: Sequence[Path], *, frame_rate: float = 25.0, every: int = 1) -> None:
        """Read the first image.

        Args:
            paths: The images, at least one.
            frame_rate: Images per second, greater than 0.
            every: Deliver each n-th image only, beginning with the first.

        Raises:
            SourceNotFoundError: There is no image, or the first does not exist.
            SourceFormatError: The first cannot be decoded.
            UsageError: ``frame_rate`` or ``every`` is out of range.
        """
        if every < 1:
            raise UsageError(f"every is {every}, but must be at least 1: it means that each n-th frame is used")
        if not (np.isfinite(frame_rate) and frame_rate > 0):
            raise UsageError(f"the frame rate is {frame_rate}, but must be greater than 0")
        if not paths:
            raise SourceNotFoundError("there is no image to read; name at least one")
        self.decoded_frames = 0
        self.truncated = False
        self.message: str | None = None
        self._paths = tuple(paths)
        self._frame_rate = frame_rate
        self._every = every
        self._state = SourceState.STARTING
        self._closing = threading.Event()
        self._started = False
        height, width = read_image(self._paths[0]).shape[:2]
        name = self._paths[0] if len(self._paths) == 1 else self._paths[0].parent
        self._info = SourceInfo(
            name=str(name),
            width=width,
            height=height,
            live=False,
            frame_rate=Fraction(frame_rate).limit_denominator(1001),
            frame_count=len(self._paths),
            duration=len(self._paths) / frame_rate,
        )

    @property
    def info(self) -> SourceInfo:
        """What is known before the first frame."""
        return self._info

    @property
    def state(self) -> SourceState:
        """Where the source stands; may be read from any thread."""
        return self._state

    @property
    def epoch(self) -> int:
        """Always 0: images do not start anew."""
        return 0

    def frames(self) -> Iterator[Frame]:
        """Yield every image once, in order; after `close` it ends.

        Raises:
            SourceNotFoundError: An image is gone.
            SourceFormatError: An image cannot be decoded; the message names it.
        """
        if self._started:
            raise RuntimeError(f"the images of {self._info.name} were already taken; open them again")
        self._started = True
        self._state = SourceState.RUNNING
        try:
            for index in range(0, len(self._paths), self._every):
                if self._closing.is_set():
                    break
                image = read_image(self._paths[index])
                image.flags.writeable = False
                self.decoded_frames += 1
                yield Frame(index=index, time=index / self._frame_rate, image=image, captured=time.monotonic())
            self._state = SourceState.ENDED
        except (SourceFormatError, SourceNotFoundError):
            self._state = SourceState.FAILED
            raise
        finally:
            self.close()

    def close(self) -> None:
        """Stop; may be called from any thread, and twice."""
        self._closing.set()
        if self._state in (SourceState.STARTING, SourceState.RUNNING):
            self._state = SourceState.ENDED

    def __enter__(self) -> "ImagesSource":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> Literal[False]:
        self.close()
        return False


def read_image(path: Path) -> UInt8:
    """Decode an image to ``(H, W, 3)`` uint8 RGB, upright by its EXIF orientation.

    Raises:
        SourceNotFoundError: There is no such file.
        SourceFormatError: It is empty, damaged or no image.
    """
    try:
        # Reading the bytes ourselves lets OpenCV open names that it cannot spell, and tells missing from damaged.
        content = np.fromfile(path, np.uint8)
    except FileNotFoundError as error:
        raise SourceNotFoundError(f"{path} cannot be found ({error.strerror}); check the path") from error
    except OSError as error:
        raise SourceFormatError(f"{path} cannot be read ({error.strerror}); check that it is an image file") from error
    if content.size == 0:
        raise SourceFormatError(f"{path} is empty (0 bytes): the copy failed; copy it again")
    try:
        image = cv2.imdecode(content, cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise SourceFormatError(
            f"{path} cannot be decoded as an image ({error.err}); save it again as PNG or JPEG"
        ) from error
    if image is None:
        raise SourceFormatError(
            f"{path} cannot be decoded as an image: it is damaged or of another format; save it again as PNG or JPEG"
        )
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)
