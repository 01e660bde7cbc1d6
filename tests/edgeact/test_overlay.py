"""The picture: drawn on a copy, only where something is known, at any size."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from edgeact.overlay import InsetStrip, draw, label_text, track_colour
from edgeact.skeleton import BODY_21
from edgeact.types import Action, AttentionMap, Frame, FrameResult, PartCrop, Person, Pose
from tests.tiny_bundle import FIGURE


def person(
    *, box: tuple[float, float, float, float] = (100, 40, 160, 200), label: str | None = "walk", track_id: int = 3
) -> Person:
    edges = np.array(box, np.float32)
    centre, half = (edges[:2] + edges[2:]) / 2, (edges[2:] - edges[:2]) / 2
    scores = np.array([0.8, 0.2], np.float32)
    return Person(
        track_id,
        edges,
        0.9,
        Pose(centre + FIGURE * half, np.ones(21, np.float32)),
        parts=tuple(PartCrop(name, edges) for name in ("head", "right_hand", "left_hand")),
        action=Action(scores, scores, label, None if label is None else 0.8),
        attention=AttentionMap(np.eye(48, 36, dtype=np.float32), edges, label),
    )


def drawn(image: np.ndarray, *persons: Person) -> np.ndarray:
    return draw(FrameResult(Frame(0, 0.0, image), persons), skeleton=BODY_21, joint_confidence=0.5)


def test_the_frame_itself_is_not_touched() -> None:
    image = np.full((240, 320, 3), 90, np.uint8)
    image.flags.writeable = False
    result = drawn(image, person())
    assert result is not image
    assert (image == 90).all()
    assert (result != 90).any()


def test_nobody_there_leaves_the_picture_as_it_is() -> None:
    image = np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8)
    assert np.array_equal(drawn(image), image)


@pytest.mark.parametrize("size", [(1, 1), (2, 9), (17, 33), (2160, 3840)])
def test_any_size_can_be_drawn_on(size: tuple[int, int]) -> None:
    assert drawn(np.zeros((*size, 3), np.uint8), person()).shape == (*size, 3)


@pytest.mark.parametrize(
    "box", [(-500, -500, -400, -300), (-30, -30, 20, 40), (10_000, 0, 10_050, 90), (50, 50, 50, 50)]
)
def test_people_partly_or_wholly_outside_do_no_harm(box: tuple[float, float, float, float]) -> None:
    drawn(np.zeros((240, 320, 3), np.uint8), person(box=box))


def test_far_from_people_nothing_changes() -> None:
    image = np.full((480, 640, 3), 90, np.uint8)
    result = drawn(image, person())
    assert (result[:300, 300:] == 90).all()


def test_the_label_names_track_action_and_score() -> None:
    assert label_text(person()) == "#3 walk 80%"
    assert label_text(person(label=None)) == "#3"


def test_a_label_hides_neither_the_head_nor_another_label() -> None:
    image = np.full((480, 640, 3), 90, np.uint8)
    low_box = replace(person(track_id=1), box=np.array([200, 260, 300, 440], np.float32))  # the head reaches out of it
    head = low_box.pose.joints[:, 1].min()
    alone = drawn(
        image,
        replace(
            low_box,
            pose=replace(low_box.pose, joints=low_box.pose.joints + np.float32([100, 180])),
            parts=(),
            attention=None,
        ),
    )
    changed = np.flatnonzero((alone != 90).any((1, 2)))
    plates = np.flatnonzero((alone == np.array(track_colour(1))).all(2).sum(1) > 40)
    assert plates.min() == changed.min()
    assert plates[plates < 250].max() < head + 180
    beside = person(box=(210, 255, 310, 440), track_id=2)
    together = drawn(image, replace(low_box, parts=(), attention=None), replace(beside, parts=(), attention=None))
    for track_id in (1, 2):  # each plate keeps its whole width in some row
        rows = (together == np.array(track_colour(track_id))).all(2).sum(1)
        assert rows.max() >= 60


def test_thin_lines_keep_their_colour_in_the_video() -> None:
    """Video stores colour for every second pixel only: a line of one pixel is coloured or grey as it falls."""
    for left in (100, 101):
        image = np.full((240, 320, 3), 90, np.uint8)
        result = drawn(image, replace(person(box=(left, 40, left + 60, 200), label=None), parts=(), attention=None))
        stored = cv2.cvtColor(cv2.cvtColor(result, cv2.COLOR_RGB2YUV_I420), cv2.COLOR_YUV2RGB_I420)
        edge = stored[150:190, left - 2 : left + 3].astype(int)
        assert (edge.max(2) - edge.min(2)).max(1).min() > 60


def test_the_insets_keep_their_edge_until_the_other_has_long_been_better() -> None:
    strip, image = InsetStrip(), np.zeros((240, 320, 3), np.uint8)
    upper, lower = person(box=(10, 5, 60, 120)), person(box=(10, 120, 60, 235))

    def at_bottom(time: float, one: Person) -> bool:
        return strip.is_at_bottom(FrameResult(Frame(0, time, image), (one,)), 30)

    assert at_bottom(0.0, upper)
    assert [at_bottom(time, lower) for time in (1.0, 2.9)] == [True, True]
    assert at_bottom(2.95, upper)  # the two seconds begin anew
    assert [at_bottom(time, lower) for time in (3.0, 4.9, 5.1, 6.0)] == [True, True, False, False]


def test_colours_of_tracks_are_steady_and_apart() -> None:
    colours = [np.array(track_colour(number)) for number in range(1, 7)]
    assert all(np.array_equal(track_colour(number), colours[number - 1]) for number in range(1, 7))
    assert min(np.abs(a - b).sum() for i, a in enumerate(colours) for b in colours[:i]) > 40
