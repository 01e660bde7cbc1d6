"""Pictures of one size as tiles of a sheet."""

from collections.abc import Sequence

import numpy as np


def make_sheet(tiles: Sequence[np.ndarray], columns: int) -> np.ndarray:
    """Put tiles of one size row by row; the last row is filled with black.

    Args:
        tiles: Each ``(H, W, 3)`` uint8.
        columns: Tiles in a row.

    Returns:
        ``(rows · H, columns · W, 3)`` uint8.
    """
    blank = np.zeros_like(tiles[0])
    rows = [[*tiles[start : start + columns]] for start in range(0, len(tiles), columns)]
    return np.concatenate([np.concatenate(row + [blank] * (columns - len(row)), axis=1) for row in rows])
