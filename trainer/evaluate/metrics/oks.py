"""Average precision of poses by object keypoint similarity, as COCO counts it (pycocotools)."""

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trainer.evaluate.metrics.coco_index import coco_index

_NAMES = ("AP", "AP50", "AP75", "AP_medium", "AP_large", "AR", "AR50", "AR75", "AR_medium", "AR_large")


@dataclass(frozen=True, slots=True, eq=False)
class CocoPose:
    """A person of a picture: a labelled ("true") or a predicted ("found") one.

    Attributes:
        picture: Number of the picture.
        joints: ``(17, 3)`` x, y and, of true people, visibility 0, 1 or 2.
        area: Of the person's mask, in pixels; of found people any number.
        score: Of found people.
        box: ``(4,)`` x_min, y_min, x_max, y_max, of true people.
        crowd: Whether it stands for many; found people in it count neither way.
    """

    picture: int
    joints: np.ndarray
    area: float = 1.0
    score: float = 1.0
    box: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    crowd: bool = False


def keypoint_precision(true: Sequence[CocoPose], found: Sequence[CocoPose]) -> dict[str, float]:
    """COCO's ten figures, 0..1; −1, as COCO has it, where no true person is of a size.

    Args:
        true: People with joints; those without a labelled joint count neither way.
        found: At most twenty of a picture count.
    """
    from pycocotools.cocoeval import COCOeval

    pictures = sorted({pose.picture for pose in (*true, *found)})
    coco, results = (coco_index(pictures, [_annotation(pose) for pose in poses]) for poses in (true, found))
    evaluation = COCOeval(coco, results, "keypoints")
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return dict(zip(_NAMES, (float(value) for value in evaluation.stats), strict=True))


def _annotation(pose: CocoPose) -> dict[str, object]:
    x_min, y_min, x_max, y_max = pose.box
    return {
        "image_id": pose.picture,
        "keypoints": np.asarray(pose.joints, float).ravel().tolist(),
        "num_keypoints": int((np.asarray(pose.joints)[:, 2] > 0).sum()),
        "area": pose.area,
        "score": pose.score,
        "bbox": [x_min, y_min, x_max - x_min, y_max - y_min],
        "iscrowd": int(pose.crowd),
    }
