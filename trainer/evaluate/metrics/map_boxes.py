"""Boxes out of attribution maps, and how well they hit (paper C, section 4: hit point, Acc2, MaxBoxAcc after Choe et
al., CVPR 2020).

`THRESHOLDS` are for maps in 0..1, as single layers' and their average are. The sum of n layers reaches n: divide it by
its maximum first (`over_largest`). The paper does not say whether it did; that its tables 4 and 5 have other numbers
for the sum than for the average, which differ by the factor n only, speaks against it. Without, regions are the same as
of ``np.minimum(values, 1)``.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from edgeact.geometry import box_iou
from edgeact.types import Float32

THRESHOLDS = tuple(step / 100 for step in range(101))  # τ from 0 to 1 in steps of .01
COARSE_THRESHOLDS = THRESHOLDS[::5]  # cost a fifth
IMAGE_OVERLAPS = (0.3, 0.5, 0.7)  # θ of ILSVRC
CLIP_OVERLAPS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5)  # θ of UCF24


def over_largest(values: Float32) -> Float32:
    """A map of any shape over its largest value, so that it reaches 1; where nothing is above 0, it is 0 everywhere."""
    largest = values.max()
    return values / largest if largest > 0 else np.zeros_like(values)


def contour_boxes(values: Float32, threshold: float, *, largest_only: bool = False) -> Float32:
    """The tight boxes around every connected region that reaches a threshold.

    Args:
        values: ``(H, W)`` map of any range; regions are joined over corners too. Cells that are 0 or less belong to no
            region.
        threshold: τ, in the map's range.
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

    The paper calls it a hit "if the saliency intersects the bounding box" and does not say from where on a map is
    salient.
    """
    largest = float(values.max())
    if largest <= 0:
        return False
    x0, y0, x1, y1 = (int(edge) for edge in (*np.floor(box[:2]), *np.ceil(box[2:])))
    inside = values[max(0, y0) : max(0, y1 + 1), max(0, x0) : max(0, x1 + 1)]
    return bool(inside.size) and float(inside.max()) >= threshold * largest


def best_overlap(
    values: Float32, boxes: Float32, *, thresholds: Sequence[float] = THRESHOLDS, largest_only: bool = False
) -> float:
    """The best intersection over union of any of the map's boxes with any of the given ``(G, 4)``, over all thresholds;
    0 without a box.

    Raises:
        ValueError: The map goes beyond the range of the thresholds (see this module's head).
    """
    _check_range(values, thresholds)
    return max((_overlap(values, boxes, threshold, largest_only=largest_only) for threshold in thresholds), default=0.0)


def _check_range(values: Float32, thresholds: Sequence[float]) -> None:
    limit = max(1.0, *thresholds)
    if float(values.max()) > limit * (1 + 1e-6):  # averages and quotients end up that near above 1
        raise ValueError(
            f"the map reaches {float(values.max()):.4g}, its thresholds are for {limit:g} at most; "
            "divide it by its maximum (over_largest), or give thresholds as high"
        )


def _overlap(values: Float32, boxes: Float32, threshold: float, *, largest_only: bool) -> float:
    """The best intersection over union at one threshold."""
    found = contour_boxes(values, threshold, largest_only=largest_only)
    # Boxes end at cells' centres: half a cell more on each side is what they cover.
    return float(box_iou(found + _CELL, boxes + _CELL).max(initial=0.0)) if len(found) else 0.0


_CELL = np.array([-0.5, -0.5, 0.5, 0.5], np.float32)


def box_accuracy(overlaps: Sequence[float], wanted: Sequence[float]) -> dict[float, float]:
    """Share of maps whose best overlap reaches each of the wanted ones: by θ. Their mean is the table's last column.

    An overlap of 0 is never right: θ = 0 asks for any overlap at all, which is the paper's hit point.

    Raises:
        ValueError: There is no map.
    """
    if not len(overlaps):
        raise ValueError("there is no map to measure; give at least one")
    values = np.asarray(overlaps)
    return {theta: float(((values >= theta) & (values > 0)).mean()) for theta in wanted}


def classified_box_accuracy(
    overlaps: Sequence[float], correct: Sequence[bool], wanted: Sequence[float]
) -> dict[float, float]:
    """Acc2 = c·#Hits / (#Hits + #Misses): `box_accuracy` where a map of a wrongly classified sample is a miss (tables 5
    and 8).

    Args:
        overlaps: Of each map its `best_overlap`, or 1 and 0 for `hits`.
        correct: c: whether the network's class of that sample is the true one.
        wanted: θ.

    Raises:
        ValueError: There is no map, or not as many of both.
    """
    if len(overlaps) != len(correct):
        raise ValueError(
            f"there are {len(overlaps)} overlaps and {len(correct)} classifications; give one of each for every map"
        )
    return box_accuracy([overlap if right else 0.0 for overlap, right in zip(overlaps, correct, strict=True)], wanted)


def max_box_accuracy(
    maps: Sequence[Float32],
    boxes: Sequence[Float32],
    wanted: Sequence[float],
    *,
    thresholds: Sequence[float] = THRESHOLDS,
    largest_only: bool = True,
) -> dict[float, float]:
    """MaxBoxAcc: for each θ the share of maps right at the one threshold that suits the whole data set best (Choe et
    al., eq. 3 and 4).

    One threshold means the same for all maps only where they have one range: Choe et al. bring each to 0..1
    (`over_largest`).

    Args:
        maps: One ``(H, W)`` a sample.
        boxes: The true ``(G, 4)`` of each.
        wanted: θ.
        thresholds: τ.
        largest_only: Choe et al. take the largest region's box; False takes all (their MaxBoxAccV2).

    Raises:
        ValueError: There is no map, or one goes beyond the range of the thresholds.
    """
    for values in maps:
        _check_range(values, thresholds)
    per_threshold = [
        [_overlap(values, true, threshold, largest_only=largest_only) for values, true in zip(maps, boxes, strict=True)]
        for threshold in thresholds
    ]
    accuracies = [box_accuracy(overlaps, wanted) for overlaps in per_threshold]
    return {theta: max(accuracy[theta] for accuracy in accuracies) for theta in wanted}
