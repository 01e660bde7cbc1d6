"""Shot cuts of edited videos: nobody is followed from one shot into the next.

Frames are compared as thumbnails of 32×18 sampled pixels. Within a shot even a fast pan or somebody walking past the
lens keeps most of a thumbnail's pattern; across a cut neither the pattern nor the brightness agrees. Fades are no cuts.
"""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from edgeact.types import UInt8

_COLUMNS, _ROWS = 32, 18
_LEAST_CORRELATION = 0.4
# Mean difference of brightness, of 255: the noise of a dark picture correlates with nothing, but is small
_LEAST_DIFFERENCE = 20.0


class CutDetector:
    """Compares each frame with the one before."""

    def __init__(self) -> None:
        self._before: npt.NDArray[np.float32] | None = None

    def is_cut(self, image: UInt8) -> bool:
        """Whether a new shot begins with this frame ``(H, W, 3)`` uint8; the first frame of all is no cut."""
        before, self._before = self._before, _thumbnail(image)
        if before is None or before.shape != self._before.shape:
            return False
        if float(np.abs(self._before - before).mean()) < _LEAST_DIFFERENCE:
            return False
        first, second = before - before.mean(), self._before - self._before.mean()
        power = float(np.sqrt((first * first).sum() * (second * second).sum()))
        return float((first * second).sum()) < _LEAST_CORRELATION * power

    def reset(self) -> None:
        """Forget the last frame."""
        self._before = None


def _thumbnail(image: UInt8) -> npt.NDArray[np.float32]:
    """Brightness of sampled pixels, at most 18×32: a fraction of a millisecond at any size."""
    rows, columns = _sampled(image.shape[1], image.shape[0])
    return np.asarray(image[rows, columns].mean(-1), np.float32)


@lru_cache(maxsize=64)
def _sampled(width: int, height: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Rows ``(R, 1)`` and columns ``(C,)`` of the pixels that are looked at in a frame of this size."""
    rows = np.linspace(0, height - 1, min(_ROWS, height)).astype(np.intp)
    columns = np.linspace(0, width - 1, min(_COLUMNS, width)).astype(np.intp)
    return rows[:, None], columns
