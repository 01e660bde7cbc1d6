"""NumPy pictures as Qt's, and cuts out of them; used on the window's thread only."""

import cv2
import numpy as np
from PyQt6.QtGui import QImage

from edgeact.types import Float32, UInt8


def image_of_bgra(pixels: UInt8) -> QImage:
    """A picture ``(h, w, 4)`` uint8 B, G, R, 255 that shares its memory: keep the array while the picture is used."""
    height, width = pixels.shape[:2]
    return QImage(pixels.data, width, height, int(pixels.strides[0]), QImage.Format.Format_RGB32)


def image_of_rgb(pixels: UInt8) -> QImage:
    """A picture ``(h, w, 3)`` uint8 RGB as a copy that lives by itself."""
    pixels = np.ascontiguousarray(pixels)
    height, width = pixels.shape[:2]
    return QImage(pixels.data, width, height, int(pixels.strides[0]), QImage.Format.Format_RGB888).copy()


def cut(image: UInt8, box: Float32, size: tuple[int, int]) -> UInt8:
    """A box of a picture at a size; beyond the picture it is dark.

    Args:
        image: ``(H, W, 3)`` uint8 RGB.
        box: ``(4,)`` x_min, y_min, x_max, y_max in pixels.
        size: Width and height in pixels.

    Returns:
        ``(height, width, 3)`` uint8 RGB.
    """
    x0, y0, x1, y1 = (float(value) for value in box)
    across, down = max(x1 - x0, 1.0) / size[0], max(y1 - y0, 1.0) / size[1]
    # From pixel centres of the cut to those of the picture.
    way = np.array([[across, 0, x0 + across / 2 - 0.5], [0, down, y0 + down / 2 - 0.5]], np.float64)
    if across > 1.5:  # a warp takes single pixels: what is made smaller is averaged first
        left, top, right, bottom = max(0, round(x0)), max(0, round(y0)), round(x1), round(y1)
        region = image[top : max(top, bottom), left : max(left, right)]
        if region.size:
            share = 1 / across
            region = cv2.resize(region, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
            way = np.array([[1, 0, (x0 - left) * share], [0, down / across, (y0 - top) * share]], np.float64)
            image = np.asarray(region, np.uint8)
    warped = cv2.warpAffine(
        image,
        way,
        size,
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(24, 25, 28),
    )
    return np.asarray(warped, np.uint8)
