"""Photos that do not look alike, with or without a person, in the toy world of the tiny teachers."""

from pathlib import Path

import cv2
import numpy as np


def write_photo(path: Path, seed: int, *, box: tuple[int, int, int, int] | None = None, level: int = 255) -> np.ndarray:
    """Write a dark picture of a random texture, 200×240 pixels, with a bright person in a box x_min, y_min, x_max,
    y_max; returns it ``(240, 200, 3)`` uint8.
    """
    texture = np.random.default_rng(seed).integers(0, 90, (6, 5), np.uint8)
    image = np.repeat(cv2.resize(texture, (200, 240))[..., None], 3, 2)
    if box is not None:
        image[box[1] : box[3], box[0] : box[2]] = level
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), image, [cv2.IMWRITE_JPEG_QUALITY, 98])
    return image
