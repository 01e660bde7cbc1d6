"""Leeds Sports Pose, as its authors store it."""

from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from trainer.data.lspet import LSP_JOINTS, read_lspet


def test_persons_with_few_joints_are_left_out_and_boxes_hold_the_others(tmp_path: Path) -> None:
    joints = np.zeros((14, 3, 3))
    joints[:, 0, :], joints[:, 1, :] = np.linspace(10, 50, 14)[:, None], np.linspace(20, 120, 14)[:, None]
    joints[:, 2, 0] = 1
    joints[:5, 2, 1] = 1  # one joint too few
    joints[:6, 2, 2] = 1
    joints[6:, :2, 2] = -9999  # what is not labelled holds garbage
    savemat(tmp_path / "joints.mat", {"joints": joints})
    first, last = read_lspet(tmp_path)
    assert [sample.path.name for sample in (first, last)] == ["im00001.jpg", "im00003.jpg"]
    assert first.joints.shape == (len(LSP_JOINTS), 3)
    assert first.box == pytest.approx((10 - 15, 20 - 15, 50 + 15, 120 + 15))  # 15 % of the longer side, which is 100
    assert last.box[0] == pytest.approx(10 - 0.15 * (joints[5, 1, 2] - 20))


@pytest.mark.data
def test_the_true_file_reads_as_its_authors_say(shared_folder: Path) -> None:
    """10,000 photos (Johnson and Everingham, CVPR 2011), of which nine have fewer than six labelled joints."""
    samples = read_lspet(shared_folder / "data/lspet")
    assert len(samples) == 9991
    assert samples[0].path.is_file()
    # The order of the joints: in most photos people stand upright.
    joints = np.stack([sample.joints for sample in samples])
    both = (joints[:, LSP_JOINTS.index("head_top"), 2] > 0) & (joints[:, LSP_JOINTS.index("left_ankle"), 2] > 0)
    head, ankle = (joints[both, LSP_JOINTS.index(name), 1] for name in ("head_top", "left_ankle"))
    assert (head < ankle).mean() > 0.6  # measured: 0.70; many are gymnasts
