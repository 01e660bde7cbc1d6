"""MPII Human Pose, on a tiny copy of its official layout."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgeact.errors import SourceNotFoundError
from tests.trainer.data.sets.layouts import PICTURE, pixels_of, write_picture
from tests.trainer.data.sets.matlab_files import write_version5, write_version73
from trainer.data.sample import HIDDEN, NOT_LABELLED, SEEN, Picture
from trainer.data.sets.mpii import JOINTS as MPII_JOINTS
from trainer.data.sets.mpii import read_mpii


@pytest.mark.parametrize("write_matlab", [write_version5, write_version73])
def test_mpii(write_matlab: Callable, tmp_path: Path) -> None:
    nothing = np.zeros((0, 0))
    points = [
        {"id": 0.0, "x": 11.0, "y": 21.0, "is_visible": 1.0},
        {"id": 9.0, "x": 31.0, "y": 41.0, "is_visible": nothing},
        {"id": 15.0, "x": 51.0, "y": 61.0, "is_visible": 0.0},
    ]
    people = [
        {"x1": 2.0, "y1": 3.0, "x2": 12.0, "y2": 13.0, "annopoints": {"point": points}},
        {"x1": nothing, "y1": nothing, "x2": nothing, "y2": nothing, "annopoints": nothing},
    ]
    release = {
        "annolist": [
            {"image": {"name": "a.jpg"}, "annorect": people, "vididx": 7.0},
            {"image": {"name": "b.jpg"}, "annorect": nothing, "vididx": nothing},
        ],
        "img_train": np.array([[1.0, 0.0]]),
        "act": [{"act_name": "yoga"}, {"act_name": ""}],
    }
    write_matlab(tmp_path / "mpii_human_pose_v1_u12_1.mat", {"RELEASE": release})
    found = read_mpii(tmp_path)
    assert found.actions == ("yoga",)
    first, second = found.samples
    assert (first.name, first.source, first.split, first.actions) == ("a#0", "video7", "train", (0,))
    assert first.media == Picture(tmp_path / "images" / "a.jpg")
    write_picture(tmp_path / "images" / "a.jpg")
    assert pixels_of(first) == PICTURE
    assert first.head_boxes[0, 0].tolist() == [1, 2, 11, 12]
    joints, visibility = first.joints[0, 0], first.visibility[0, 0]
    assert joints[MPII_JOINTS.index("right_ankle")].tolist() == [10, 20]
    assert visibility[MPII_JOINTS.index("right_ankle")] == SEEN
    assert visibility[MPII_JOINTS.index("head_top")] == SEEN
    assert visibility[MPII_JOINTS.index("left_wrist")] == HIDDEN
    assert np.isnan(joints[MPII_JOINTS.index("pelvis")]).all()
    assert visibility[MPII_JOINTS.index("pelvis")] == NOT_LABELLED
    assert second.joints is None
    assert second.head_boxes is None


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match=r"give the folder that|has no"):
        read_mpii(tmp_path)
