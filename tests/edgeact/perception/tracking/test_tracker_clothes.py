"""Two people who overlap: the tracker asks what they wear before it believes that one is where the other was."""

from collections.abc import Sequence

import numpy as np

from edgeact.config import PipelineConfig
from edgeact.perception.pose import PoseBatch
from edgeact.perception.tracking.step import TrackStep
from edgeact.perception.tracking.tracker import PoseRequest, Tracker
from edgeact.skeleton import BODY_21
from edgeact.types import Detection, Float32

RED, BLUE = np.array([[50, 60, 40]] * 2, np.float32), np.array([[40, 10, -50]] * 2, np.float32)  # CIE Lab
LEFT, RIGHT = np.array([100, 60, 140, 180], np.float32), np.array([115, 60, 155, 180], np.float32)
SHAPE = np.random.default_rng(1).uniform(0.1, 0.9, (len(BODY_21.joints), 2))  # of a body, in its box


def poses(boxes: Float32, colours: Sequence[Float32]) -> PoseBatch:
    """Poses of one person a box, each in clothes of the given colours."""
    sides = boxes[:, 2:] - boxes[:, :2]
    joints = boxes[:, None, :2] + SHAPE[None] * sides[:, None]
    features = np.concatenate([joints, np.full((*joints.shape[:2], 1), 0.9)], 2).astype(np.float32)
    return PoseBatch(features, None, None, boxes.copy(), np.stack(colours))


def step(tracker: Tracker, time: float, boxes: Sequence[Float32] | None, colours: Sequence[Float32]) -> TrackStep:
    """A frame whose boxes are detected, or None; the poses that are asked for wear these clothes, in their order."""
    detections = None if boxes is None else [Detection(box, 0.9 - 0.01 * row) for row, box in enumerate(boxes)]
    answer = tracker.expect(time, detections, width=320, height=240)
    while isinstance(answer, PoseRequest):
        answer = tracker.answer(poses(answer.boxes, colours))
    return answer


def two_people() -> Tracker:
    tracker = Tracker(PipelineConfig(), skeleton=BODY_21, detection_score=0.4, joint_confidence=0.3)
    first = step(tracker, 0.0, [LEFT, RIGHT], [RED, BLUE])
    assert [(one.track_id, one.box[0] < 110) for one in first.persons] == [(1, True), (2, False)]
    return tracker


def test_a_pose_in_the_clothes_of_the_other_does_not_carry_a_track() -> None:
    tracker = two_people()
    assert [one.track_id for one in step(tracker, 0.04, None, [RED, BLUE]).persons] == [1, 2]
    assert [one.track_id for one in step(tracker, 0.08, None, [BLUE, BLUE]).persons] == [2]


def test_detections_go_to_whose_clothes_they_wear() -> None:
    tracker = two_people()
    for index in range(1, 6):  # boxes settle within a few frames
        changed = step(tracker, 0.04 * index, [LEFT, RIGHT], [BLUE, RED])
    assert {one.track_id: bool(one.box[0] < 107) for one in changed.persons} == {1: False, 2: True}
