"""Which part of a picture is taken out for whom."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeact.privacy.areas import head_area, person_area
from edgeact.skeleton import BODY_21
from edgeact.types import Person, Pose
from tests.tiny_bundle import FIGURE

FACE = ("nose", "left_eye", "right_eye", "left_ear", "right_ear", "head_top")


def standing(x: float = 100.0, y: float = 100.0, width: float = 40.0, height: float = 120.0) -> Person:
    """A person whose joints fill a box around (x, y), all sure."""
    joints = (np.array([x, y]) + FIGURE * np.array([width, height]) / 2).astype(np.float32)
    box = np.array([x - width / 2, y - height / 2, x + width / 2, y + height / 2], np.float32)
    return Person(1, box, 0.9, Pose(joints, np.full(21, 0.9, np.float32)))


def unsure(person: Person, *joints: str) -> Person:
    confidence = person.pose.confidence.copy()
    confidence[[BODY_21.index(name) for name in joints]] = 0.0
    return replace(person, pose=Pose(person.pose.joints, confidence))


def covers(area: np.ndarray, points: np.ndarray) -> bool:
    return bool((points >= area[:2]).all() and (points <= area[2:]).all())


@given(st.floats(10, 400), st.floats(10, 400), st.floats(8, 300), st.floats(8, 300))
def test_a_head_whose_joints_are_sure_is_covered_with_a_margin(x: float, y: float, width: float, height: float) -> None:
    person = standing(x, y, width, height)
    face = person.pose.joints[[BODY_21.index(name) for name in FACE]]
    area = head_area(person, skeleton=BODY_21, confidence=0.3)
    margin = 0.05 * max(width, height)
    assert covers(area, face - margin)
    assert covers(area, face + margin)


def test_of_who_stands_the_legs_stay() -> None:
    person = standing()
    area = head_area(person, skeleton=BODY_21, confidence=0.3)
    assert area[3] < person.box[1] + 0.5 * 120


def test_where_the_head_is_unsure_the_top_of_the_box_goes_at_full_width() -> None:
    person = unsure(standing(), *FACE, "upper_neck")
    area = head_area(person, skeleton=BODY_21, confidence=0.3)
    assert covers(area, np.array([[80, 40], [120, 40 + 0.4 * 120]]))
    assert area[1] < 40
    assert area[3] <= 100


def test_of_who_lies_with_an_unsure_head_everything_goes() -> None:
    person = unsure(standing(width=120, height=60), *FACE, "upper_neck")
    assert covers(head_area(person, skeleton=BODY_21, confidence=0.3), person.box.reshape(2, 2))


@pytest.mark.parametrize("width", [40.0, 160.0])
def test_a_person_is_covered_with_joints_that_reach_out_of_the_box(width: float) -> None:
    person = standing(width=width)
    joints = person.pose.joints.copy()
    joints[BODY_21.index("left_wrist")] = (250, 30)
    person = replace(person, pose=Pose(joints, person.pose.confidence))
    area = person_area(person)
    assert covers(area, joints)
    assert covers(area, person.box.reshape(2, 2))
