"""Our own pose errors on annotated joints."""

import numpy as np
import pytest

from trainer.data.pose_noise import add_pose_noise, residual_bank, torso_of_sequence


def standing(frames: int = 40) -> np.ndarray:
    body = np.array(
        [
            [0, -50],
            [-10, -30],
            [10, -30],
            [-12, -10],
            [12, -10],
            [-12, 5],
            [12, 5],
            [-6, 10],
            [6, 10],
            [-6, 35],
            [6, 35],
            [-6, 60],
            [6, 60],
        ]
    )
    return np.repeat(np.concatenate([body, np.ones((13, 1))], 1)[None], frames, 0).astype(np.float32)


def test_the_bank_holds_errors_in_torso_lengths() -> None:
    target = np.zeros((2, 13, 3))
    target[0, :, 2] = 1
    predicted = np.full((2, 13, 2), 5.0)
    bank = residual_bank(predicted, np.full((2, 13), 0.7), target, np.array([10.0, 0.0]))
    assert bank.shape == (1, 13, 3)  # a person without torso is left out
    assert bank[0, 0].tolist() == pytest.approx([0.5, 0.5, 0.7])


def test_errors_have_the_size_of_the_bank() -> None:
    rng = np.random.default_rng(0)
    bank = np.concatenate([rng.normal(0, 0.3, (200, 13, 2)), rng.uniform(0.2, 1, (200, 13, 1))], -1).astype(np.float32)
    clean = standing(400)
    noisy = add_pose_noise(clean, bank, rng, hold=1.0)
    spread = (noisy - clean)[..., :2].std() / torso_of_sequence(clean)
    assert 0.15 < spread < 0.35  # blending two persons' errors shrinks them by up to √2
    assert 0.2 <= noisy[..., 2].min() <= noisy[..., 2].max() <= 1


def test_no_errors_leave_the_joints_in_place() -> None:
    bank = np.concatenate([np.zeros((3, 13, 2)), np.ones((3, 13, 1))], -1).astype(np.float32)
    clean = standing()
    noisy = add_pose_noise(clean, bank, np.random.default_rng(0))
    assert np.abs(noisy[..., :2] - clean[..., :2]).max() < 0.06 * torso_of_sequence(clean)


def test_hidden_joints_keep_a_fifth_of_the_confidence() -> None:
    clean = standing()
    clean[:, 5, 2] = 0
    bank = np.concatenate([np.zeros((3, 13, 2)), np.ones((3, 13, 1))], -1).astype(np.float32)
    noisy = add_pose_noise(clean, bank, np.random.default_rng(0))
    assert noisy[:, 5, 2] == pytest.approx(np.full(40, 0.2))
