"""A decoded picture of a video to RGB: by its colour tags where these can be, and are, true."""

import av
import numpy as np
from av.video.frame import VideoFrame

from edgeact.capture.levels import Levels
from edgeact.capture.tonemap import TRANSFER_HLG, TRANSFER_PQ, ToneMap
from edgeact.errors import SourceFormatError
from edgeact.types import UInt8

# FFmpeg's AVColorSpace (ISO/IEC 23091-2). The converter knows these; the others name formulas that it has not, or
# nothing. Cheap cameras write what they like there.
MATRIX_UNSPECIFIED, MATRIX_BT2020 = 2, 9
KNOWN_MATRICES = frozenset({1, MATRIX_UNSPECIFIED, 4, 5, 6, 7, MATRIX_BT2020})
MATRIX_BT2020_CONSTANT = 10  # the nearest that the converter knows is BT.2020 without constant luminance
# From here on players take an unlabelled video for BT.709, below for BT.601.
HD_MATRIX_WIDTH, HD_MATRIX_HEIGHT = 1280, 577
HDR_BITS = 10  # the least that BT.2100 knows for PQ and HLG


class ColourReader:
    """Turns the pictures of one video into RGB, uint8.

    An impossible or unknown colour matrix is taken for none, as in an unlabelled video; so is high dynamic range in
    eight bits. Otherwise PQ and HLG are tone-mapped. Of sixteen bits a channel those in use are taken.

    Attributes:
        message: A warning about unusual colour tags or levels of the video; None where there was nothing unusual.
    """

    def __init__(self, name: str) -> None:
        """Args: name: The video, for messages."""
        self._name = name
        self._odd_tag: str | None = None
        self._levels = Levels()
        self._tone_map: tuple[tuple[int, int], ToneMap] | None = None

    @property
    def message(self) -> str | None:
        """A warning about unusual colour tags or levels of the video; None where there was nothing unusual."""
        if self._odd_tag is not None:
            return (
                f"{self._name}: its {self._odd_tag}; colours were read as those of an unlabelled video and may be off"
            )
        return None if self._levels.message is None else f"{self._name}: {self._levels.message}"

    def read(self, picture: VideoFrame, index: int) -> UInt8:
        """The picture as stored (not turned), ``(H, W, 3)`` uint8 RGB; it may look into FFmpeg's buffer.

        Args:
            picture: As decoded. Its matrix tag is put right.
            index: Of the frame, for the message.

        Raises:
            SourceFormatError: Its pixel format cannot be converted.
        """
        try:
            return self._convert(picture)
        except (av.FFmpegError, ValueError) as error:
            raise SourceFormatError(
                f"{self._name}: frame {index} is stored as {picture.format.name}, which cannot be converted to "
                "RGB; convert the file"
            ) from error

    def _convert(self, picture: VideoFrame) -> UInt8:
        bits = max(component.bits for component in picture.format.components)
        is_hdr = picture.color_trc in (TRANSFER_PQ, TRANSFER_HLG) and bits >= HDR_BITS
        self._mend_matrix(picture, is_hdr=is_hdr)
        large = picture.width >= HD_MATRIX_WIDTH or picture.height >= HD_MATRIX_HEIGHT
        matrix = "ITU709" if large and picture.colorspace == MATRIX_UNSPECIFIED else None
        if is_hdr:
            coded = picture.to_ndarray(format="rgb48le", src_colorspace=matrix)
            return self._tone_mapper(picture).apply(coded.astype(np.uint16, copy=False))
        if bits == 16:
            is_grey = picture.format.name.startswith(("gray", "ya"))
            deep = picture.to_ndarray(format="gray16le" if is_grey else "rgb48le", src_colorspace=matrix)
            image = self._levels.reduce(deep)
            return np.repeat(image[..., None], 3, axis=2) if is_grey else image
        # For three bytes a pixel this is one pass of FFmpeg's scaler and no copy: the array looks into its buffer.
        return picture.to_ndarray(format="rgb24", src_colorspace=matrix).astype(np.uint8, copy=False)

    def _mend_matrix(self, picture: VideoFrame, *, is_hdr: bool) -> None:
        matrix, transfer = picture.colorspace, picture.color_trc
        is_false_hdr = transfer in (TRANSFER_PQ, TRANSFER_HLG) and not is_hdr
        if is_false_hdr:
            self._odd_tag = f"transfer tag {transfer} says high dynamic range, which eight bits do not hold"
        elif matrix not in KNOWN_MATRICES and not picture.format.is_rgb:
            self._odd_tag = f"colour matrix tag {matrix} cannot be true or is not known"
        else:
            return
        is_wide = is_hdr or (matrix == MATRIX_BT2020_CONSTANT and not is_false_hdr)
        picture.colorspace = MATRIX_BT2020 if is_wide else MATRIX_UNSPECIFIED

    def _tone_mapper(self, picture: VideoFrame) -> ToneMap:
        tags = picture.color_trc, picture.color_primaries
        if self._tone_map is None or self._tone_map[0] != tags:
            self._tone_map = tags, ToneMap(transfer=tags[0], primaries=tags[1])
        return self._tone_map[1]
