"""From pictures of more than eight bits a channel, whose scale their file does not say, to eight."""

from typing import Any

import numpy as np
import numpy.typing as npt

from edgeact.types import UInt8

# What cameras count with; sixteen bits in a file often hold ten, twelve or fourteen.
DEPTHS = (8, 10, 12, 14, 16)
# Floats are shares of white, or numbers as eight bits have them, unless they say otherwise.
FLOAT_WHITES = (1.0, 255.0)
# Values that fill less than this share of their scale are no brightness but a measurement (temperatures of a thermal
# camera, say): they are stretched. A photo that is not blank fills more.
NARROW_SHARE = 1 / 16
# The same for floats beyond 1, which have no scale that could be relied on.
NARROW_FLOAT_SHARE = 1 / 4
# Single hot or dead pixels must not decide how far measurements are stretched.
LOW_PERCENT, HIGH_PERCENT = 0.1, 99.9
SAMPLES = 250_000  # pixels that are looked at for it: enough for a thousandth of them, and quick


class Levels:
    """Which values are black and white in one source. They widen from picture to picture and never narrow, so that a
    scene does not pump.

    Whole numbers: white is the largest number of 8, 10, 12, 14 or 16 bits, the least that holds all values. Floats: 1,
    or 255. Values that fill little of this, or are negative, are stretched between their own lowest and highest.

    Attributes:
        message: One line on what was done, once it is something else than dropping the lower eight of sixteen bits.
    """

    def __init__(self) -> None:
        """Before the first picture."""
        self.message: str | None = None
        self._reached: dict[str, tuple[float, float]] = {}  # black and white by type: files of a folder may differ

    def reduce(self, image: npt.NDArray[Any]) -> UInt8:
        """The picture in eight bits.

        Args:
            image: ``(H, W)`` or ``(H, W, C)``, any integer or float type; uint8 comes back as it is.

        Raises:
            ValueError: It has no finite value.
        """
        if image.dtype == np.uint8:
            return image
        low, high = _levels(image)
        kind = image.dtype.name
        before = self._reached.get(kind, (low, high))
        low, high = self._reached[kind] = min(low, before[0]), max(high, before[1])
        if (low, high) != (0.0, 65535.0):
            self.message = f"{kind} values: {low:.6g} was taken for black and {high:.6g} for white"
        # Computed in double precision where single cannot tell neighbours of large numbers apart.
        values: npt.NDArray[Any] = image.astype(np.float32 if image.dtype.itemsize <= 2 else np.float64)
        scaled: npt.NDArray[Any] = (values - low) * (255.0 / max(high - low, 1e-12))
        scaled = np.nan_to_num(scaled, copy=False, nan=0.0, posinf=255.0, neginf=0.0)
        shown: UInt8 = np.clip(np.rint(scaled), 0, 255).astype(np.uint8)
        return shown


def _levels(image: npt.NDArray[Any]) -> tuple[float, float]:
    """Which values of this picture are black and white."""
    is_float = np.issubdtype(image.dtype, np.floating)
    values = image[np.isfinite(image)] if is_float else image
    if values.size == 0:
        raise ValueError("no finite value")
    smallest, largest = float(values.min()), float(values.max())
    step = max(1, values.size // SAMPLES)
    low, high = (float(level) for level in np.percentile(values.reshape(-1)[::step], (LOW_PERCENT, HIGH_PERCENT)))
    if low == high:  # blank, or nearly: there is nothing to stretch but the few others
        low, high = smallest, largest
    whites = FLOAT_WHITES if is_float else tuple(float(2**bits - 1) for bits in DEPTHS)
    white = next((white for white in whites if largest <= white), None)
    if white is None or smallest < 0:
        return (low, high) if high > low else (min(low, 0.0), max(high, 1.0))
    narrow = NARROW_FLOAT_SHARE if is_float and white > 1 else NARROW_SHARE
    return (low, high) if 0 < high - low < narrow * white else (0.0, white)
