"""Read a picture of a data set, or say which file is at fault: OpenCV gives None for what it cannot read."""

from pathlib import Path

import cv2
import numpy as np

from edgeact.errors import SourceFormatError, SourceNotFoundError


def read_bgr(path: Path) -> np.ndarray:
    """A picture as ``(H, W, 3)`` uint8 BGR.

    Raises:
        SourceNotFoundError: There is no such file.
        SourceFormatError: The file is no picture.
    """
    return _read(path, cv2.IMREAD_COLOR)


def read_rgb(path: Path) -> np.ndarray:
    """A picture as ``(H, W, 3)`` uint8 RGB; raises what `read_bgr` raises."""
    return cv2.cvtColor(read_bgr(path), cv2.COLOR_BGR2RGB)


def read_grey(path: Path) -> np.ndarray:
    """A picture as ``(H, W)`` uint8 brightness; raises what `read_bgr` raises."""
    return _read(path, cv2.IMREAD_GRAYSCALE)


def _read(path: Path, mode: int) -> np.ndarray:
    image = cv2.imread(str(path), mode)
    if image is None:
        if not path.is_file():
            raise SourceNotFoundError(f"{path} not found; the data set is not complete, copy it again")
        raise SourceFormatError(f"{path} cannot be read as a picture; copy the data set again")
    return image
