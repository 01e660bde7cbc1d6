"""Packed skeletons come apart clip by clip, as stored."""

from pathlib import Path

import numpy as np
import pytest

from edgeact.errors import SourceFormatError, SourceNotFoundError
from tests.trainer.data.sets.matlab_files import write_version5
from trainer.data.sets.packed_skeletons import read_skeletons, read_utkinect


def test_skeletons_keep_the_unit_and_the_type_of_the_file(tmp_path: Path) -> None:
    joints = np.arange(3 * 20 * 3, dtype=np.int16).reshape(3, 20, 3)
    np.savez(tmp_path / "a.npz", name=np.array(["a1_s1", "a2_s1"]), length=np.array([2, 1]), xyz_mm=joints)
    (first, two), (second, one) = read_skeletons(tmp_path / "a.npz", "xyz_mm")
    assert (first, second, two.shape) == ("a1_s1", "a2_s1", (2, 20, 3))
    assert one.dtype == np.int16
    assert (one[0] == joints[2]).all()
    with pytest.raises(SourceFormatError, match="damaged or has not name, length, skeleton"):
        read_skeletons(tmp_path / "a.npz", "skeleton")
    with pytest.raises(SourceNotFoundError, match="give the folder that"):
        read_skeletons(tmp_path / "b.npz", "xyz_mm")


def test_utkinects_clips_of_one_frame_are_left_out(tmp_path: Path) -> None:
    joints = np.arange(1 * 2 * 2 * 4 * 20 * 3.0).reshape(1, 2, 2, 4, 20, 3)
    lengths = np.array([[[4, 1], [2, 3]]], np.uint8)
    write_version5(tmp_path / "UTKinect.mat", {"complete_skeleton": joints, "action_length": lengths})
    found = list(read_utkinect(tmp_path))
    assert [(person, trial, action, len(clip)) for person, trial, action, clip in found] == [
        (0, 0, 0, 4),
        (0, 1, 0, 2),
        (0, 1, 1, 3),
    ]
    assert (found[1][3] == joints[0, 1, 0, :2]).all()
    assert found[1][3].dtype == np.float32
    with pytest.raises(SourceNotFoundError, match="give the folder that"):
        next(read_utkinect(tmp_path / "other"))
