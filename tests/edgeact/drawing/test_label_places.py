"""Labels cover no neighbour's face, and nothing else where there is room."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edgeact.drawing.label_places import Rectangle, face_rectangle, meet, place_label
from edgeact.skeleton import BODY_21
from edgeact.types import Person, Pose
from tests.tiny_bundle import FIGURE

PICTURE = (320, 240)
edges = st.tuples(st.integers(-20, 300), st.integers(-20, 220), st.integers(4, 120), st.integers(4, 160))


@given(st.lists(edges, min_size=1, max_size=12))
def test_whatever_the_crowd_no_label_covers_a_neighbours_face(people: list[Rectangle]) -> None:
    boxes = [(x, y, x + width, y + height) for x, y, width, height in people]
    faces = [(x, y, x + max(width // 2, 3), y + max(height // 6, 3)) for x, y, width, height in people]
    taken: list[Rectangle] = []
    for index, box in enumerate(boxes):
        others = [face for number, face in enumerate(faces) if number != index]
        place = place_label((60, 16), box=box, picture=PICTURE, own_face=faces[index], faces=others, taken=taken)
        if place is not None:
            assert not any(meet(place, face) for face in others)
            assert place[0] >= 0
            assert place[1] >= 0
            assert place[2] <= PICTURE[0]
            assert place[3] <= PICTURE[1]
            taken.append(place)


def test_with_room_it_stands_over_the_person() -> None:
    box, face = (100, 60, 140, 200), (110, 60, 130, 80)
    assert place_label((60, 16), box=box, picture=PICTURE, own_face=face, faces=[], taken=[]) == (100, 44, 160, 60)


def test_a_face_above_moves_it_and_an_inset_too() -> None:
    box, face, above = (100, 60, 140, 200), (110, 60, 130, 80), (100, 40, 130, 58)
    place = place_label((60, 16), box=box, picture=PICTURE, own_face=face, faces=[above], taken=[(0, 0, 320, 40)])
    assert place is not None
    assert not any(meet(place, other) for other in (above, face, (0, 0, 320, 40)))


def test_without_any_room_there_is_no_label() -> None:
    face = (0, 0, 320, 240)
    assert place_label((60, 16), box=(0, 0, 9, 9), picture=PICTURE, own_face=face, faces=[face], taken=[]) is None


def test_a_face_is_where_its_joints_are_or_the_top_of_the_box() -> None:
    box = np.array([100, 40, 160, 200], np.float32)
    joints = (box[:2] + box[2:]) / 2 + FIGURE * (box[2:] - box[:2]) / 2
    joints[:5] = (120, 55)
    sure = Person(1, box, 0.9, Pose(joints.astype(np.float32), np.ones(21, np.float32)))
    x0, y0, x1, y1 = face_rectangle(sure, skeleton=BODY_21, threshold=0.3)
    assert ((x0 + x1) / 2, (y0 + y1) / 2) == (120, 55)
    unsure = Person(1, box, 0.9, Pose(joints.astype(np.float32), np.zeros(21, np.float32)))
    x0, y0, x1, y1 = face_rectangle(unsure, skeleton=BODY_21, threshold=0.3)
    assert (x0 + x1) / 2 == 130
    assert (y0, y1) == (40, 63)
