import json
from pathlib import Path

import numpy as np
import pytest

from edgeact.formats.openpose import BODY_25, write_openpose
from edgeact.results.load import load_results
from edgeact.skeleton import BODY_21
from tests.results import person, result, write_results


def test_each_frame_has_a_file_with_the_keys_and_the_order_of_openpose(tmp_path: Path) -> None:
    unseen = person(8)
    unseen.pose.joints[0] = np.nan
    frames = write_results(tmp_path, [result(0), result(3, persons=(person(7), unseen))])
    write_openpose(load_results(frames), tmp_path / "poses")
    assert sorted(path.name for path in (tmp_path / "poses").iterdir()) == [
        "clip_000000000000_keypoints.json", "clip_000000000003_keypoints.json",
    ]  # fmt: skip
    empty, full = (json.loads(path.read_text()) for path in sorted((tmp_path / "poses").iterdir()))
    assert empty == {"version": 1.3, "people": []}
    first, second = full["people"]
    assert set(first) == {
        "person_id", "pose_keypoints_2d", "face_keypoints_2d", "hand_left_keypoints_2d", "hand_right_keypoints_2d",
        "pose_keypoints_3d", "face_keypoints_3d", "hand_left_keypoints_3d", "hand_right_keypoints_3d",
    }  # fmt: skip
    joints = np.array(first["pose_keypoints_2d"]).reshape(25, 3)
    assert first["person_id"] == [7]
    for row, name in zip(joints, BODY_25, strict=True):
        if name is None:
            assert row.tolist() == [0, 0, 0]
        else:
            number = BODY_21.index(name)
            assert row == pytest.approx([number + 1 / 3, 2 * number + 1 / 3, 0.9], abs=0.006)
    assert second["pose_keypoints_2d"][:3] == [0, 0, 0]
    assert BODY_25[:2] == ("nose", "thorax")
    assert BODY_25[8] == "pelvis"
