"""How large a picture may be: checked from what the file announces, before anything is decoded."""

from pathlib import Path
from typing import TYPE_CHECKING

from edgeact.errors import SourceFormatError

if TYPE_CHECKING:
    from av.video.stream import VideoStream

# A picture of 100 megapixels takes 300 MB as RGB, and several exist at a time. A file of a megabyte can announce it.
DEFAULT_MAX_MEGAPIXELS = 100.0
# FFmpeg counts lines that are filled up to 64 pixels, here for pictures of up to 16,384 lines.
FFMPEG_PADDING = 64 * 16_384


def check_pixels(path: Path, width: int, height: int, *, max_megapixels: float = DEFAULT_MAX_MEGAPIXELS) -> None:
    """Refuse a picture that is too large to be decoded.

    Args:
        path: The file, for the message.
        width: In pixels, as announced.
        height: In pixels, as announced.
        max_megapixels: The setting of this name.

    Raises:
        SourceFormatError: It has more pixels than that.
    """
    if width * height > max_megapixels * 1e6:
        raise SourceFormatError(
            f"{path} announces {width}×{height} pixels: {width * height / 1e6:.4g} megapixels are more than "
            f"max_megapixels = {max_megapixels:g} allows; scale it down, or raise max_megapixels in the settings "
            "(--config)"
        )


def limit_stream(path: Path, stream: "VideoStream", *, max_megapixels: float = DEFAULT_MAX_MEGAPIXELS) -> None:
    """Refuse a stream whose pictures are too large, and have its decoder refuse those that grow later.

    Raises:
        SourceFormatError: It announces more pixels than that.
    """
    check_pixels(path, stream.codec_context.width, stream.codec_context.height, max_megapixels=max_megapixels)
    stream.codec_context.options = {**stream.codec_context.options, **pixel_option(max_megapixels)}


def pixel_option(max_megapixels: float) -> dict[str, str]:
    """FFmpeg's option of the same meaning: a decoder then refuses larger pictures before it reserves memory."""
    return {"max_pixels": str(int(max_megapixels * 1e6) + FFMPEG_PADDING)}
