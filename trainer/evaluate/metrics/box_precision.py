"""Average precision of boxes of people, as COCO counts it (pycocotools)."""

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from trainer.evaluate.metrics.coco_index import coco_index


@dataclass(frozen=True, slots=True, eq=False)
class BoxedPicture:
    """What is in a picture, and what a detector found.

    Attributes:
        people: ``(N, 4)`` x_min, y_min, x_max, y_max in pixels.
        boxes: ``(M, 4)`` likewise, of the detector.
        scores: ``(M,)``, the higher the surer.
        ignored: ``(K, 4)`` people who count neither way, found or not.
    """

    people: np.ndarray
    boxes: np.ndarray
    scores: np.ndarray
    ignored: np.ndarray = field(default_factory=lambda: np.zeros((0, 4), np.float32))


def box_precision(pictures: Sequence[BoxedPicture]) -> float:
    """Average precision at IoU ≥ .5, 0..1; NaN where nobody is in any picture.

    Args:
        pictures: Of each the 100 surest boxes count.
    """
    from pycocotools.cocoeval import COCOeval

    if not any(len(picture.people) for picture in pictures):
        return float("nan")
    true = [
        _annotation(number, box, 1.0, crowd)
        for number, picture in enumerate(pictures)
        for boxes, crowd in ((picture.people, 0), (picture.ignored, 1))
        for box in boxes
    ]
    found = [
        _annotation(number, box, float(score), 0)
        for number, picture in enumerate(pictures)
        for box, score in zip(picture.boxes, picture.scores, strict=True)
    ]
    coco, results = (coco_index(range(len(pictures)), annotations) for annotations in (true, found))
    evaluation = COCOeval(coco, results, "bbox")
    evaluation.params.iouThrs = np.array([0.5])
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation.evaluate()
        evaluation.accumulate()
    precision = evaluation.eval["precision"][0, :, 0, 0, -1]  # by recall; all sizes, at most 100 boxes a picture
    return float(precision.mean())


def _annotation(picture: int, box: np.ndarray, score: float, crowd: int) -> dict[str, object]:
    x_min, y_min, x_max, y_max = (float(value) for value in box)
    width, height = x_max - x_min, y_max - y_min
    return {
        "image_id": picture,
        "area": width * height,
        "score": score,
        "bbox": [x_min, y_min, width, height],
        "iscrowd": crowd,  # COCO ignores what is found in a crowd
    }
