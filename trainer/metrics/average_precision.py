"""Mean average precision of actions: how far the right samples of a class come before the others."""

import numpy as np


def average_precision(scores: np.ndarray, right: np.ndarray) -> float:
    """Mean of the precision at each right sample, samples in the order of their scores; NaN without a right one.

    Samples of the same score count as one place, so that the order of a file decides nothing.

    Args:
        scores: ``(N,)``.
        right: ``(N,)`` bool.
    """
    if not right.any():
        return float("nan")
    values, place = np.unique(-scores, return_inverse=True)
    hits = np.bincount(place, right, len(values))
    total = np.cumsum(np.bincount(place, minlength=len(values)))
    return float((np.cumsum(hits) / total * hits).sum() / hits.sum())


def mean_average_precision(probability: np.ndarray, labels: np.ndarray) -> float:
    """Mean over the actions that occur.

    Args:
        probability: ``(N, A)``.
        labels: ``(N,)`` the action of each sample.
    """
    return float(np.mean([average_precision(probability[:, action], labels == action) for action in np.unique(labels)]))
