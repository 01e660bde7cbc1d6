"""How a picture may look different without its labels changing: resolution, compression, light, colour, occluders."""

from typing import Annotated

import cv2
import numpy as np
from pydantic import AfterValidator, Field


def _rising(scale: tuple[float, float]) -> tuple[float, float]:
    if scale[0] > scale[1]:
        raise ValueError(f"from {scale[0]} to {scale[1]} is no range; give the smaller number first")
    return scale


# The lowest and the highest size of what is shown, as ratios of its usual one.
_Size = Annotated[float, Field(gt=0, le=10)]
Scale = Annotated[tuple[_Size, _Size], AfterValidator(_rising)]


def lower_resolution(
    image: np.ndarray, rng: np.random.Generator, *, factor: tuple[float, float] = (0.25, 0.7)
) -> np.ndarray:
    """Shrink, half of the time compress as JPEG, and enlarge again: ``(H, W, 3)`` uint8 → the same shape."""
    scale = rng.uniform(*factor)
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    if rng.random() < 0.5:
        small = cv2.imdecode(
            cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 80))])[1], cv2.IMREAD_COLOR
        )
    return cv2.resize(small, (image.shape[1], image.shape[0]), interpolation=cv2.INTER_LINEAR)


def recolour(image: np.ndarray, rng: np.random.Generator, *, grey: float = 0.15) -> np.ndarray:
    """Random gamma, gain, offset and colour cast by one look-up table, and grey with a probability: ``(H, W, 3)``
    uint8.
    """
    levels = np.arange(256, dtype=np.float32) / 255
    gain = rng.uniform(0.65, 1.35) * rng.uniform(0.88, 1.12, 3)
    table = (np.power(levels[:, None], np.exp(rng.uniform(-0.45, 0.45))) * gain + rng.uniform(-0.12, 0.12)) * 255
    image = cv2.LUT(image, np.clip(table, 0, 255).astype(np.uint8)[None])
    if rng.random() < grey:
        image = np.repeat(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., None], 3, 2)
    return image


def shift_colours(pixels: np.ndarray, rng: np.random.Generator, strength: float) -> np.ndarray:
    """Apply a random gamma to each colour channel, with exponents drawn from 1 − ``strength`` to 1 + ``strength``.

    This is the "random color shifting" of paper E, 4.2.3, which gives no range; its published code uses .1.

    Args:
        pixels: ``(..., 3)`` uint8 of one picture or clip, all of which gets the same exponents.
        rng: Draws the exponents.
        strength: 0..1.
    """
    levels = np.arange(256)[:, None] / 255
    table = np.power(levels, rng.uniform(1 - strength, 1 + strength, 3)) * 255
    return table.round().astype(np.uint8)[pixels, np.arange(3)]


def erase(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Cover a random rectangle with one colour, on a copy: ``(H, W, 3)`` uint8."""
    height, width = image.shape[:2]
    rows, columns = int(rng.uniform(0.1, 0.4) * height), int(rng.uniform(0.1, 0.45) * width)
    top, left = int(rng.integers(0, height - rows)), int(rng.integers(0, width - columns))
    image = image.copy()
    image[top : top + rows, left : left + columns] = rng.integers(0, 256, 3)
    return image
