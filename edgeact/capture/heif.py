"""HEIC and AVIF pictures, by the optional extra ``heic`` (pillow-heif, and Pillow for AVIF).

The only module of the runtime that uses Pillow, and only when such a picture is opened: FFmpeg and OpenCV read one tile
of a large photo for the whole, or none of it, and leave it as the camera was held.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeact.capture.tonemap import TRANSFER_HLG, TRANSFER_PQ, ToneMap
from edgeact.errors import SourceFormatError
from edgeact.types import UInt8

if TYPE_CHECKING:
    from PIL import ImageFile

HEIF_SUFFIXES = frozenset({".heic", ".heif", ".hif", ".avif"})
INSTALL_LINE = 'pip install "edgeact[heic]"'
AVIF_BRANDS = (b"avif", b"avis")
LONGEST_BRANDS = 4096  # bytes of the file's first box that are looked at


def missing_reader() -> ImportError | None:
    """Why HEIC and AVIF cannot be read here; None where they can."""
    try:
        import pillow_heif  # noqa: F401
        from PIL import AvifImagePlugin  # noqa: F401
    except ImportError as error:
        return error
    return None


def describe_heif(path: Path) -> tuple[int, int, int]:
    """Width, height (as stored, in pixels) and number of pictures, without decoding one.

    Raises:
        SourceFormatError: The extra is not installed, or the file is damaged.
    """
    with _open(path) as image:
        return image.width, image.height, int(getattr(image, "n_frames", 1))


def read_heif(path: Path) -> Iterator[tuple[UInt8, float | None]]:
    """Every picture, ``(H, W, 3)`` uint8 RGB, upright, with its duration in seconds where the file has one.

    Raises:
        SourceFormatError: The extra is not installed, or a picture cannot be decoded.
    """
    from PIL import ImageOps

    with _open(path) as image:
        for position in range(int(getattr(image, "n_frames", 1))):
            try:
                image.seek(position)
                image.load()
                upright = ImageOps.exif_transpose(image).convert("RGB")
            except (OSError, ValueError, SyntaxError, EOFError, RuntimeError) as error:
                raise _damaged(path, error) from error
            milliseconds = image.info.get("duration") if image.info.get("duration") else None
            yield _standard(image, np.array(upright, np.uint8)), milliseconds and milliseconds / 1000


def _open(path: Path) -> "ImageFile.ImageFile":
    cause = missing_reader()
    if cause is not None:
        raise SourceFormatError(
            f"{path} is a HEIC or AVIF picture, which needs an extra: {INSTALL_LINE}, or save it as JPEG"
        ) from cause
    import pillow_heif
    from PIL import AvifImagePlugin

    with path.open("rb") as file:
        head = file.read(LONGEST_BRANDS)
    brands = head[8 : int.from_bytes(head[:4], "big")]  # the first is the file's own; it is often the common "mif1"
    is_avif = any(brands[start : start + 4] in AVIF_BRANDS for start in range(0, len(brands), 4))
    # The classes themselves, not `Image.open`: its own limit on sizes would come before ours, and with another message.
    reader: Any = AvifImagePlugin.AvifImageFile if is_avif else pillow_heif.HeifImageFile
    try:
        image: ImageFile.ImageFile = reader(path)
    except (OSError, ValueError, SyntaxError, EOFError, RuntimeError) as error:
        raise _damaged(path, error) from error
    return image


def _standard(image: "ImageFile.ImageFile", pixels: UInt8) -> UInt8:
    """Tone-mapped, where the picture says that it is HDR."""
    tags = image.info.get("nclx_profile") or {}
    transfer = int(tags.get("transfer_characteristics", 0))
    if transfer not in (TRANSFER_PQ, TRANSFER_HLG):
        return pixels
    tone_map = ToneMap(transfer=transfer, primaries=int(tags.get("color_primaries", 0)))
    return tone_map.apply(pixels.astype(np.uint16) * 257)


def _damaged(path: Path, error: Exception) -> SourceFormatError:
    return SourceFormatError(f"{path} cannot be decoded as HEIC or AVIF ({error}); copy it again or save it as JPEG")
