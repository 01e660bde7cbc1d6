"""Who is who, in the toy world of bright rectangles."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgeact.bundle import load_bundle
from edgeact.config import PipelineConfig
from edgeact.perception.perceiver import Perceiver
from edgeact.types import Frame
from tests.tiny_bundle import tiny_picture

Boxes = list[tuple[float, float, float, float]]


def follow(bundle: Path, boxes: Callable[[float], Boxes], *, seconds: float, **settings: float) -> list[dict[int, np.ndarray]]:
    """The box of every track in every frame, 25 frames a second."""
    perceiver = Perceiver(load_bundle(bundle), PipelineConfig.model_validate(settings))
    found = []
    for index in range(round(seconds * 25)):
        frame = Frame(index, index / 25, tiny_picture(320, 240, boxes(index / 25)))
        found.append({person.track_id: person.box for person in perceiver.process(frame).persons})
    perceiver.close()
    return found


def person(x: float, y: float = 60) -> tuple[float, float, float, float]:
    return (x, y, x + 24, y + 80)


def test_a_person_who_leaves_is_lost_and_the_number_is_not_used_again(tiny_bundle: Path) -> None:
    def boxes(time: float) -> Boxes:
        return [person(100)] if time < 1 or time > 4 else []

    found = follow(tiny_bundle, boxes, seconds=6)
    assert set(found[20]) == {1}
    assert found[60] == {}
    assert set(found[-1]) == {2}


def test_a_person_who_is_away_for_a_moment_stays_the_same(tiny_bundle: Path) -> None:
    def boxes(time: float) -> Boxes:
        return [] if 1 < time < 1.5 else [person(100)]

    found = follow(tiny_bundle, boxes, seconds=3)
    assert found[32] == {}
    assert set(found[-1]) == {1}


def test_between_detections_the_pose_carries_the_box(tiny_bundle: Path) -> None:
    found = follow(tiny_bundle, lambda time: [person(30 + 60 * time)], seconds=3, detect_every=25)
    for index, boxes in enumerate(found):
        centre = 30 + 60 * index / 25 + 12
        assert boxes[1][[0, 2]].mean() == pytest.approx(centre, abs=8)


def test_no_more_persons_than_wanted(tiny_bundle: Path) -> None:
    found = follow(tiny_bundle, lambda time: [person(20 + 60 * i) for i in range(5)], seconds=1, max_persons=2)
    assert {len(boxes) for boxes in found} == {2}


def test_one_more_person_is_found_soon(tiny_bundle: Path) -> None:
    found = follow(tiny_bundle, lambda time: [person(40), *([person(200)] if time >= 1 else [])], seconds=2)
    assert set(found[24]) == {1}
    assert set(found[40]) == {1, 2}  # at latest after two more detections: half of a second


def test_people_who_pass_each_other_apart_keep_their_numbers(tiny_bundle: Path) -> None:
    found = follow(tiny_bundle, lambda time: [person(20 + 60 * time, 20), person(270 - 60 * time, 140)], seconds=4)
    assert all(set(boxes) == {1, 2} for boxes in found)
    left = min(found[0], key=lambda track: found[0][track][0])
    assert found[-1][left][0] > found[-1][3 - left][0]


def test_a_shot_cut_starts_anew(tiny_bundle: Path) -> None:
    perceiver = Perceiver(load_bundle(tiny_bundle), PipelineConfig())
    found = []
    for index in range(20):
        image = tiny_picture(320, 240, [person(100)])
        if index >= 10:  # another place, with the same person at the same spot
            image[:, ::2][image[:, ::2] < 200] = 0
            image[:120][image[:120] < 200] = 140
        else:
            image[120:][image[120:] < 200] = 140
        found.append({one.track_id for one in perceiver.process(Frame(index, index / 25, image)).persons})
    perceiver.close()
    assert found[9] == {1}
    assert found[12] == {2}
