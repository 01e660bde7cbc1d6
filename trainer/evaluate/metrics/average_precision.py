"""Mean average precision of actions: how far the right samples of a class come before the others (scikit-learn)."""

import numpy as np


def average_precision(scores: np.ndarray, right: np.ndarray) -> float:
    """Area under the steps of precision over recall; NaN without a right sample.

    Samples of the same score count as one place, so that the order of a file decides nothing.

    Args:
        scores: ``(N,)``.
        right: ``(N,)`` bool.
    """
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(right, scores)) if right.any() else float("nan")


def mean_average_precision(probability: np.ndarray, labels: np.ndarray) -> float:
    """Mean over the actions that occur.

    Args:
        probability: ``(N, A)``.
        labels: ``(N,)`` the action of each sample, or ``(N, A)`` which actions each shows (1), does not show (0), or
            nobody judged (−1, left out for that action).
    """
    actions = probability.shape[1]
    shown = labels if labels.ndim == 2 else (labels[:, None] == np.arange(actions)).astype(np.int8)
    values = []
    for action in range(actions):
        judged = shown[:, action] >= 0
        right = shown[judged, action] == 1
        if right.any():
            values.append(average_precision(probability[judged, action], right))
    return float(np.mean(values)) if values else float("nan")
