"""JHMDB, on a tiny copy of its official layout."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgeact.errors import SourceFormatError, SourceNotFoundError
from tests.trainer.data.sets.layouts import CLIP, PICTURE, pixels_of, write, write_clip, write_picture
from tests.trainer.data.sets.matlab_files import write_version5, write_version73
from trainer.data.sample import SEEN, Video
from trainer.data.sets.jhmdb import read_jhmdb, read_packed_jhmdb


@pytest.mark.parametrize("write_matlab", [write_version5, write_version73])
def test_jhmdb(write_matlab: Callable, tmp_path: Path) -> None:
    places = np.arange(2 * 15 * 3.0).reshape(2, 15, 3) + 1
    mask = np.zeros((4, 5, 3))
    mask[1, 2, 0] = 1
    for name in ("film_a_run_f_1", "film_b_run_f_1"):
        write_matlab(tmp_path / "joint_positions" / "run" / name / "joint_positions.mat", {"pos_img": places})
        write_matlab(tmp_path / "puppet_mask" / "run" / name / "puppet_mask.mat", {"part_mask": mask})
    write(tmp_path / "splits" / "run_test_split1.txt", "film_a_run_f_1.avi 1\nfilm_b_run_f_1.avi 2\n")
    write_clip(tmp_path / "ReCompress_Videos" / "run" / "film_a_run_f_1.avi")
    first, second = read_jhmdb(tmp_path).samples
    assert (first.split, second.split, first.source) == ("train", "test", "film_a")
    assert first.joints.shape == (3, 1, 15, 2)
    assert first.joints[2, 0, 1].tolist() == [places[0, 1, 2] - 1, places[1, 1, 2] - 1]
    assert np.argwhere(first.masks()).tolist() == [[0, 0, 1, 2]]
    assert isinstance(first.media, Video)
    assert pixels_of(first) == CLIP
    assert second.media is None
    for frame in (1, 2, 3):
        write_picture(tmp_path / "Rename_Images" / "run" / "film_a_run_f_1" / f"{frame:05d}.png")
    assert pixels_of(read_jhmdb(tmp_path).samples[0]) == PICTURE * 3


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match=r"give the folder that|has no"):
        read_jhmdb(tmp_path)


def test_packed_joints_come_apart_clip_by_clip(tmp_path: Path) -> None:
    pose = np.arange(3 * 15 * 2.0).reshape(3, 15, 2)
    for part, labels in (("train", ["wave", "clap"]), ("test", ["clap", "run"])):
        np.savez(tmp_path / f"GT_{part}_2.npz", pose=pose, length=np.array([2, 1]), label=np.array(labels))
    found = read_packed_jhmdb(tmp_path, split=2)
    assert found.actions == ("clap", "run", "wave")
    assert [(s.name, s.split, s.actions) for s in found.samples] == [
        ("train_0", "train", (2,)), ("train_1", "train", (0,)), ("test_0", "test", (0,)), ("test_1", "test", (1,)),
    ]  # fmt: skip
    assert found.samples[0].joints.shape == (2, 1, 15, 2)
    assert found.samples[1].joints[0, 0].tolist() == pose[2].tolist()
    assert (found.samples[0].visibility == SEEN).all()
    assert found.samples[0].media is None
    with pytest.raises(SourceNotFoundError, match=r"GT_train_1\.npz not found"):
        read_packed_jhmdb(tmp_path)
    (tmp_path / "GT_train_1.npz").write_bytes((tmp_path / "GT_train_2.npz").read_bytes()[:100])
    with pytest.raises(SourceFormatError, match="damaged or has not pose, length, label"):
        read_packed_jhmdb(tmp_path)
