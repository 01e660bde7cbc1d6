import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeact.rules.posture import POSTURES, posture_of
from edgeact.skeleton import BODY_21, COCO_17
from edgeact.types import Pose

# Height over the floor and place to the side of shoulders, hips, knees and ankles, of someone with a trunk of 50.
STANDING = {"shoulder": (0, 130), "hip": (0, 80), "knee": (0, 40), "ankle": (0, 0)}
SITTING_SIDEWAYS = {"shoulder": (0, 95), "hip": (0, 45), "knee": (40, 45), "ankle": (40, 5)}
SITTING_TO_THE_CAMERA = {"shoulder": (0, 95), "hip": (0, 45), "knee": (0, 40), "ankle": (0, 0)}
SITTING_ON_THE_FLOOR = {"shoulder": (-10, 50), "hip": (0, 5), "knee": (40, 10), "ankle": (80, 3)}
CROUCHING = {"shoulder": (10, 70), "hip": (0, 25), "knee": (25, 30), "ankle": (5, 0)}
BENDING_DOWN = {"shoulder": (48, 70), "hip": (0, 80), "knee": (0, 40), "ankle": (0, 0)}
LYING = {"shoulder": (0, 8), "hip": (50, 5), "knee": (90, 8), "ankle": (130, 4)}
LYING_CURLED_UP = {"shoulder": (0, 8), "hip": (50, 5), "knee": (40, 20), "ankle": (60, 5)}


def pose(places: dict[str, tuple[float, float]], *, seen: tuple[str, ...] = ("shoulder", "hip", "knee", "ankle")):
    """The pose and its box; who has a place is seen."""
    joints, confidence = np.zeros((21, 2), np.float32), np.zeros(21, np.float32)
    for part in seen:
        for side, offset in (("left", 2), ("right", -2)):
            index = BODY_21.index(f"{side}_{part}")
            x, height = places[part]
            joints[index], confidence[index] = (200 + x + offset, 300 - height), 0.8
    box = np.array([*joints[confidence > 0].min(axis=0) - 10, *joints[confidence > 0].max(axis=0) + 10], np.float32)
    return Pose(joints, confidence), box


def posture(places: dict[str, tuple[float, float]], **options) -> str | None:
    found = posture_of(*pose(places, **options), skeleton=BODY_21, confidence=0.3)
    return None if found is None else found[0]


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        (STANDING, "standing"),
        (BENDING_DOWN, "standing"),
        (SITTING_SIDEWAYS, "sitting"),
        (SITTING_TO_THE_CAMERA, "sitting"),
        (SITTING_ON_THE_FLOOR, "sitting"),
        (CROUCHING, "sitting"),
        (LYING, "lying"),
        (LYING_CURLED_UP, "lying"),
    ],
)
def test_postures_are_told_apart(places, expected: str) -> None:
    assert posture(places) == expected
    mirrored = {part: (-x, height) for part, (x, height) in places.items()}
    assert posture(mirrored) == expected


def test_without_legs_the_trunk_decides_and_without_hips_nothing_does() -> None:
    assert posture(LYING, seen=("shoulder", "hip")) == "lying"
    assert posture(STANDING, seen=("shoulder", "hip")) == "standing"
    assert posture(STANDING, seen=("shoulder", "knee", "ankle")) is None


def test_where_the_trunk_is_not_seen_a_wide_box_lies_unless_the_head_is_upright_or_the_picture_ends() -> None:
    def found(pose: Pose, box: np.ndarray, **options: bool):
        return posture_of(pose, box, skeleton=BODY_21, confidence=0.3, **options)

    hidden, _ = pose(LYING, seen=("knee", "ankle"))
    wide, high = np.float32([100, 200, 230, 300]), np.float32([100, 100, 230, 300])
    assert found(hidden, wide) == ("lying", pytest.approx(float(hidden.confidence.mean())))
    assert found(hidden, high) is None
    assert found(hidden, wide, is_cut_off=True) is None
    behind_a_table, _ = pose(STANDING, seen=("shoulder",))
    nose = BODY_21.index("nose")
    behind_a_table.joints[nose], behind_a_table.confidence[nose] = (200, 140), 0.9
    assert found(behind_a_table, wide) is None


def test_the_score_is_that_of_the_joints_that_decided() -> None:
    found = posture_of(*pose(STANDING), skeleton=BODY_21, confidence=0.3)
    assert found is not None
    assert found[1] == pytest.approx(0.8)


@given(st.integers(0, 2**32 - 1), st.floats(0.01, 100))
def test_any_pose_has_one_posture_whatever_its_size_and_place(seed: int, scale: float) -> None:
    chance = np.random.default_rng(seed)
    joints = chance.uniform(0, 100, (17, 2)).astype(np.float32)
    confidence = np.full(17, 0.9, np.float32)
    box = np.array([*joints.min(axis=0), *joints.max(axis=0)], np.float32)
    found = posture_of(Pose(joints, confidence), box, skeleton=COCO_17, confidence=0.3)
    moved = posture_of(
        Pose(joints * np.float32(scale) + 7, confidence), box * np.float32(scale) + 7, skeleton=COCO_17, confidence=0.3
    )
    assert found is not None
    assert moved is not None
    assert found[0] in POSTURES
    assert 0.0 <= found[1] <= 1.0
