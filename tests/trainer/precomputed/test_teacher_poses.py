"""The teacher's poses: only confident poses are kept, each person is kept once, the Y axis points up, and a missing
file is named in the error.
"""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgeact.errors import SourceNotFoundError
from edgeact.skeleton import BODY_21, COCO_17
from edgeact.types import Float32, UInt8
from tests.trainer.data.lifting.walkers import standing
from trainer.data.lifting.motions import teacher_poses
from trainer.folders import Folders
from trainer.precomputed.blazepose import BlazePose
from trainer.precomputed.teacher_poses import PICTURES, make_teacher_poses

_ROWS = [BODY_21.index(name) for name in COCO_17.joints]


class _Teacher:
    """Sees a standing person in bright pictures and is unsure of dark ones, as an interface of `BlazePose`."""

    looks = 0

    def __init__(self, path: Path) -> None:
        del path

    def __call__(self, image: UInt8, box: np.ndarray, up: np.ndarray) -> tuple[Float32, Float32, float]:
        type(self).looks += 1
        assert up[1] < 0
        assert box[2] > box[0]
        world = standing()[_ROWS] * np.float32([1, -1, -1])
        return world, np.full(17, 0.9, np.float32), 0.9 if image.mean() > 100 else 0.1


def _folders(root: Path) -> Folders:
    """Two pictures of each set, a bright and a dark one, with labels as the teachers of 2D write them."""
    folders = Folders(data=root / "data", teachers=root / "teachers", work=root / "work")
    folders.labels.mkdir(parents=True)
    seen = np.concatenate([standing()[_ROWS][:, :2] * [30, -30] + [40, 60], np.ones((17, 1))], 1).tolist()
    for name in PICTURES:
        images = folders.data / name / "images"
        images.mkdir(parents=True)
        rows = []
        for file, grey in (("bright.png", 200), ("dark.png", 10)):
            cv2.imwrite(str(images / file), np.full((80, 80, 3), grey, np.uint8))
            person = {"box": [20, 5, 60, 75], "score": 0.9}
            of_row = {"joints": seen} if name == "lspet" else {}
            of_person = {} if name == "lspet" else {"joints": seen}
            rows.append(json.dumps({"file": f"images/{file}", "persons": [person | of_person], **of_row}))
        (folders.labels / f"{name}.jsonl").write_text("\n".join([*rows, json.dumps({"file": "x", "persons": []})]))
    return folders


def test_only_sure_poses_are_kept_and_they_stand_upright(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainer.precomputed.teacher_poses.BlazePose", _Teacher)
    folders = _folders(tmp_path)
    make_teacher_poses(folders)
    clips = list(teacher_poses(folders.teacher_poses))
    assert sorted(clip.label for clip in clips) == sorted(PICTURES)
    assert np.allclose(clips[0].joints[0, _ROWS], standing()[_ROWS], atol=1e-6)
    looks = _Teacher.looks
    make_teacher_poses(folders)
    assert _Teacher.looks == looks == 2 * len(PICTURES)  # what was made is left alone


def test_a_missing_teacher_is_named_with_where_it_comes_from(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match="npm pack @mediapipe/pose"):
        BlazePose(tmp_path / "pose_landmark_heavy.tflite")
