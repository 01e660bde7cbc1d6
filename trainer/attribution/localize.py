"""Boxes out of attribution maps, and how well they hit (paper C, section 4: hit point, Acc2, MaxBoxAcc after Choe et al., CVPR 2020)."""

from collections.abc import Sequence

import cv2
import numpy as np

from edgeact.geometry import box_iou
from edgeact.types import Float32

THRESHOLDS = tuple(step / 100 for step in range(101))  # τ from 0 to 1 in steps of .01
IMAGE_OVERLAPS = (0.3, 0.5, 0.7)  # θ of ILSVRC
CLIP_OVERLAPS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5)  # θ of UCF24


def contour_boxes(values: Float32, threshold: float, *, largest_only: bool = False) -> Float32:
    """The tight boxes around every connected region that reaches a threshold.

    Args:
        values: ``(H, W)`` map; regions are joined over corners too. Cells that are 0 belong to no region.
        threshold: τ.
        largest_only: Only the region with the most cells.

    Returns:
        ``(M, 4)`` float32 x_min, y_min, x_max, y_max, to the outer cells' centres; M may be 0.
    """
    mask = ((values >= threshold) & (values > 0)).astype(np.uint8)
    count, _, statistics, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    rows = statistics[1:count]  # the first is the background
    if largest_only and len(rows):
        rows = rows[[int(rows[:, cv2.CC_STAT_AREA].argmax())]]
    x, y, width, height = rows[:, :4].astype(np.float32).T if len(rows) else np.zeros((4, 0), np.float32)
    return np.stack([x, y, x + width - 1, y + height - 1], -1)


def hits(values: Float32, box: Float32, *, threshold: float = 0.5) -> bool:
    """Whether the map's salient part, above a share of its maximum, touches the box ``(4,)``: the paper's hit point.

    The paper calls it a hit "if the saliency intersects the bounding box" and does not say from where on a map is salient.
    """
    largest = float(values.max())
    if largest <= 0:
        return False
    x0, y0, x1, y1 = (int(edge) for edge in (*np.floor(box[:2]), *np.ceil(box[2:])))
    inside = values[max(0, y0) : max(0, y1 + 1), max(0, x0) : max(0, x1 + 1)]
    return bool(inside.size) and float(inside.max()) >= threshold * largest


def best_overlap(values: Float32, boxes: Float32, *, thresholds: Sequence[float] = THRESHOLDS, largest_only: bool = False) -> float:
    """The best intersection over union of any of the map's boxes with any of the given ``(G, 4)``, over all thresholds; 0 without a box."""
    best = 0.0
    for threshold in thresholds:
        found = contour_boxes(values, threshold, largest_only=largest_only)
        if len(found):
            # Boxes end at cells' centres: half a cell more on each side is what they cover.
            best = max(best, float(box_iou(found + _CELL, boxes + _CELL).max(initial=0.0)))
    return best


_CELL = np.array([-0.5, -0.5, 0.5, 0.5], np.float32)


def box_accuracy(overlaps: Sequence[float], wanted: Sequence[float]) -> dict[float, float]:
    """Share of maps whose best overlap reaches each of the wanted ones: by θ. Their mean is the table's last column.

    Raises:
        ValueError: There is no map.
    """
    if not len(overlaps):
        raise ValueError("there is no map to measure; give at least one")
    values = np.asarray(overlaps)
    return {theta: float((values >= theta).mean()) for theta in wanted}


def max_box_accuracy(
    maps: Sequence[Float32],
    boxes: Sequence[Float32],
    wanted: Sequence[float],
    *,
    thresholds: Sequence[float] = THRESHOLDS,
    largest_only: bool = True,
) -> dict[float, float]:
    """MaxBoxAcc: for each θ the share of maps right at the one threshold that suits the whole data set best (Choe et al., eq. 3 and 4).

    Args:
        maps: One ``(H, W)`` a sample.
        boxes: The true ``(G, 4)`` of each.
        wanted: θ.
        thresholds: τ.
        largest_only: Choe et al. take the largest region's box; False takes all (their MaxBoxAccV2).

    Raises:
        ValueError: There is no map.
    """
    per_threshold = [
        [best_overlap(values, true, thresholds=(threshold,), largest_only=largest_only) for values, true in zip(maps, boxes, strict=True)]
        for threshold in thresholds
    ]
    accuracies = [box_accuracy(overlaps, wanted) for overlaps in per_threshold]
    return {theta: max(accuracy[theta] for accuracy in accuracies) for theta in wanted}
