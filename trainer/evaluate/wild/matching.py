"""Which labelled people a detector found, and which of its boxes are on nobody."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from edgeact.geometry import box_area, box_iou, box_overlap

FOUND_IOU = 0.5
_CROWD_SHARE = 0.5  # of a box that lies in a crowd: it is on somebody who is not labelled


@dataclass(frozen=True, slots=True, eq=False)
class Match:
    """What became of one picture's people and boxes.

    Attributes:
        scores: ``(P,)`` score of the box that found each person, −1 where none did: found at a threshold is ``>=``.
        ious: ``(P,)`` overlap of that box with the person's, 0 where none did.
        rows: ``(P,)`` int place of that box among the boxes, −1 where none did.
        false_scores: ``(F,)`` scores of the boxes on nobody, highest first.
    """

    scores: np.ndarray
    ious: np.ndarray
    rows: np.ndarray
    false_scores: np.ndarray


def match_boxes(
    boxes: np.ndarray, scores: np.ndarray, people: np.ndarray, *, unmeasured: np.ndarray, crowds: np.ndarray
) -> Match:
    """Give boxes to people one to one, highest score first, each to the free person that it overlaps most.

    A box takes its place by score alone, so that the match at a threshold is that of all boxes, cut there.

    Args:
        boxes: ``(N, 4)``.
        scores: ``(N,)``.
        people: ``(P, 4)`` who are to be found.
        unmeasured: ``(Q, 4)`` single people who need not be found; a box on one of them is not false.
        crowds: ``(K, 4)``; a box that lies in one by half is not false.
    """
    found, ious, rows = np.full(len(people), -1.0), np.zeros(len(people)), np.full(len(people), -1)
    overlap, small = box_iou(boxes, people), box_iou(boxes, unmeasured).max(1, initial=0.0)
    inside = (box_overlap(boxes, crowds) / np.maximum(box_area(boxes), 1.0)[:, None]).max(1, initial=0.0)
    false = []
    for row in np.argsort(-scores, kind="stable"):
        free = np.where(found < 0, overlap[row], 0.0)
        if len(free) and free.max() >= FOUND_IOU:
            person = int(free.argmax())
            found[person], ious[person], rows[person] = scores[row], free[person], row
        elif small[row] < FOUND_IOU and inside[row] < _CROWD_SHARE:
            false.append(float(scores[row]))
    return Match(found, ious, rows, np.array(false))


def budget_threshold(false_scores: Mapping[str, tuple[np.ndarray, int]], *, limit: float = 0.1) -> float:
    """The lowest threshold at which no source has more than ``limit`` false boxes a picture.

    The worst source decides: a mean would let many easy pictures pay for the false boxes on a few hard ones.

    Args:
        false_scores: By source the scores of its false boxes, and how many pictures it has.
        limit: False boxes a picture.
    """
    threshold = 0.0
    for scores, pictures in false_scores.values():
        allowed = int(limit * pictures + 1e-9)
        if len(scores) > allowed:
            first_too_many = np.sort(scores)[::-1][allowed]
            threshold = max(threshold, float(np.nextafter(first_too_many, np.inf)))
    return threshold
