"""The quarter-diagonal rule of the body-part-aware paper."""

import numpy as np
import pytest

from edgeact.perception.parts import part_crops, part_length
from edgeact.skeleton import BODY_21, COCO_17
from edgeact.types import Pose


def pose(joints: int = 21) -> Pose:
    places = np.zeros((joints, 2), np.float32)
    places[0], places[1] = (0, 0), (30, 40)  # the extent is a 3-4-5 triangle: its diagonal is 50
    places[BODY_21.index("right_wrist")] = (10, 20)
    return Pose(places, np.ones(joints, np.float32))


def test_the_length_is_a_quarter_of_the_diagonal() -> None:
    assert part_length(pose().joints) == pytest.approx(12.5)


def test_parts_are_squares_of_twice_the_length_around_their_joint() -> None:
    parts = {part.name: part.box for part in part_crops(pose(), skeleton=BODY_21, threshold=0.5)}
    assert set(parts) == {"head", "right_hand", "left_hand"}
    assert parts["right_hand"].tolist() == [-2.5, 7.5, 22.5, 32.5]


def test_unsure_parts_are_left_out() -> None:
    sure = pose()
    confidence = sure.confidence.copy()
    confidence[BODY_21.index("left_wrist")] = 0.2
    names = {part.name for part in part_crops(Pose(sure.joints, confidence), skeleton=BODY_21, threshold=0.5)}
    assert names == {"head", "right_hand"}


def test_a_skeleton_without_a_neck_takes_the_face_for_the_head() -> None:
    assert {part.name for part in part_crops(pose(17), skeleton=COCO_17, threshold=0.5)} == {
        "head",
        "right_hand",
        "left_hand",
    }
