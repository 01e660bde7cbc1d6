"""Percentage of correct keypoints: a joint is right when it lies within a share of the person's torso length.

The torso length is the mean distance from shoulder to hip of the same side (`trainer.data.pose_patches.torso_length`);
persons without a labelled side are left out. Yang and Ramanan, "Articulated Human Detection with Flexible Mixtures of
Parts", PAMI 2013, introduced the measure with the longer diagonal of the torso, so that numbers here are a little lower
than with theirs.
"""

from collections.abc import Sequence

import numpy as np


def pck(
    predicted: np.ndarray, target: np.ndarray, torso: np.ndarray, *, joints: Sequence[int], threshold: float = 0.2
) -> tuple[float, np.ndarray]:
    """Share of labelled joints within ``threshold`` torso lengths.

    Args:
        predicted: ``(N, J, 2)`` x, y.
        target: ``(N, J, 3)`` x, y, weight; weight 0 leaves the joint out.
        torso: ``(N,)`` torso lengths in the same unit; 0 leaves the person out.
        joints: Which joints count.
        threshold: Share of the torso length.

    Returns:
        The share over all joints (0..1, NaN when nothing is labelled), and the share per joint ``(len(joints),)``.
    """
    chosen = list(joints)
    valid = (target[:, chosen, 2] > 0) & (torso[:, None] > 0)
    distance = np.linalg.norm(predicted[:, chosen, :2] - target[:, chosen, :2], axis=-1)
    right = (distance <= threshold * torso[:, None]) & valid
    with np.errstate(invalid="ignore"):
        per_joint = right.sum(0) / valid.sum(0)
    return float(right.sum() / valid.sum()) if valid.any() else float("nan"), per_joint
