"""Average precision of boxes: every person found once, in the order of the scores."""

import math

import numpy as np
import pytest

from trainer.evaluate.metrics.box_precision import BoxedPicture, box_precision

NOBODY = np.zeros((0, 4), np.float32)
ONE, OTHER = np.array([[10, 10, 50, 90]], np.float32), np.array([[60, 10, 90, 90]], np.float32)


def picture(people: np.ndarray, *found: tuple[np.ndarray, float]) -> BoxedPicture:
    boxes = np.concatenate([NOBODY, *(box for box, _ in found)])
    return BoxedPicture(people, boxes, np.array([score for _, score in found], np.float32))


def test_who_is_found_before_anything_false_counts_whole() -> None:
    assert box_precision([picture(ONE, (ONE, 0.9)), picture(OTHER, (OTHER + 2, 0.8))]) == pytest.approx(1)
    assert box_precision([picture(ONE), picture(NOBODY)]) == 0


def test_a_false_box_counts_where_it_is_surer_than_a_person() -> None:
    both = picture(ONE, (ONE, 0.9)), picture(OTHER, (OTHER, 0.7))
    late, early = picture(NOBODY, (ONE, 0.5)), picture(NOBODY, (ONE, 0.8))
    assert box_precision([*both, late]) == pytest.approx(1)
    # At recall up to a half the precision is 1, from there on 2/3, at COCO's 101 points of recall.
    assert box_precision([*both, early]) == pytest.approx((51 + 50 * 2 / 3) / 101)


def test_a_second_box_of_a_person_is_false() -> None:
    twice = picture(ONE, (ONE, 0.9), (ONE + 1, 0.8))
    assert box_precision([twice, picture(OTHER, (OTHER, 0.7))]) == pytest.approx((51 + 50 * 2 / 3) / 101)


def test_without_people_there_is_no_precision() -> None:
    assert math.isnan(box_precision([picture(NOBODY, (ONE, 0.9))]))


def test_who_is_ignored_counts_neither_way() -> None:
    found = (ONE, 0.8), (OTHER, 0.9)
    boxes = np.concatenate([box for box, _ in found])
    scores = np.array([score for _, score in found], np.float32)
    assert box_precision([BoxedPicture(ONE, boxes, scores, OTHER)]) == pytest.approx(1)
    assert box_precision([BoxedPicture(ONE, boxes, scores)]) == pytest.approx(0.5)
    assert box_precision([BoxedPicture(ONE, boxes[:1], scores[:1], OTHER)]) == pytest.approx(1)
