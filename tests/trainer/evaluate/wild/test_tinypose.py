"""Peaks of TinyPose's maps, decoded as its authors do."""

import numpy as np

from trainer.precomputed.teachers import decode_heat


def test_tinypose_peaks_move_a_quarter_cell_toward_the_higher_neighbour() -> None:
    heat = np.zeros((2, 64, 48), np.float32)
    heat[0, 20, 10], heat[0, 20, 11], heat[0, 19, 10] = 0.9, 0.3, 0.2
    heat[1, 0, 0] = 0.4  # at the edge nothing is known of one side
    joints = decode_heat(heat, np.eye(2, 3))
    np.testing.assert_allclose(joints[0], [10.25 * 4, 19.75 * 4, 0.9], atol=1e-5)
    np.testing.assert_allclose(joints[1], [0, 0, 0.4], atol=1e-5)
