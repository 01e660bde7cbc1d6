"""The joints that every data set has, and the way back to all 21."""

import numpy as np

from trainer.inputs.action_clip import common_joints, spread_common


def test_common_joints_come_back() -> None:
    rng = np.random.default_rng(0)
    joints = np.concatenate([rng.normal(200, 60, (2, 32, 13, 2)), rng.uniform(0.5, 1, (2, 32, 13, 1))], -1)
    assert np.allclose(common_joints(spread_common(joints.astype(np.float32))), joints, atol=1e-4)
