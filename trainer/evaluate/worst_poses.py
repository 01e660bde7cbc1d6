"""Find the people with the largest pose errors, and draw labelled and predicted joints into a crop of each."""

from collections.abc import Sequence

import cv2
import numpy as np

from edgeact.geometry import person_crop_matrix, transform_points, warp
from edgeact.skeleton import BODY_21, COCO_17
from trainer.data.read_picture import read_rgb
from trainer.data.sample import Sample
from trainer.evaluate.held_out_people import FoundJoints, person_box
from trainer.evaluate.report.drawn_pose import OURS, TRUTH, draw_bones
from trainer.evaluate.report.findings import Shown

_SIDE = 280
_PADDING = 1.25  # of the box: what a network mistook often lies beside the person
# A joint as far off as this many thresholds is wrong altogether: how far it lies beyond, or how short a torso looks
# that is seen from above, says nothing more.
_FARTHEST = 5.0


def mean_errors(distances: np.ndarray, threshold: float) -> np.ndarray:
    """Compute each person's mean joint error ``(N,)`` from distances ``(N, J)``, each clipped at five thresholds; NaN
    for a person without known joints.
    """
    counted = np.minimum(distances, farthest(threshold))
    known = np.isfinite(counted)
    total = np.where(known, counted, 0).sum(1)
    return np.where(known.any(1), total / np.maximum(known.sum(1), 1), np.nan)


def farthest(threshold: float) -> float:
    """Return the distance at which `mean_errors` clips."""
    return _FARTHEST * threshold


def worst_poses(
    samples: Sequence[Sample], found: FoundJoints, wanted: np.ndarray, errors: np.ndarray, count: int
) -> tuple[Shown, ...]:
    """Draw crops of the people with the largest errors, the largest first, captioned with file and error.

    Args:
        samples: N people, each in a picture.
        found: Their joints as a bundle finds them.
        wanted: ``(N, J, 2)`` as labelled, in the same order; NaN where nobody labelled one.
        errors: ``(N,)`` of `mean_errors`.
        count: At most so many people.
    """
    bones = bones_between(found.names)
    known = np.isfinite(wanted).all(-1)
    shown = []
    for row in np.argsort(-np.nan_to_num(errors, nan=-np.inf), kind="stable")[:count]:
        if not np.isfinite(errors[row]):
            break
        matrix = person_crop_matrix(person_box(samples[row]), width=_SIDE, height=_SIDE, padding=_PADDING)
        crop = warp(read_rgb(samples[row].picture), matrix, width=_SIDE, height=_SIDE)
        for places, colour in ((wanted[row], TRUTH), (found.places[row], OURS)):
            joints = transform_points(np.nan_to_num(places), matrix)
            draw_bones(crop, joints, known[row], bones, colour)
            for x, y in joints[known[row]].round().astype(int).tolist():
                cv2.circle(crop, (x, y), 3, colour, -1, cv2.LINE_AA)
        shown.append(Shown(crop, f"{samples[row].picture.name}: {errors[row]:.2f}"))
    return tuple(shown)


def bones_between(names: Sequence[str]) -> list[tuple[int, int]]:
    """Return the bones that connect the given joints, as index pairs into ``names``."""
    pairs = {
        (skeleton.joints[first], skeleton.joints[second])
        for skeleton in (BODY_21, COCO_17)
        for first, second in skeleton.bones
    }
    return [(names.index(one), names.index(other)) for one, other in sorted(pairs) if one in names and other in names]
