"""UTD-MHAD and MSR Action3D: who trains, what their actions may be called, and which joint is which."""

from pathlib import Path

import numpy as np
import pytest

from trainer.data.action_sequences import LABELS, OTHER
from trainer.data.skeleton_sets import _MSR_ACTIONS, _UTD_ACTIONS, msr_action3d, utd_mhad


def test_every_action_has_labels_that_there_are() -> None:
    assert (len(_UTD_ACTIONS), len(_MSR_ACTIONS)) == (27, 20)
    assert all(allowed and set(allowed) <= set(LABELS) for allowed in (*_UTD_ACTIONS, *_MSR_ACTIONS))


def test_people_with_odd_numbers_train_and_one_of_them_chooses(tmp_path: Path) -> None:
    skeletons = np.random.default_rng(0).integers(-900, 900, (12, 20, 3)).astype(np.int16)
    names = np.array(["a3_s1_t1", "a24_s2_t1", "a4_s7_t1"])
    np.savez(tmp_path / "utd_mhad.npz", name=names, length=np.array([3, 4, 5]), xyz_mm=skeletons)
    wave, stand, clap = utd_mhad(tmp_path, views=1)
    assert [s.split for s in (wave, stand, clap)] == ["train", "test", "validation"]
    assert [s.allowed for s in (wave, stand, clap)] == [("wave",), (OTHER,), ("clap",)]
    assert [len(s.joints) for s in (wave, stand, clap)] == [3, 4, 5]
    assert all(s.joints.shape[1:] == (13, 3) and np.isfinite(s.joints).all() for s in (wave, stand, clap))


@pytest.mark.data
@pytest.mark.parametrize("read", [utd_mhad, msr_action3d])
def test_heads_are_above_hips_and_hips_above_ankles(shared_folder: Path, read: type) -> None:
    folder = shared_folder / "data" / ("utd_mhad_skel" if read is utd_mhad else "msr_action3d_skel")
    joints = np.concatenate([s.joints for s in read(folder, views=1)])
    head, hips, ankles = (joints[:, rows, 1].mean() for rows in ([0], [7, 8], [11, 12]))
    assert head < hips < ankles  # y points down in a picture
