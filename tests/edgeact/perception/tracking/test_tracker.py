"""Who is who, in the toy world of bright rectangles."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgeact.bundle.load import load_bundle
from edgeact.config import PipelineConfig
from edgeact.engine.engine import Engine
from edgeact.perception.perceiver import Perceiver
from edgeact.perception.pose import PoseBatch
from edgeact.perception.tracking.limits import REMEMBERED_SECONDS
from edgeact.perception.tracking.step import TrackStep
from edgeact.perception.tracking.tracker import PoseRequest, Tracker
from edgeact.types import Detection, Frame
from tests.tiny_bundle import FIGURE, tiny_picture

Boxes = list[tuple[float, float, float, float]]


def follow(
    bundle: Path, boxes: Callable[[float], Boxes], *, seconds: float, **settings: float
) -> list[dict[int, np.ndarray]]:
    """The box of every track in every frame, 25 frames a second."""
    perceiver = Perceiver(Engine(load_bundle(bundle)), PipelineConfig.model_validate(settings))
    found = []
    for index in range(round(seconds * 25)):
        frame = Frame(index, index / 25, tiny_picture(320, 240, boxes(index / 25)))
        found.append({person.track_id: person.box for person in perceiver.process(frame).observation.persons})
    return found


def person(x: float, y: float = 60) -> tuple[float, float, float, float]:
    return (x, y, x + 24, y + 80)


@pytest.mark.parametrize(("away", "number"), [(3.0, 1), (REMEMBERED_SECONDS + 1.5, 2)])
def test_a_person_who_leaves_is_lost_and_has_the_old_number_on_coming_back_soon(
    tiny_bundle: Path, away: float, number: int
) -> None:
    def boxes(time: float) -> Boxes:
        return [person(100)] if time < 1 or time > 1 + away else []

    found = follow(tiny_bundle, boxes, seconds=3 + away)
    assert set(found[20]) == {1}
    assert found[60] == {}
    assert set(found[-1]) == {number}


def test_a_person_who_is_away_for_a_moment_stays_the_same(tiny_bundle: Path) -> None:
    def boxes(time: float) -> Boxes:
        return [] if 1 < time < 1.5 else [person(100)]

    found = follow(tiny_bundle, boxes, seconds=3)
    assert found[32] == {}
    assert set(found[-1]) == {1}


def test_between_detections_the_pose_carries_the_box(tiny_bundle: Path) -> None:
    found = follow(
        tiny_bundle, lambda time: [person(30 + 60 * time)], seconds=3, detect_every=25, detect_every_seconds=1.0
    )
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
    perceiver = Perceiver(Engine(load_bundle(tiny_bundle)))
    found = []
    for index in range(20):
        image = tiny_picture(320, 240, [person(100)])
        if index >= 10:  # another place, with the same person at the same spot
            image[:, ::2][image[:, ::2] < 200] = 0
            image[:120][image[:120] < 200] = 140
        else:
            image[120:][image[120:] < 200] = 140
        found.append({one.track_id for one in perceiver.process(Frame(index, index / 25, image)).observation.persons})
    assert found[9] == {1}
    assert found[12] == {2}


FIGURE_BOX = np.array([100, 60, 140, 180], np.float32)


def watch(
    tiny_bundle: Path,
    joints: np.ndarray,
    confidence: Callable[[float], float],
    *,
    gone_at: float,
    comes_at: float = 0.0,
    score: float = 0.9,
) -> list[TrackStep]:
    """Steps of a tracker (25 frames a second, 3 s) that a detector tells of one person from when they come until they
    are gone, and always the same pose.
    """
    bundle = load_bundle(tiny_bundle)
    tracker = Tracker(
        PipelineConfig(), skeleton=bundle.skeleton, detection_score=bundle.plan.detection.score, joint_confidence=0.3
    )
    steps = []
    for index in range(75):
        time = index / 25

        def estimate(boxes: np.ndarray, time: float = time) -> PoseBatch:
            features = np.concatenate([joints, np.full((len(joints), 1), confidence(time))], 1).astype(np.float32)
            count = len(boxes)
            return PoseBatch(
                features=np.repeat(features[None], count, 0),
                joint_maps=None,
                joints_3d=None,
                crop_boxes=boxes.copy(),
                colours=np.full((count, 2, 3), np.nan, np.float32),
            )

        seen = (Detection(FIGURE_BOX, score),) if comes_at <= time < gone_at else ()
        answer = tracker.expect(time, seen if index % 5 == 0 else None, width=320, height=240)
        while isinstance(answer, PoseRequest):
            answer = tracker.answer(estimate(answer.boxes))
        steps.append(answer)
    return steps


def figure_joints() -> np.ndarray:
    return (FIGURE_BOX[:2] + FIGURE_BOX[2:]) / 2 + FIGURE * (FIGURE_BOX[2:] - FIGURE_BOX[:2]) / 2


@pytest.mark.parametrize(("left", "stays"), [(0.8, True), (0.6, False)], ids=["as sure as before", "much less sure"])
def test_a_pose_that_fades_as_the_detector_sees_nobody_is_background(
    left: float, stays: bool, tiny_bundle: Path
) -> None:
    steps = watch(tiny_bundle, figure_joints(), lambda time: 0.9 if time < 1 else left, gone_at=1)
    assert len(steps[20].persons) == 1
    assert len(steps[45].persons) == stays  # 0.8 s after the detector last saw somebody


def test_the_box_holds_the_joints_unless_they_are_far_off(tiny_bundle: Path) -> None:
    joints = figure_joints()
    joints[0] = (120, 50)  # 10 pixels above the detector's box, of 120
    joints[1] = (300, 100)  # much too far to the right
    box = watch(tiny_bundle, joints, lambda _: 0.9, gone_at=9)[20].persons[0].box
    assert box == pytest.approx([100, 50, 140 + 0.15 * 120, 180], abs=0.5)


@pytest.mark.parametrize(
    ("score", "confidence", "starts"),
    [
        pytest.param(0.9, 0.5, True, id="a sure box"),
        pytest.param(0.52, 0.9, True, id="both"),
        pytest.param(0.52, 0.5, False, id="neither"),
        pytest.param(0.32, 0.6, True, id="a sure pose in a faint box"),
        pytest.param(0.32, 0.5, False, id="an unsure pose there"),
        pytest.param(0.25, 0.9, False, id="hardly a box"),
    ],
)
def test_detector_and_pose_must_convince_together(
    score: float, confidence: float, starts: bool, tiny_bundle: Path
) -> None:
    steps = watch(tiny_bundle, figure_joints(), lambda _: confidence, gone_at=9, score=score)
    assert len(steps[20].persons) == starts


def test_who_is_hardly_detected_is_believed_later(tiny_bundle: Path) -> None:
    def first(score: float) -> int:
        steps = watch(tiny_bundle, figure_joints(), lambda _: 0.9, comes_at=0.2, gone_at=9, score=score)
        return next(index for index, step in enumerate(steps) if step.persons)

    assert first(0.9) == 10  # the second of the detections in frames 5, 10, …
    assert first(0.32) == 20
