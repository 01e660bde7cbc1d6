"""Hiding areas of pictures, and drawing stick figures instead of people: pure functions on arrays.

Areas are filled with one colour. Neither a blur nor a mosaic would do: over the frames of a video, a mosaic that moves
shows more and more of what is under it. Of a filled area nothing is left to work with.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from edgeact.drawing.stick_figure import draw_pose
from edgeact.skeleton import Skeleton
from edgeact.types import Float32, Person, UInt8

FILL = (96, 96, 96)
_REFERENCE_SIDE = 480  # of the picture's shorter side, at which bones are two pixels wide; as in the overlay


def hidden_pixels(size: tuple[int, int], areas: Sequence[Float32]) -> npt.NDArray[np.bool_]:
    """A mask ``(H, W)`` bool of the pixels that areas hide.

    Args:
        size: Height and width of the picture.
        areas: ``(4,)`` float32 each; every pixel that one touches is hidden. One that is not finite hides everything.
    """
    hidden = np.zeros(size, np.bool_)
    for area in areas:
        hidden[_touched(size, area)] = True
    return hidden


def fill_areas(image: UInt8, areas: Sequence[Float32]) -> UInt8:
    """A copy of a picture in which areas are filled with `FILL`.

    Args:
        image: ``(H, W, 3)`` uint8 RGB.
        areas: See `hidden_pixels`.
    """
    result = image.copy()
    for area in areas:
        result[_touched((image.shape[0], image.shape[1]), area)] = FILL
    return result


def _touched(size: tuple[int, int], area: Float32) -> tuple[slice, slice]:
    """The rows and columns of a picture of this height and width that an area touches."""
    if not np.isfinite(area).all():
        return slice(None), slice(None)
    height, width = size
    x_min, y_min = np.floor(area[:2]).clip(0, (width, height)).astype(int).tolist()
    x_max, y_max = np.ceil(area[2:]).clip(-1, (width, height)).astype(int).tolist()
    return slice(y_min, y_max + 1), slice(x_min, x_max + 1)


def stick_figures(
    size: tuple[int, int], persons: Sequence[Person], *, skeleton: Skeleton | None, confidence: float
) -> UInt8:
    """The joints and bones of persons on black; no pixel of the picture.

    Args:
        size: Height and width in pixels.
        persons: Who is drawn.
        skeleton: What their poses follow; None where nobody is followed.
        confidence: Joints under it are not drawn.

    Returns:
        ``(H, W, 3)`` uint8 RGB.
    """
    image = np.zeros((*size, 3), np.uint8)
    scale = max(min(size) / _REFERENCE_SIDE, 0.5)
    if skeleton is not None:
        for person in persons:
            draw_pose(image, person, skeleton=skeleton, threshold=confidence, scale=scale)
    return image
