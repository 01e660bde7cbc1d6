"""Who of Leeds Sports Pose extended trains."""

from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from trainer.data.lspet import lspet_people
from trainer.data.sets.lsp import LSP_JOINTS


def test_persons_with_few_joints_are_left_out_and_boxes_hold_the_others(tmp_path: Path) -> None:
    joints = np.zeros((14, 3, 3))
    joints[:, 0, :], joints[:, 1, :] = np.linspace(10, 50, 14)[:, None], np.linspace(20, 120, 14)[:, None]
    joints[:, 2, 0] = 1
    joints[:5, 2, 1] = 1  # one joint too few
    joints[:6, 2, 2] = 1
    joints[6:, :2, 2] = -9999  # what is not labelled holds garbage
    joints[1, 0, 0] = np.float32(0.27903494)  # does not come back in float32 where 1 is taken off and added again
    savemat(tmp_path / "joints.mat", {"joints": joints})
    first, last = lspet_people(tmp_path)
    assert [sample.picture.name for sample in (first, last)] == ["im00001.jpg", "im00003.jpg"]
    assert (first.joints[0, 0] == joints[:, :2, 0].astype(np.float32)).all()
    assert np.isnan(last.joints[0, 0, 6:]).all()
    low, high = np.array([joints[:, 0, 0].min(), 20]), np.array([50, 120])
    assert first.boxes[0, 0] == pytest.approx(np.concatenate([low - 15, high + 15]))  # 15 % of the longer side, 100
    assert last.boxes[0, 0, 0] == pytest.approx(10 - 0.15 * (joints[5, 1, 2] - 20))


@pytest.mark.data
def test_the_true_file_reads_as_its_authors_say(shared_folder: Path) -> None:
    """10,000 photos (Johnson and Everingham, CVPR 2011), of which nine have fewer than six labelled joints."""
    samples = lspet_people(shared_folder / "data/lspet")
    assert len(samples) == 9991
    assert samples[0].picture.is_file()
    # The order of the joints: in most photos people stand upright.
    heights = np.stack([sample.joints[0, 0, :, 1] for sample in samples])
    head, ankle = (heights[:, LSP_JOINTS.index(name)] for name in ("head_top", "left_ankle"))
    both = np.isfinite(head + ankle)
    assert (head[both] < ankle[both]).mean() > 0.6  # measured: 0.70; many are gymnasts
