"""The pointing game (Zhang et al., ECCV 2016): whether a map's highest place lies on the thing that it should show."""

import numpy as np

TOLERANCE = 15.0  # pixels around a box that still count, as its authors have it for pictures of some 500


def points_at(values: np.ndarray, boxes: np.ndarray, *, tolerance: float = TOLERANCE) -> bool:
    """Whether the highest cell is in one of the boxes.

    Args:
        values: ``(H, W)`` map in the boxes' pixels; of several highest cells the first counts.
        boxes: ``(G, 4)`` x_min, y_min, x_max, y_max.
        tolerance: Pixels around each.
    """
    y, x = np.unravel_index(int(values.argmax()), values.shape)
    low, high = boxes[:, :2] - tolerance, boxes[:, 2:] + tolerance
    return bool(((low <= (x, y)) & ((x, y) <= high)).all(1).any())


def pointing_accuracy(hits: np.ndarray, labels: np.ndarray) -> float:
    """Mean over the actions of the share of hits of each, as the game's authors average.

    Args:
        hits: ``(N,)`` bool.
        labels: ``(N,)``.
    """
    return float(np.mean([hits[labels == action].mean() for action in np.unique(labels)]))
