"""What the scene shows is written into a corner, never over a face."""

import numpy as np
import pytest

from edgeact.drawing.label_places import Rectangle, face_rectangle, meet
from edgeact.drawing.overlay import draw
from edgeact.drawing.scene_labels import SceneCorner, scene_lines
from edgeact.skeleton import BODY_21
from edgeact.types import AttentionMap, Frame, Observation, Person, Pose, Reading

PLATE, PICTURE = (100, 30), (320, 240)
SCORES = np.array([0.5, 0.5], np.float32)


def reading(*labels: str, attention: tuple[AttentionMap, ...] = ()) -> Reading:
    return Reading("scene", SCORES, SCORES, labels, (0.75,) * len(labels), attention)


def test_the_corner_stays_while_it_is_free_and_never_has_a_face() -> None:
    corner = SceneCorner()
    assert corner.place(PLATE, PICTURE, [], []) == (0, 0, 100, 30)
    face = (10, 10, 40, 40)
    moved = corner.place(PLATE, PICTURE, [face], [])
    assert moved == (220, 0, 320, 30)
    assert corner.place(PLATE, PICTURE, [], []) == moved  # does not jump back
    faces = [(0, 0, 20, 20), (300, 0, 320, 20), (0, 220, 20, 240), (300, 220, 320, 240)]
    assert corner.place(PLATE, PICTURE, faces, []) is None
    assert corner.place((400, 30), PICTURE, [], []) is None


def test_labels_give_way_to_others_while_a_corner_is_left() -> None:
    insets: list[Rectangle] = [(0, 0, 320, 40)]
    assert SceneCorner().place(PLATE, PICTURE, [], insets) == (0, 210, 100, 240)
    everywhere: list[Rectangle] = [(0, 0, 320, 240)]
    assert SceneCorner().place(PLATE, PICTURE, [], everywhere) == (0, 0, 100, 30)


def test_many_labels_are_counted() -> None:
    assert scene_lines([reading("ride_bike", "wear\x07hat")]) == ["ride bike 75%", "wear\\x07hat 75%"]
    assert scene_lines([reading(*"abcdef")]) == ["a 75%", "b 75%", "c 75%", "3 more"]


@pytest.mark.parametrize("left", [0, 130, 240])
def test_a_face_in_the_corner_stays_visible(left: int) -> None:
    image = np.full((240, 320, 3), 90, np.uint8)
    joints = np.tile(np.array([[left + 20.0, 15.0]], np.float32), (21, 1))
    box = np.array([left, 0, left + 60, 230], np.float32)
    person = Person(1, box, 0.9, Pose(joints, np.ones(21, np.float32)))
    observation = Observation(Frame(0, 0.0, image), (person,), scene=(reading("crowd", "night"),))
    settings = {"skeleton": BODY_21, "joint_confidence": 0.3}
    with_scene = draw(observation, **settings)  # type: ignore[arg-type]
    without = draw(Observation(Frame(0, 0.0, image), (person,)), **settings)  # type: ignore[arg-type]
    rows, columns = np.nonzero((with_scene != without).any(-1))
    plate = (int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1)
    assert plate[2] - plate[0] > 40
    assert not meet(plate, face_rectangle(person, skeleton=BODY_21, threshold=0.3))


def test_a_map_of_the_scene_is_laid_over_the_frame() -> None:
    image = np.full((240, 320, 3), 90, np.uint8)
    values = np.zeros((6, 8), np.float32)
    values[1, 6] = 1
    sam = AttentionMap("sam", values, np.array([-0.5, -0.5, 319.5, 239.5], np.float32))
    observation = Observation(Frame(0, 0.0, image), scene=(reading(attention=(sam,)),))
    drawn = draw(observation, skeleton=None, joint_confidence=0.0)
    rows, columns = np.nonzero((drawn != image).any(-1))
    assert 240 <= columns.mean() <= 280
    assert 40 <= rows.mean() <= 80
