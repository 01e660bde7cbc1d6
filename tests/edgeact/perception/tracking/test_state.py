"""A track's box follows detections and joints with a short delay, not at once."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

from edgeact.perception.tracking.state import TrackState
from edgeact.types import Detection, Float32
from tests.tiny_bundle import FIGURE

THRESHOLD = 0.3
NO_COLOURS = np.full((2, 3), np.nan, np.float32)


def pose_in(box: Float32, confidence: float = 0.9) -> Float32:
    """A pose ``(J, 3)`` that fills a box."""
    joints = (box[:2] + box[2:]) / 2 + FIGURE * (box[2:] - box[:2]) / 2
    return np.concatenate([joints, np.full((len(joints), 1), confidence)], 1).astype(np.float32)


def boxes_shown(
    detected: Callable[[float], Float32], pose: Callable[[float], Float32], *, seconds: float = 2.0
) -> list[Float32]:
    """The box in every frame, 25 of them a second, with a detection in every tenth, as the tracker goes about it."""
    track, found = TrackState(detected(0.0), 0.0), []
    for index in range(round(seconds * 25)):
        time = index / 25
        track.motion.predict(time)
        features = pose(time)
        if index % 10 == 0:
            detection = Detection(detected(time), 0.9)
            track.see(detection.box, features, NO_COLOURS, 0, time)
            track.note_detection(detection, threshold=THRESHOLD)
        else:
            carried = track.carried_box(features, threshold=THRESHOLD)
            assert carried is not None
            track.see(carried, features, NO_COLOURS, 0, time)
        found.append(track.box_around_joints(threshold=THRESHOLD))
    return found


def largest_step(boxes: list[Float32]) -> float:
    """Of centre or size from one frame to the next, as a share of the box's side."""
    steps = []
    for before, after in pairwise(boxes):
        sides, change = np.tile(before[2:] - before[:2], 2), after - before
        moved = np.concatenate([(change[:2] + change[2:]) / 2, change[2:] - change[:2]])
        steps.append(float(np.abs(moved / sides).max()))
    return max(steps)


def test_a_detection_elsewhere_does_not_move_the_box_at_once() -> None:
    before = np.array([100, 60, 140, 180], np.float32)
    aside = before + np.float32([12, 0, 12, 0])
    boxes = boxes_shown(lambda time: aside if time >= 0.8 else before, lambda _: pose_in(before))
    assert largest_step(boxes) < 0.12  # measured .10; .21 without settling
    assert boxes[-1][2] == pytest.approx(152, abs=4)  # but it gets there


def test_a_joint_that_is_sure_and_unsure_in_turns_does_not_pump_the_box() -> None:
    box = np.array([100, 60, 140, 180], np.float32)

    def pose(time: float) -> Float32:
        features = pose_in(box)
        features[0] = (180, 100, THRESHOLD + (0.02 if round(time * 25) % 2 else -0.02))  # 40 pixels beside the box
        return features

    boxes = boxes_shown(lambda _: box, pose)
    assert largest_step(boxes[10:]) < 0.2


def test_the_box_moves_with_the_joints_without_delay() -> None:
    def at(time: float) -> Float32:
        return np.array([100, 60, 140, 180], np.float32) + np.float32([80 * time, 0, 80 * time, 0])

    boxes = boxes_shown(at, lambda time: pose_in(at(time)))
    for index, box in enumerate(boxes[10:], 10):
        assert box == pytest.approx(at(index / 25), abs=2)


def test_a_detection_that_shows_that_the_box_was_wrong_counts_at_once() -> None:
    wrong, right = np.array([100, 60, 140, 180], np.float32), np.array([70, 60, 190, 180], np.float32)
    boxes = boxes_shown(lambda time: right if time >= 0.4 else wrong, lambda _: pose_in(wrong))
    before, after = boxes[9], boxes[10]
    assert (after[2] - after[0]) - (before[2] - before[0]) > 0.5 * 40
