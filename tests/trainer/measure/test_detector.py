"""Counting of found persons and false boxes, and COCO's average precision."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from trainer.data.detector_scenes import LabelledPicture
from trainer.measure.detector import _annotate, _average_precision, _unlike_training, count_hits

PICTURE = LabelledPicture(
    Path("none.jpg"), "set", "test", ((0.0, 0.0, 10.0, 20.0), (30.0, 0.0, 40.0, 20.0)), ((60.0, 0.0, 70.0, 20.0),)
)


def test_hits_misses_false_boxes_and_ignored_ones() -> None:
    boxes = np.array([[1, 0, 11, 20], [60, 0, 70, 20], [90, 0, 99, 20]], np.float32)
    assert count_hits(PICTURE, boxes) == (1, 1)


def test_nobody_found() -> None:
    assert count_hits(PICTURE, np.zeros((0, 4), np.float32)) == (0, 0)


def test_average_precision_of_a_perfect_and_a_half_right_detector() -> None:
    truth: dict = {
        "images": [{"id": 0, "width": 100, "height": 50}],
        "annotations": [],
        "categories": [{"id": 1, "name": "person"}],
        "info": {},
    }
    _annotate(truth["annotations"], 0, PICTURE)
    found = [
        {"image_id": 0, "category_id": 1, "bbox": [x0, y0, x1 - x0, y1 - y0], "score": 0.9}
        for x0, y0, x1, y1 in PICTURE.boxes
    ]
    assert _average_precision(truth, found) == pytest.approx((1.0, 1.0))
    # COCO samples 101 recall levels: one of two persons found covers 0 to .5, 51 of them.
    assert _average_precision(truth, found[:1])[1] == pytest.approx(51 / 101)


def test_photos_that_training_has_seen_are_not_measured_on(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)

    def picture(name: str, source: str, image: np.ndarray) -> LabelledPicture:
        cv2.imwrite(str(tmp_path / name), image)
        return LabelledPicture(tmp_path / name, source, "any", (), ())

    first, second = (cv2.resize(rng.integers(0, 255, (9, 12, 3), np.uint8), (120, 90)) for _ in range(2))
    training = [picture("a.png", "lspet", first)]
    brighter = np.clip(first.astype(int) + 9, 0, 255).astype(np.uint8)
    same, other, frame = (
        picture("b.png", "lspet", brighter),
        picture("c.png", "lspet", second),
        picture("d.png", "ut_interaction", first),
    )
    assert _unlike_training([same, other, frame], training) == [frame, other]
    assert _unlike_training([same], []) == [same]
