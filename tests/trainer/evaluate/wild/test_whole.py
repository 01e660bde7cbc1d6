"""Whole pipelines on people whom humans labelled."""

import numpy as np
import pytest

from trainer.evaluate.wild.whole import Outcome, judge, whole_figures

NOBODY = np.zeros((0, 4), np.float32)
PEOPLE = np.array([[0, 0, 50, 100], [100, 0, 150, 100], [200, 0, 250, 100]], np.float32)


def labelled(left: float) -> np.ndarray:
    """A person of 17 joints with a torso of 40 pixels; the face is not labelled."""
    joints = np.zeros((17, 3), np.float32)
    joints[5:, 2] = 1
    joints[:, 0] = left + 25
    joints[[5, 6], 1], joints[[11, 12], 1], joints[[7, 8, 9, 10, 13, 14, 15, 16], 1] = 20, 60, 80
    return joints


def test_joints_of_missed_people_are_wrong_and_boxes_on_nobody_are_false() -> None:
    boxes = np.array([[0, 0, 50, 100], [300, 0, 350, 100], [100, 0, 150, 100]], np.float32)
    joints = np.stack([labelled(0), labelled(300), labelled(100)])[..., :2]
    joints[0, 9, 0] += 7.9  # a fifth of the torso is 8 pixels
    joints[0, 10, 0] += 8.1
    boxes[0, 3] = 79  # a pixel above the ankles
    seen = boxes, np.array([0.9, 0.8, 0.7], np.float32), joints
    people = [labelled(0), None, labelled(200)]  # the pose of the second is not measured, the third is missed
    outcome = judge(seen, PEOPLE, people, unmeasured=NOBODY, crowds=NOBODY)
    assert outcome == Outcome(people=3, found=2, labelled=24, right=11, false=1, feet=2, held=0)


def test_shares_are_over_all_pictures_and_false_people_over_fully_labelled_ones() -> None:
    outcomes = [
        {"edgeact": Outcome(people=3, found=2, labelled=24, right=12, false=1, feet=4, held=3)},
        {"edgeact": Outcome(people=1, found=1, labelled=12, right=12, false=5, feet=0, held=0)},
        {"edgeact": Outcome(people=0, found=0, labelled=0, right=0, false=0, feet=0, held=0)},
    ]
    figures = whole_figures(outcomes, [True, False, True])["edgeact"]
    assert figures["found"]["value"] == pytest.approx(3 / 4)
    assert figures["joints_right"]["value"] == pytest.approx(24 / 36)
    assert figures["feet_held"]["value"] == pytest.approx(3 / 4)
    assert figures["false_people"]["value"] == pytest.approx(1 / 2)
    assert whole_figures([], []) == {}
