"""The pointing game, by hand."""

import numpy as np

from trainer.evaluate.metrics.pointing_game import pointing_accuracy, points_at


def test_the_highest_cell_must_lie_in_a_box_or_near_it() -> None:
    values = np.zeros((40, 60))
    values[30, 50] = 1
    inside, beside = np.array([[45.0, 25, 55, 35]]), np.array([[20.0, 25, 40, 35]])
    assert points_at(values, inside, tolerance=0)
    assert not points_at(values, beside, tolerance=9)
    assert points_at(values, beside, tolerance=10)
    assert points_at(values, np.concatenate([beside, inside]), tolerance=0)
    assert not points_at(values, np.zeros((0, 4)))


def test_actions_count_alike() -> None:
    """All three of one action hit, the one of the other misses: a half, not three quarters."""
    assert pointing_accuracy(np.array([True, True, True, False]), np.array([0, 0, 0, 1])) == 0.5
