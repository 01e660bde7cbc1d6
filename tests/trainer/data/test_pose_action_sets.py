"""Sets of joints with actions: their official splits, joints as stored, and what a mirror does to them."""

from pathlib import Path

import numpy as np
import pytest

from edgeact.errors import SourceFormatError, SourceNotFoundError
from trainer.data.pose_action_sets import jhmdb_set, nwucla_set, penn_action_set, utd_mhad_set


def write_kinect(path: Path, key: str, names: list[str]) -> Path:
    joints = np.arange(len(names) * 2 * 20 * 3).reshape(-1, 20, 3)
    np.savez(path, name=np.array(names), length=np.full(len(names), 2), **{key: joints.astype(np.float32)})
    return path.parent


def test_nwucla_measures_its_third_camera(tmp_path: Path) -> None:
    names = ["a01_s01_e00_v01", "a01_s01_e00_v03", "a04_s02_e01_v02"]
    found = nwucla_set(write_kinect(tmp_path / "nwucla.npz", "skeleton", names))
    assert (found.training.tolist(), found.measured.tolist()) == ([0, 2], [1])
    assert (found.labels.tolist(), found.actions) == ([0, 0, 1], ("a1", "a4"))
    assert [one.shape for one in found.sequences] == [(2, 20, 4)] * 3
    assert found.sequences[1][0, 0].tolist() == [120, 121, 122, 1]


def test_utd_mhad_measures_even_people_in_metres(tmp_path: Path) -> None:
    found = utd_mhad_set(write_kinect(tmp_path / "utd_mhad.npz", "xyz_mm", ["a10_s1_t1", "a2_s2_t4"]))
    assert (found.training.tolist(), found.measured.tolist()) == ([0], [1])
    assert found.actions == ("a2", "a10")
    assert found.labels.tolist() == [1, 0]
    assert found.sequences[1][0, 0].tolist() == pytest.approx([0.12, 0.121, 0.122, 1])
    assert found.mirror is None


def test_jhmdb_has_three_splits(tmp_path: Path) -> None:
    for part, label in (("train", "wave"), ("test", "clap")):
        pose = np.ones((3, 15, 2), np.float32)
        np.savez(tmp_path / f"GT_{part}_2.npz", pose=pose, length=np.array([2, 1]), label=np.array([label, "wave"]))
    found = jhmdb_set(tmp_path, 2)
    assert found.actions == ("clap", "wave")
    assert found.labels.tolist() == [1, 1, 0, 1]
    assert (found.training.tolist(), found.measured.tolist()) == ([0, 1], [2, 3])
    assert found.sequences[0].shape == (2, 15, 3)
    with pytest.raises(SourceNotFoundError, match=r"GT_train_3\.npz not found"):
        jhmdb_set(tmp_path, 3)
    (tmp_path / "GT_train_3.npz").write_bytes(b"no archive")
    with pytest.raises(SourceFormatError, match="damaged"):
        jhmdb_set(tmp_path, 3)


@pytest.mark.data
def test_official_splits_have_their_sizes(shared_folder: Path) -> None:
    data = shared_folder / "data"
    sizes = [
        (len(found.training), len(found.measured), len(found.actions))
        for found in (
            jhmdb_set(data / "jhmdb", 1),
            nwucla_set(data / "nwucla"),
            utd_mhad_set(data / "utd_mhad_skel"),
            penn_action_set(data / "penn_action"),
        )
    ]
    assert sizes == [(433, 176, 14), (1020, 464, 10), (431, 430, 27), (1258, 1068, 15)]


@pytest.mark.data
def test_a_mirror_names_the_other_side(shared_folder: Path) -> None:
    """In a mirrored and renamed skeleton every joint stays on its side of the body, on average."""
    data = shared_folder / "data"
    for found in (jhmdb_set(data / "jhmdb", 1), nwucla_set(data / "nwucla")):
        assert found.mirror is not None
        joints = np.concatenate(found.sequences)[..., :-1]
        lengths = np.linalg.norm(joints - joints[:, found.mirror], axis=-1).mean(0)
        assert (np.array(found.mirror)[list(found.mirror)] == np.arange(len(found.mirror))).all()
        assert np.allclose(lengths, lengths[list(found.mirror)])
        paired = np.array(found.mirror) != np.arange(len(found.mirror))
        height = np.abs(joints[..., 1] - joints[:, found.mirror, 1]).mean(0)
        spread = np.ptp(joints[..., 1], axis=1).mean()
        assert height[paired].max() < 0.5 * spread  # left and right of a pair are about as high
