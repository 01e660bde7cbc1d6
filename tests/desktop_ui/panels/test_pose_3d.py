import math

import numpy as np
import pytest

from desktop_ui.panels.pose_3d import seen_from

POINTS = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], np.float32)


def test_from_the_camera_x_is_right_and_y_is_down() -> None:
    np.testing.assert_allclose(seen_from(POINTS, 0.0, 0.0), POINTS, atol=1e-6)


def test_a_quarter_turn_shows_the_side_and_from_above_the_floor() -> None:
    side = seen_from(POINTS, math.pi / 2, 0.0)
    assert side[3, :2] == pytest.approx([-1, 0], abs=1e-6), "what is away from the camera lies at the left"
    above = seen_from(POINTS, 0.0, math.pi / 2)
    assert above[3, :2] == pytest.approx([0, -1], abs=1e-6), "what is away from the camera lies up"
    assert above[2, 2] == pytest.approx(1), "what is low is far from an eye above"


def test_turning_keeps_lengths() -> None:
    seen = seen_from(POINTS, 0.7, 0.3)
    np.testing.assert_allclose(np.linalg.norm(seen, axis=1), np.linalg.norm(POINTS, axis=1), atol=1e-6)
