"""The pictures of an image file, one after the other: RGB, eight bits, upright."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
import numpy.typing as npt

from edgeact.capture.heif import describe_heif, read_heif
from edgeact.capture.image_header import BIG_TIFF, ImageHeader, read_header
from edgeact.capture.levels import Levels
from edgeact.capture.limits import DEFAULT_MAX_MEGAPIXELS, check_pixels
from edgeact.errors import SourceFormatError
from edgeact.types import UInt8

# Grey or colour as stored, at the stored depth, turned by EXIF; transparency is dropped.
AS_STORED = cv2.IMREAD_ANYCOLOR | cv2.IMREAD_ANYDEPTH
# Animations are decoded in groups: for each OpenCV begins at the first picture again.
GROUP_BYTES = 64_000_000
# As browsers do: durations of animations below this are taken for "not said".
SHORTEST_SECONDS, UNSAID_SECONDS = 0.011, 0.1


def check_image(path: Path, *, max_megapixels: float = DEFAULT_MAX_MEGAPIXELS) -> ImageHeader:
    """The header of an image that may be decoded.

    Raises:
        SourceNotFoundError: There is no such file.
        SourceFormatError: It is empty, damaged, no image, HEIC without its extra, or larger than allowed.
    """
    header = read_header(path)
    if header is None:
        raise SourceFormatError(
            f"{path} cannot be decoded as an image: it is damaged or of another format; save it again as PNG or JPEG"
        )
    if header.kind == "heif":
        width, height, count = describe_heif(path)
        header = ImageHeader("heif", width, height, range(count))
    check_pixels(path, header.width, header.height, max_megapixels=max_megapixels)
    return header


def read_image(path: Path, *, max_megapixels: float = DEFAULT_MAX_MEGAPIXELS) -> UInt8:
    """Decode the first picture of an image file to ``(H, W, 3)`` uint8 RGB, upright by its EXIF orientation.

    Raises:
        SourceNotFoundError: There is no such file.
        SourceFormatError: It is empty, damaged, no image, or larger than allowed.
    """
    header = check_image(path, max_megapixels=max_megapixels)
    image, _ = next(read_pages(path, header, Levels()))
    return image


def read_pages(path: Path, header: ImageHeader, levels: Levels) -> Iterator[tuple[UInt8, float | None]]:
    """Every picture of a file, with its duration in seconds where the file has one.

    Args:
        path: The file.
        header: Its, from `check_image`.
        levels: Of the source that the file belongs to.

    Yields:
        ``(H, W, 3)`` uint8 RGB of its own; seconds or None.

    Raises:
        SourceFormatError: A picture cannot be decoded; those before it have come.
    """
    if header.kind == "heif":
        yield from read_heif(path)
        return
    content = _content(path)
    decoded: Iterator[tuple[npt.NDArray[Any], float | None]]
    if header.kind == "tiff" or len(header.pages) == 1:
        decoded = _pictures(path, content, header)
    else:
        decoded = _animation(path, content, header)
    count = 0
    for image, seconds in decoded:
        try:
            reduced = levels.reduce(image)
        except ValueError as error:
            raise SourceFormatError(f"{path} holds no finite value: nothing can be shown") from error
        grey = reduced.ndim == 2 or reduced.shape[2] == 1
        code = cv2.COLOR_GRAY2RGB if grey else cv2.COLOR_BGRA2RGB if reduced.shape[2] == 4 else cv2.COLOR_BGR2RGB
        yield cv2.cvtColor(reduced, code).astype(np.uint8, copy=False), seconds
        count += 1
    if count < len(header.pages):
        raise SourceFormatError(
            f"{path}: picture {count + 1} of {len(header.pages)} cannot be decoded: the file is damaged; copy it again"
        )


def _content(path: Path) -> UInt8:
    try:
        # Reading the bytes ourselves lets OpenCV open names that it cannot spell.
        return np.fromfile(path, np.uint8)
    except OSError as error:
        raise SourceFormatError(f"{path} cannot be read ({error.strerror}); check that it is an image file") from error


def _pictures(path: Path, content: UInt8, header: ImageHeader) -> Iterator[tuple[npt.NDArray[Any], None]]:
    """Still pictures, each as OpenCV gives it: BGR or grey, of any depth."""
    for page in header.pages:
        if header.kind == "tiff":
            _begin_at(content, page)
        try:
            image = cv2.imdecode(content, AS_STORED)
        except cv2.error as error:
            raise _undecodable(path, f" ({error.err})") from error
        if image is None:
            number = f" ({header.pages.index(page) + 1} of {len(header.pages)})" if len(header.pages) > 1 else ""
            raise _undecodable(path, f"{number}: it is damaged or of another format")
        yield image, None


def _begin_at(content: UInt8, page: int) -> None:
    """Make a page of a TIFF its first, which OpenCV decodes alone: of several it gives none if one is damaged."""
    order: Literal["little", "big"] = "little" if bytes(content[:2]) == b"II" else "big"
    is_big = int.from_bytes(bytes(content[2:4]), order) == BIG_TIFF
    place = slice(8, 16) if is_big else slice(4, 8)
    content[place] = np.frombuffer(page.to_bytes(place.stop - place.start, order), np.uint8)


def _animation(path: Path, content: UInt8, header: ImageHeader) -> Iterator[tuple[npt.NDArray[Any], float]]:
    """Frames of an animated WebP as OpenCV puts them together, with their durations."""
    if not hasattr(cv2, "imdecodeanimation"):
        raise SourceFormatError(
            f"{path} is an animation of {len(header.pages)} pictures, which takes OpenCV 4.11 or newer, and this is "
            f"{cv2.__version__}; install a newer one, or convert the file to MP4"
        )
    group = max(1, GROUP_BYTES // max(1, header.width * header.height * 4))
    for start in range(0, len(header.pages), group):
        try:
            _, animation = cv2.imdecodeanimation(content, start, group)
        except cv2.error as error:
            raise _undecodable(path, f" (picture {start + 1} and later: {error.err})") from error
        durations: Sequence[Any] = animation.durations
        for image, milliseconds in zip(animation.frames, durations, strict=True):
            seconds = float(milliseconds) / 1000
            yield image, seconds if seconds >= SHORTEST_SECONDS else UNSAID_SECONDS
        if len(animation.frames) == 0:
            return


def _undecodable(path: Path, reason: str) -> SourceFormatError:
    return SourceFormatError(f"{path} cannot be decoded as an image{reason}; save it again as PNG or JPEG")
