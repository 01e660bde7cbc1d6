"""Boxes out of maps, and the localisation measures, on maps whose answer is plain."""

import numpy as np
import pytest

from trainer.evaluate.metrics.map_boxes import (
    best_overlap,
    box_accuracy,
    classified_box_accuracy,
    contour_boxes,
    hits,
    max_box_accuracy,
    over_largest,
)


def two_regions() -> np.ndarray:
    values = np.zeros((10, 12), np.float32)
    values[1:4, 2:6] = 0.9  # rows 1 to 3, columns 2 to 5
    values[7:9, 8:11] = 0.4
    return values


def test_regions_become_tight_boxes() -> None:
    values = two_regions()
    assert sorted(contour_boxes(values, 0.3).tolist()) == [[2, 1, 5, 3], [8, 7, 10, 8]]
    assert contour_boxes(values, 0.5).tolist() == [[2, 1, 5, 3]]
    assert contour_boxes(values, 0.3, largest_only=True).tolist() == [[2, 1, 5, 3]]
    assert contour_boxes(values, 0.95).shape == (0, 4)
    assert contour_boxes(np.zeros((4, 4), np.float32), 0.0).shape == (0, 4)


def test_cells_that_touch_at_a_corner_are_one_region() -> None:
    values = np.eye(3, dtype=np.float32)
    assert contour_boxes(values, 0.5).tolist() == [[0, 0, 2, 2]]


def test_a_hit_is_a_salient_part_that_touches_the_box() -> None:
    values = two_regions()
    assert hits(values, np.array([5.0, 3.0, 9.0, 6.0], np.float32))
    assert not hits(values, np.array([8.0, 7.0, 10.0, 8.0], np.float32))  # .4 is under half of .9
    assert hits(values, np.array([8.0, 7.0, 10.0, 8.0], np.float32), threshold=0.4)
    assert not hits(np.zeros((5, 5), np.float32), np.array([0.0, 0.0, 4.0, 4.0], np.float32))
    assert not hits(values, np.array([50.0, 50.0, 60.0, 60.0], np.float32))


def test_the_best_overlap_over_all_thresholds() -> None:
    values = two_regions()
    assert best_overlap(values, np.array([[2.0, 1.0, 5.0, 3.0]], np.float32)) == pytest.approx(1.0)
    # 4×3 cells against 4×6: half
    assert best_overlap(values, np.array([[2.0, 1.0, 5.0, 6.0]], np.float32)) == pytest.approx(0.5)
    assert best_overlap(values, np.array([[8.0, 7.0, 10.0, 8.0]], np.float32)) == pytest.approx(1.0)
    assert best_overlap(values, np.array([[8.0, 7.0, 10.0, 8.0]], np.float32), largest_only=True) == 0.0
    assert best_overlap(np.zeros((4, 4), np.float32), np.array([[0.0, 0.0, 3.0, 3.0]], np.float32)) == 0.0


def test_accuracy_by_overlap() -> None:
    assert box_accuracy([0.2, 0.4, 0.6, 0.8], [0.3, 0.5, 0.7]) == {0.3: 0.75, 0.5: 0.5, 0.7: 0.25}
    with pytest.raises(ValueError, match="no map"):
        box_accuracy([], [0.5])


def test_no_overlap_is_never_right() -> None:
    # θ = 0 is the paper's hit point: any overlap counts, none does not.
    assert box_accuracy([0.0, 0.01, 0.9, 0.0], [0.0]) == {0.0: 0.5}


def test_accuracy_of_classification_and_place() -> None:
    overlaps, correct = [0.2, 0.4, 0.6, 0.8], [True, False, True, True]
    # Right in class and place: at .3 the third and the fourth of four; at 0 all but the second; at .7 the fourth.
    assert classified_box_accuracy(overlaps, correct, [0.0, 0.3, 0.7]) == {0.0: 0.75, 0.3: 0.5, 0.7: 0.25}
    assert classified_box_accuracy(overlaps, [True] * 4, [0.3, 0.7]) == box_accuracy(overlaps, [0.3, 0.7])
    with pytest.raises(ValueError, match="4 overlaps and 3 classifications"):
        classified_box_accuracy(overlaps, [True] * 3, [0.5])


def test_a_sum_of_layers_is_divided_by_its_maximum_first() -> None:
    values = 3 * two_regions()  # up to 2.7, as a sum of three layers may be
    box = np.array([[2.0, 1.0, 5.0, 3.0]], np.float32)
    assert contour_boxes(values, 1.3).tolist() == [[2, 1, 5, 3]]  # a threshold of one's own may be as high as the map
    for measured in (lambda: best_overlap(values, box), lambda: max_box_accuracy([values], [box], [0.5])):
        with pytest.raises(ValueError, match=r"the map reaches 2\.7, its thresholds are for 1 at most"):
            measured()
    assert best_overlap(over_largest(values), box) == pytest.approx(1.0)
    assert best_overlap(values, box, thresholds=(1.0, 2.0, 3.0)) == pytest.approx(1.0)
    assert over_largest(values).max() == 1.0
    assert not over_largest(np.full((2, 2), -1.0, np.float32)).any()


def test_max_box_accuracy_takes_one_threshold_for_all() -> None:
    # The first map is right from .5 on only, the second up to .4 only: no threshold serves both.
    first = np.full((6, 6), 0.45, np.float32)
    first[1:3, 1:3] = 1.0
    second = np.zeros((6, 6), np.float32)
    second[0:4, 0:4] = 0.42
    second[0, 0] = 1.0
    boxes = [np.array([[1.0, 1.0, 2.0, 2.0]], np.float32), np.array([[0.0, 0.0, 3.0, 3.0]], np.float32)]
    assert max_box_accuracy([first, second], boxes, [0.9]) == {0.9: 0.5}
    overlaps = [best_overlap(values, true) for values, true in zip([first, second], boxes, strict=True)]
    assert box_accuracy(overlaps, [0.9]) == {0.9: 1.0}  # while each at its own threshold is right
