"""Who counts as seated, lying, cut off, and the rest."""

from dataclasses import replace

import numpy as np
import pytest

from edgeact.skeleton import COCO_17
from trainer.data.wild_people import WildPerson
from trainer.evaluate.wild.groups import is_lying, is_seated, person_groups

NOBODY = np.zeros((0, 4), np.float32)


def joints(**places: tuple[float, float]) -> np.ndarray:
    values = np.zeros((17, 3), np.float32)
    for name, place in places.items():
        values[COCO_17.index(name)] = (*place, 2)
    return values


STANDING = joints(
    left_shoulder=(50, 40), left_hip=(50, 100), left_knee=(50, 150), left_ankle=(50, 200),
    right_shoulder=(40, 40), right_hip=(40, 100), right_knee=(40, 150), right_ankle=(40, 200),
)  # fmt: skip
ON_A_CHAIR = joints(left_shoulder=(50, 40), left_hip=(50, 100), left_knee=(95, 105), left_ankle=(95, 150))
ON_THE_FLOOR = joints(left_shoulder=(10, 100), left_hip=(80, 110), left_knee=(130, 108), left_ankle=(180, 110))


def groups(person: WildPerson, others: np.ndarray = NOBODY, luma: float = 120) -> set[str]:
    return set(person_groups(person, others, size=(400, 300), luma=luma))


def person(x0: float, y0: float, x1: float, y1: float, found: np.ndarray | None = None, action: str = "") -> WildPerson:
    return WildPerson(np.array([x0, y0, x1, y1], np.float32), found, action)


def test_posture_follows_from_joints() -> None:
    assert (is_seated(STANDING), is_lying(STANDING)) == (False, False)
    assert (is_seated(ON_A_CHAIR), is_lying(ON_A_CHAIR)) == (True, False)
    assert is_lying(ON_THE_FLOOR)
    assert not is_seated(joints())
    assert not is_lying(joints())


def test_one_raised_knee_is_no_seat() -> None:
    running = STANDING.copy()
    running[COCO_17.index("left_knee"), :2] = (90, 105)
    assert not is_seated(running)


def test_sizes() -> None:
    assert groups(person(100, 100, 130, 159)) == set()
    assert groups(person(100, 100, 130, 160)) == {"all", "small"}
    assert groups(person(100, 50, 180, 180)) == {"all"}
    assert groups(person(100, 20, 180, 240)) == {"all", "fills"}


def test_dark_overlapping_and_seated_by_action() -> None:
    whole = person(100, 50, 180, 200, action="watching_TV")
    other = np.array([[120, 50, 200, 200]], np.float32)  # IoU 60 / 100
    assert groups(whole, other, luma=59) == {"all", "overlapping", "seated", "dark"}
    apart = np.array([[170, 50, 250, 200]], np.float32)  # IoU 10 / 150
    assert groups(person(100, 50, 180, 200), apart) == {"all"}


def test_from_above_is_what_the_list_says_of_people_who_are_measured() -> None:
    low = replace(person(100, 50, 180, 180), from_above=True)
    assert groups(low) == {"all", "from_above"}
    assert groups(replace(low, box=np.array([100, 50, 180, 109], np.float32))) == set()


@pytest.mark.parametrize(("x0", "labelled", "expected"), [(3, 5, True), (3, 8, False), (100, 5, False), (3, 0, False)])
def test_cut_off_is_at_the_edge_and_has_few_joints(x0: float, labelled: int, expected: bool) -> None:
    found = np.zeros((17, 3), np.float32)
    found[:labelled] = (50, 50, 2)
    assert ("cut_off" in groups(person(x0, 50, x0 + 80, 200, found))) is expected
