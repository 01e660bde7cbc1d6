"""The picture: drawn on a copy, only where something is known, at any size."""

import numpy as np
import pytest

from edgeact.overlay import draw, label_text, track_colour
from edgeact.skeleton import BODY_21
from edgeact.types import Action, AttentionMap, Frame, FrameResult, PartCrop, Person, Pose
from tests.tiny_bundle import FIGURE


def person(*, box: tuple[float, float, float, float] = (100, 40, 160, 200), label: str | None = "walk", track_id: int = 3) -> Person:
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


@pytest.mark.parametrize("box", [(-500, -500, -400, -300), (-30, -30, 20, 40), (10_000, 0, 10_050, 90), (50, 50, 50, 50)])
def test_people_partly_or_wholly_outside_do_no_harm(box: tuple[float, float, float, float]) -> None:
    drawn(np.zeros((240, 320, 3), np.uint8), person(box=box))


def test_far_from_people_nothing_changes() -> None:
    image = np.full((480, 640, 3), 90, np.uint8)
    result = drawn(image, person())
    assert (result[:300, 300:] == 90).all()


def test_the_label_names_track_action_and_score() -> None:
    assert label_text(person()) == "#3 walk 80%"
    assert label_text(person(label=None)) == "#3"


def test_colours_of_tracks_are_steady_and_apart() -> None:
    colours = [np.array(track_colour(number)) for number in range(1, 7)]
    assert all(np.array_equal(track_colour(number), colours[number - 1]) for number in range(1, 7))
    assert min(np.abs(a - b).sum() for i, a in enumerate(colours) for b in colours[:i]) > 40
