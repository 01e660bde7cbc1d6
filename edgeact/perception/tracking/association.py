"""Which detection is which track, and which two tracks are one person: by boxes, poses and clothes together.

Boxes alone swap or merge people who hug or cross, because their boxes become one; their poses stay apart for longer,
and what they wear tells who came out on which side. The assignment is the one with the greatest total, as in SORT and
ByteTrack. Boxes of tracks that were not seen for a while are grown before they are compared (buffered IoU; Yang et al.,
WACV 2023, arXiv 2211.14317).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from edgeact.geometry import box_area, box_iou, box_overlap, pose_similarity
from edgeact.perception.tracking.appearance import colour_similarity
from edgeact.types import Detection, Float32

# A person moves and turns from one frame to the next, so joints may be this many times further apart than annotators
# put them.
_SIGMA_GROWTH = 1.5

_COLOUR_SHARE = 0.2  # of the similarity; clothes are often alike, and light changes
_MIXED_COLOUR_SHARE = 0.6  # of a track that touched another: place and pose may by now be the other's
_APART_IOU = 0.3  # detections that overlap more show each other's clothes
_FILLED_SHARE = 0.8  # two detections that fill so much of a third, worse one are the people in it
COVERED_SHARE = 0.6  # a box that lies so far within another may be part of it, or hidden behind it


@dataclass(frozen=True, slots=True, eq=False)
class Expectation:
    """Where N tracks are expected, one row each.

    Attributes:
        boxes: ``(N, 4)`` predicted boxes.
        growth: ``(N,)`` share of its sides by which a box may be off.
        poses: ``(N, J, 3)`` last poses, moved along with the prediction.
        fresh: ``(N,)`` whether the pose is recent enough to be compared.
        colours: ``(N, 2, 3)`` what each wears, see `ClothingSampler`.
        mixed: ``(N,)`` whether the track touched another since it was last seen alone.
    """

    boxes: Float32
    growth: Float32
    poses: Float32
    fresh: npt.NDArray[np.bool_]
    colours: Float32
    mixed: npt.NDArray[np.bool_]


def track_similarity(
    expected: Expectation, boxes: Float32, poses: Float32, colours: Float32, *, sigmas: Float32
) -> Float32:
    """How well each detection fits each track.

    Args:
        expected: N tracks.
        boxes: ``(M, 4)`` detected boxes.
        poses: ``(M, J, 3)`` poses in them.
        colours: ``(M, 2, 3)`` clothes in them.
        sigmas: ``(J,)`` of the skeleton.

    Returns:
        ``(N, M)`` 0..1; 0 where the boxes are apart.
    """
    place = np.stack(
        [_grown_iou(box, boxes, share=float(share)) for box, share in zip(expected.boxes, expected.growth, strict=True)]
    )
    pose = pose_similarity(expected.poses, poses, areas=box_area(expected.boxes), sigmas=_SIGMA_GROWTH * sigmas)
    fit = np.where(expected.fresh[:, None], (place + pose) / 2, place)
    among = box_iou(boxes, boxes)
    np.fill_diagonal(among, 0.0)
    apart = among.max(1, initial=0.0) < _APART_IOU
    share = np.where(expected.mixed[:, None] & apart[None, :], _MIXED_COLOUR_SHARE, _COLOUR_SHARE)
    clothes = colour_similarity(expected.colours, colours)
    fit = np.where(np.isfinite(clothes), (1 - share) * fit + share * np.nan_to_num(clothes), fit)
    return np.where(place > 0, fit, 0.0).astype(np.float32)


def _grown_iou(box: Float32, others: Float32, *, share: float) -> Float32:
    """IoU ``(M,)`` after both boxes have grown; if only one did, a person who stands still would fit worse."""
    overlap: Float32 = box_iou(grow_boxes(box[None], share=share), grow_boxes(others, share=share))[0]
    return overlap


def grow_boxes(boxes: Float32, *, share: float) -> Float32:
    """Boxes ``(N, 4)`` with every side moved outwards by a share of the box's width or height."""
    margins = (boxes[:, 2:] - boxes[:, :2]) * np.float32(share)
    return np.concatenate([boxes[:, :2] - margins, boxes[:, 2:] + margins], axis=1)


def assign(similarity: Float32, *, threshold: float) -> list[tuple[int, int]]:
    """Pairs (row, column) with the greatest total similarity ``(N, M)``, none under the threshold."""
    if similarity.size == 0:
        return []
    # Pairs under the threshold must not push good pairs apart for the sake of the total.
    rows, columns = linear_sum_assignment(np.where(similarity >= threshold, similarity, 0.0), maximize=True)
    return [
        (int(row), int(column))
        for row, column in zip(rows, columns, strict=True)
        if similarity[row, column] >= threshold
    ]


def covered_share(boxes: Float32, others: Float32) -> Float32:
    """Share ``(N, M)`` of each box ``(N, 4)`` that lies within each other box ``(M, 4)``."""
    area = np.maximum(box_area(boxes), 1e-6)
    return np.asarray(box_overlap(boxes, others) / area[:, None], np.float32)


def pose_fit(before: Float32, after: Float32, *, area: float, sigmas: Float32) -> float:
    """How well a pose ``(J, 3)`` continues another, 0..1, for a person whose box has this area."""
    alike = pose_similarity(
        before[None], after[None], areas=np.array([area], np.float32), sigmas=_SIGMA_GROWTH * sigmas
    )
    return float(alike[0, 0])


def find_duplicates(
    poses: Float32, boxes: Float32, *, sigmas: Float32, similarity: float
) -> list[tuple[float, tuple[int, int]]]:
    """Similarity and pair (first, second) of poses ``(N, J, 3)`` in boxes ``(N, 4)`` that may show the same person,
    most alike first.
    """
    if len(poses) < 2:
        return []
    alike = pose_similarity(poses, poses, areas=box_area(boxes), sigmas=sigmas)
    alike = np.minimum(alike, alike.T)  # measured against the smaller of the two
    pairs = [
        (float(alike[i, j]), i, j)
        for i in range(len(poses))
        for j in range(i + 1, len(poses))
        if alike[i, j] >= similarity
    ]
    return [(value, (i, j)) for value, i, j in sorted(pairs, reverse=True)]


def without_pairs(detections: list[Detection]) -> list[Detection]:
    """Detections, highest score first, without those that are one box around two better ones which nearly fill it."""
    boxes = np.stack([detection.box for detection in detections]) if detections else np.zeros((0, 4), np.float32)
    inside = covered_share(boxes, boxes) >= COVERED_SHARE
    kept = []
    for index, detection in enumerate(detections):
        better = [other for other in range(index) if inside[other, index]]
        filled = 0.0
        if len(better) >= 2:
            clipped = np.concatenate(
                [np.maximum(boxes[better, :2], boxes[index, :2]), np.minimum(boxes[better, 2:], boxes[index, 2:])],
                axis=1,
            )
            union = np.concatenate([clipped[:, :2].min(0), clipped[:, 2:].max(0)])
            filled = float(box_area(union) / max(float(box_area(boxes[index])), 1e-6))
        if filled < _FILLED_SHARE:
            kept.append(detection)
    return kept
