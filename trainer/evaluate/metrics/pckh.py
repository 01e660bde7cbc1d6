"""PCKh of MPII (Andriluka et al., CVPR 2014): a joint is right when it lies within a share of the head's length.

The head's length is .6 times the diagonal of its box, which is what the published evaluation takes. The mean leaves
pelvis and thorax out, as published tables do.
"""

from collections.abc import Sequence

import numpy as np
from scipy.integrate import trapezoid

HEAD_SHARE = 0.6
GROUPS: dict[str, tuple[str, ...]] = {
    "head": ("upper_neck", "head_top"),
    "face": ("nose", "left_eye", "right_eye", "left_ear", "right_ear"),  # of COCO, which has no top of the head
    "shoulder": ("left_shoulder", "right_shoulder"),
    "elbow": ("left_elbow", "right_elbow"),
    "wrist": ("left_wrist", "right_wrist"),
    "hip": ("left_hip", "right_hip"),
    "knee": ("left_knee", "right_knee"),
    "ankle": ("left_ankle", "right_ankle"),
}
AUC_THRESHOLDS = tuple(step / 100 for step in range(51))  # 0 to .5, the area that MPII's site reports


def head_lengths(boxes: np.ndarray) -> np.ndarray:
    """Lengths ``(N,)`` of heads with boxes ``(N, 4)``."""
    return HEAD_SHARE * np.hypot(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])


def normalised_distances(found: np.ndarray, wanted: np.ndarray, length: np.ndarray) -> np.ndarray:
    """Distances ``(N, J)`` of joints ``(N, J, 2)`` in lengths ``(N,)``; NaN where a joint or the length is missing."""
    distance = np.linalg.norm(found - wanted, axis=-1)
    return distance / np.where(length > 0, length, np.nan)[:, None]


def pckh(distances: np.ndarray, joints: Sequence[str], *, threshold: float = 0.5) -> dict[str, float]:
    """Share of labelled joints within the threshold, by group, and ``mean`` over all joints of the groups.

    Args:
        distances: ``(N, J)`` of `normalised_distances`.
        joints: Names of the J.
        threshold: Share of the head's length; a joint exactly there is right.
    """
    shares, every = {}, []
    for group, names in GROUPS.items():
        chosen = distances[:, [joints.index(name) for name in names if name in joints]].ravel()
        known = chosen[np.isfinite(chosen)]
        every.append(known)
        shares[group] = float((known <= threshold).mean()) if len(known) else float("nan")
    flat = np.concatenate(every)
    return {**shares, "mean": float((flat <= threshold).mean()) if len(flat) else float("nan")}


def pck_curve(distances: np.ndarray, thresholds: Sequence[float] = AUC_THRESHOLDS) -> list[float]:
    """Share of all labelled joints within each threshold."""
    known = distances[np.isfinite(distances)]
    return [float((known <= threshold).mean()) if len(known) else float("nan") for threshold in thresholds]


def area_under(curve: Sequence[float], thresholds: Sequence[float] = AUC_THRESHOLDS) -> float:
    """Area under a curve over the range of its thresholds: 1 where everything is right from the first on."""
    return float(trapezoid(curve, thresholds) / (thresholds[-1] - thresholds[0]))
