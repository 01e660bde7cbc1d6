"""The joints that decide are seen at a glance: visible discs of a person's measure, none over a face that decides
nothing.
"""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeact.drawing.joint_discs import disc_heat, joint_discs, joint_levels
from edgeact.drawing.overlay import draw
from edgeact.skeleton import BODY_21
from edgeact.types import AttentionMap, Float32, Frame, Observation, Person, Pose, Reading, UInt8
from tests.tiny_bundle import FIGURE

FACE = [BODY_21.index(name) for name in ("nose", "left_eye", "right_eye", "left_ear", "right_ear")]
BODY = [joint for joint in range(21) if joint not in FACE]
LIMBS = [
    joint for joint, name in enumerate(BODY_21.joints) if name.endswith(("wrist", "elbow", "hip", "knee", "ankle"))
]
greys = st.integers(0, 255).map(lambda level: (level,) * 3)
grounds = greys | st.tuples(*[st.integers(0, 255)] * 3)
heights = st.integers(60, 400)


def person(height: int, counts: Float32 | None, *, label: str | None = "walk") -> Person:
    """Somebody in the middle of a picture of 480×480, and how much each joint counts; None for no attention."""
    half = np.array([0.2, 0.5], np.float32) * height
    box = np.concatenate([240 - half, 240 + half]).astype(np.float32)
    labels, scores = () if label is None else (label,), np.array([0.8, 0.2], np.float32)
    maps = ()
    if counts is not None:
        maps = (AttentionMap("joints", np.zeros((48, 32), np.float32), box, label, joints=counts),)
    reading = Reading("action", scores, scores, labels, (0.8,) * len(labels), maps)
    return Person(1, box, 0.9, Pose(240 + FIGURE * half, np.full(21, 0.9, np.float32)), readings=(reading,))


def heat(one: Person, *, ground: tuple[int, int, int] = (90, 90, 90)) -> UInt8:
    """``(480, 480)`` by how many levels of a colour the attention has changed the picture."""
    bare = replace(one, readings=(replace(one.readings[0], attention=()),))
    pictures = [
        draw(
            Observation(Frame(0, 0.0, np.full((480, 480, 3), ground, np.uint8)), (shown,)),
            skeleton=BODY_21,
            joint_confidence=0.3,
        ).astype(int)
        for shown in (one, bare)
    ]
    return np.abs(pictures[0] - pictures[1]).max(2).astype(np.uint8)


def only(*joints: int) -> Float32:
    counts = np.zeros(21, np.float32)
    counts[list(joints)] = 1
    return counts


def away(one: Person, joint: int) -> Float32:
    """Distance of each pixel from a joint, in pixels: ``(480, 480)``."""
    rows, columns = np.mgrid[:480, :480]
    x, y = one.pose.joints[joint]
    return np.hypot(columns - x, rows - y).astype(np.float32)


@settings(max_examples=25, deadline=None)
@given(heights, st.sampled_from(LIMBS), grounds)
def test_the_joint_that_decides_is_seen_on_any_ground(height: int, joint: int, ground: tuple[int, int, int]) -> None:
    one = person(height, only(joint))
    changed = heat(one, ground=ground)
    distance, radius = away(one, joint), max(0.07 * height, 5)
    around = (distance > min(3.5, height / 40)) & (distance < 0.9 * radius)  # beside the joint's own dot
    assert (changed[around] >= 40).mean() > (0.2 if len(set(ground)) == 1 else 0.05)  # on orange the rim alone
    assert (changed[distance > radius + 2] == 0).all()


@settings(max_examples=30, deadline=None)
@given(heights, st.lists(st.sampled_from(BODY), min_size=1, max_size=8, unique=True))
def test_nothing_is_drawn_over_a_face_that_decides_nothing(height: int, joints: list[int]) -> None:
    one = person(height, only(*joints))
    left, top = np.floor(one.pose.joints[FACE].min(0)).astype(int)
    right, bottom = np.ceil(one.pose.joints[FACE].max(0)).astype(int)
    changed = heat(one)
    assert changed.any()
    assert not changed[top : bottom + 1, left : right + 1].any()


def test_a_face_that_decides_stays_visible() -> None:
    one = person(300, only(*FACE))
    changed = heat(one)
    assert changed.any()
    left, top, right, _ = (round(float(edge)) for edge in one.box)
    assert (changed[top : top + 60, left:right] > 0).mean() < 0.2
    assert not changed[top + 90 :].any()


@pytest.mark.parametrize(
    "one",
    [
        person(300, None),
        person(300, only(9), label=None),
        person(300, np.ones(21, np.float32)),
        person(300, np.zeros(21, np.float32)),
    ],
    ids=["no attention", "no action in force", "all joints alike", "no joint has a place"],
)
def test_where_no_joint_decides_nothing_is_drawn(one: Person) -> None:
    assert not heat(one).any()


def test_the_stronger_joint_is_larger_and_hotter_and_an_unsure_one_is_left_out() -> None:
    one, counts = person(200, None), np.zeros(21, np.float32)
    counts[[9, 13, 15]] = 1.0, 0.5, 0.9
    one.pose.confidence[15] = 0.2
    weaker, stronger = joint_discs(counts, one, skeleton=BODY_21, threshold=0.3, scale=1.0)
    assert (stronger.x, stronger.y) == pytest.approx(one.pose.joints[9].tolist())
    assert (weaker.x, weaker.y) == pytest.approx(one.pose.joints[13].tolist())
    assert stronger.heat == 1.0
    assert weaker.heat < 0.8
    assert weaker.radius < stronger.radius


@pytest.mark.parametrize("height", [100, 200, 400])
def test_a_disc_is_of_a_persons_measure(height: int) -> None:
    (disc,) = joint_discs(only(9), person(height, None), skeleton=BODY_21, threshold=0.3, scale=1.0)
    assert disc.radius == pytest.approx(0.07 * height)


def test_discs_of_people_far_away_are_larger_than_their_bones() -> None:
    (disc,) = joint_discs(only(9), person(20, None), skeleton=BODY_21, threshold=0.3, scale=2.0)
    assert disc.radius == 10.0


def test_a_joint_outside_of_the_picture_does_no_harm() -> None:
    one = person(300, only(9))
    one.pose.joints[9] = 1e6, -1e6
    assert not heat(one).any()
    one.pose.joints[9] = 2, 479
    changed = heat(one)
    assert changed[470:, :10].max() > 40


@pytest.mark.parametrize("nowhere", [np.nan, np.inf])
def test_a_joint_whose_place_is_no_number_gets_no_disc(nowhere: float) -> None:
    one = person(300, only(9, 10))
    one.pose.joints[9] = nowhere
    (disc,) = joint_discs(only(9, 10), one, skeleton=BODY_21, threshold=0.3, scale=1.0)
    assert (disc.x, disc.y) == pytest.approx(one.pose.joints[10].tolist())


def test_levels_are_by_how_much_more_than_the_mean_a_joint_counts() -> None:
    assert joint_levels(np.array([0, 0, 0.5, 1.5], np.float32)).tolist() == [0, 0, 0, 1]
    assert joint_levels(np.array([0, 1, 1, 1], np.float32)).tolist() == [0, 1, 1, 1]
    assert joint_levels(np.full(4, 0.3, np.float32)).tolist() == [0, 0, 0, 0]


def test_a_disc_is_even_inside_and_soft_at_its_edge() -> None:
    assert disc_heat(np.array([0, 0.5, 1, 2], np.float32)).tolist() == pytest.approx([1, 0.9375, 0, 0])
