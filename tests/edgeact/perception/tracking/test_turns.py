"""In a crowd tracks take turns in being posed; everybody is still reported in every frame."""

import numpy as np
import pytest

from edgeact.config import PipelineConfig
from edgeact.perception.pose import PoseBatch
from edgeact.perception.tracking.limits import LONGEST_TURN, POSES_A_FRAME
from edgeact.perception.tracking.tracker import PoseRequest, Tracker
from edgeact.skeleton import BODY_21
from edgeact.types import Detection
from tests.tiny_bundle import FIGURE


def boxes_at(count: int, time: float) -> np.ndarray:
    """People in rows of ten, who all walk to the right at 20 pixels a second."""
    numbers = np.arange(count)
    x, y = 60 * (numbers % 10) + 20 * time, 130 * (numbers // 10)
    return np.stack([x, y, x + 30, y + 100], axis=1).astype(np.float32)


def poses_in(boxes: np.ndarray, time: float, count: int) -> PoseBatch:
    """What a pose network would say: whoever is nearest to each box."""
    people = boxes_at(count, time)
    nearest = [people[np.abs(people - box).sum(1).argmin()] for box in boxes]
    joints = [(box[:2] + box[2:]) / 2 + FIGURE * (box[2:] - box[:2]) / 2 for box in nearest]
    features = np.stack([np.concatenate([one, np.full((21, 1), 0.9)], 1) for one in joints]).astype(np.float32)
    return PoseBatch(
        features=features,
        joint_maps=np.zeros((len(boxes), 21, 4, 4), np.float32),
        joints_3d=None,
        crop_boxes=np.array(boxes),
        colours=np.full((len(boxes), 2, 3), np.nan, np.float32),
        more={"centre": (boxes[:, :2] + boxes[:, 2:]) / 2},
    )


@pytest.mark.parametrize("count", [POSES_A_FRAME, 40, 90])
def test_who_rests_is_posed_again_soon_and_is_reported_all_the_same(count: int) -> None:
    tracker = Tracker(PipelineConfig(max_persons=100), skeleton=BODY_21, detection_score=0.5, joint_confidence=0.3)
    last_posed: dict[int, int] = {}
    for index in range(16):
        time = index / 25
        truth = boxes_at(count, time)
        seen = tuple(Detection(box, 0.9) for box in truth) if index % 8 == 0 else None
        answer = tracker.expect(time, seen, width=640, height=1200)
        asked = 0
        while isinstance(answer, PoseRequest):
            asked += len(answer.boxes)
            for box in answer.boxes:
                last_posed[int(np.abs(truth - box).sum(1).argmin())] = index
            answer = tracker.answer(poses_in(answer.boxes, time, count))
        everybody = seen or index == 1 or count <= POSES_A_FRAME  # who has just been found was not posed before
        assert asked == count if everybody else asked <= max(POSES_A_FRAME, -(-count // LONGEST_TURN))
        assert len(answer.persons) == count
        assert len({person.track_id for person in answer.persons}) == count
        assert max(index - last for last in last_posed.values()) < LONGEST_TURN
        for person in answer.persons:
            assert np.abs(truth - person.box).sum(1).min() < 6
            assert person.joint_maps is not None
            assert person.joint_maps.shape == (21, 4, 4)
            assert np.abs((person.box[:2] + person.box[2:]) / 2 - person.more["centre"]).max() < 6  # whose it is
