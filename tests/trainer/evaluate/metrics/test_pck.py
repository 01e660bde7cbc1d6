"""PCK on hand-made values."""

import numpy as np
import pytest

from trainer.evaluate.metrics.pck import pck


def test_shares_of_joints_within_a_fifth_of_the_torso() -> None:
    target = np.array([[[0, 0, 1], [10, 0, 1], [20, 0, 0]]], np.float32)
    found = np.array([[[1.9, 0], [12.1, 0], [500, 0]]], np.float32)
    score, *_ = pck(found, target, np.array([10.0], np.float32), joints=(0, 1, 2))
    assert score == pytest.approx(0.5)  # 1.9 ≤ 2 < 2.1; the third is not labelled


def test_persons_without_torso_do_not_count() -> None:
    target = np.array([[[0, 0, 1]], [[0, 0, 1]]], np.float32)
    found = np.array([[[0, 0]], [[9, 9]]], np.float32)
    score, *_ = pck(found, target, np.array([10.0, 0.0], np.float32), joints=(0,))
    assert score == 1.0
