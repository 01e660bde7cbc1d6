"""Images as a source: a picture, a file of many pictures, or a folder of them as the frames of a video."""

import time
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from edgeact.capture.base import SourceInfo
from edgeact.capture.heif import HEIF_SUFFIXES, describe_heif
from edgeact.capture.image_decode import check_image, read_pages
from edgeact.capture.image_header import read_header
from edgeact.capture.levels import Levels
from edgeact.capture.limits import DEFAULT_MAX_MEGAPIXELS, check_pixels
from edgeact.capture.recorded import RecordedSource, check_every, check_frame_rate
from edgeact.capture.upright import Orientation, check_turn
from edgeact.errors import SourceFormatError, SourceNotFoundError
from edgeact.types import Frame, UInt8

IMAGE_SUFFIXES = (
    frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".jfif", ".jpe", ".mpo"}) | HEIF_SUFFIXES
)


class ImagesSource(RecordedSource):
    """Images in the given order. All pictures of a file of many (TIFF, animated WebP, HEIC) come one after the other.

    The time of a picture is its position over the frame rate, which images do not carry themselves; a single animation
    has the durations that it says.

    Images stand upright (EXIF orientation is applied) and are RGB, 8 bit; transparency is dropped. Of more bits those
    in use are taken (see `Levels`). Their sizes may differ: `info` has that of the first.

    Attributes:
        decoded_frames: Pictures read so far.
        truncated: Always False: an image that cannot be read is an error.
        message: One line on what was left out or scaled, or None.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        *,
        frame_rate: float = 25.0,
        every: int = 1,
        turn: int = 0,
        max_megapixels: float = DEFAULT_MAX_MEGAPIXELS,
        note: str | None = None,
    ) -> None:
        """Read the headers of all images and the first picture.

        Args:
            paths: The images, at least one.
            frame_rate: Images per second, greater than 0.
            every: Deliver each n-th picture only, beginning with the first.
            turn: Degrees to the right by which pictures are turned after EXIF: 0, 90, 180 or 270.
            max_megapixels: Larger pictures are refused before they are decoded.
            note: What `message` shall say from the beginning.

        Raises:
            SourceNotFoundError: There is no image, or the first does not exist.
            SourceFormatError: The first cannot be decoded, or one is too large.
            UsageError: ``frame_rate``, ``every`` or ``turn`` is out of range.
        """
        super().__init__()
        check_every(every)
        check_frame_rate(frame_rate)
        check_turn(turn)
        if not paths:
            raise SourceNotFoundError("there is no image to read; name at least one")
        self.decoded_frames = 0
        self.truncated = False
        self._note = note
        self._paths = tuple(paths)
        self._frame_rate = frame_rate
        self._every = every
        self._orientation = Orientation().turned(turn)
        self._max_megapixels = max_megapixels
        self._levels = Levels()
        header = check_image(self._paths[0], max_megapixels=max_megapixels)
        count = len(header.pages) + sum(_announced(path, max_megapixels) for path in self._paths[1:])
        first, seconds = next(read_pages(self._paths[0], header, self._levels))
        height, width = self._upright(first).shape[:2]
        # Durations count where nothing else is shown; among others, an animation is so many images.
        self._is_timed = seconds is not None and len(self._paths) == 1 and count > 1
        rate = 1.0 / seconds if self._is_timed and seconds else frame_rate
        self._info = SourceInfo(
            name=str(self._paths[0] if len(self._paths) == 1 else self._paths[0].parent),
            width=width,
            height=height,
            live=False,
            frame_rate=Fraction(rate).limit_denominator(1001),
            frame_count=count,
            duration=None if self._is_timed else count / frame_rate,
        )

    @property
    def message(self) -> str | None:
        """One line on what was left out or scaled, or None."""
        scaled = None if self._levels.message is None else f"{self._info.name}: {self._levels.message}"
        return "; ".join(line for line in (self._note, scaled) if line is not None) or None

    def _deliver(self) -> Iterator[Frame]:
        clock = 0.0
        for index, (stored, seconds) in enumerate(self._pictures()):
            if self._closing.is_set():
                return
            self.decoded_frames += stored is not None
            if stored is not None and index % self._every == 0:
                image = np.ascontiguousarray(self._upright(stored))
                image.flags.writeable = False
                shown = clock if self._is_timed else index / self._frame_rate
                captured = time.monotonic()
                yield Frame(index=index, time=shown, image=image, captured=captured, source=self._info.name)
            clock += seconds or 1.0 / self._frame_rate

    def _pictures(self) -> Iterator[tuple[UInt8 | None, float | None]]:
        """Every picture with its duration; None for one that ``every`` leaves out and that need not be read."""
        index = 0
        for path in self._paths:
            if index % self._every and _announced(path, self._max_megapixels) == 1:
                yield None, None
                index += 1
                continue
            header = check_image(path, max_megapixels=self._max_megapixels)
            for picture in read_pages(path, header, self._levels):
                yield picture
                index += 1

    def _upright(self, image: UInt8) -> UInt8:
        return self._orientation.apply(image)


def _announced(path: Path, max_megapixels: float) -> int:
    """How many pictures a file holds; 1 for one that cannot be read, which is an error when its turn comes."""
    try:
        header = read_header(path)
        if header is None:
            return 1
        width, height, count = header.width, header.height, len(header.pages)
        if header.kind == "heif":
            width, height, count = describe_heif(path)
    except (SourceFormatError, SourceNotFoundError):
        return 1
    check_pixels(path, width, height, max_megapixels=max_megapixels)
    return count
