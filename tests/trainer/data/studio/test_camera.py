"""The camera's pixels and OpenGL's are the same."""

import numpy as np
import pytest

from trainer.data.studio.camera import Camera

SIZE = (640, 480)
CAMERA = Camera((0.3, 1.5, 0.2), yaw=0.2, pitch=0.1, field_of_view=1.1, roll=0.05)


def test_what_is_straight_ahead_is_in_the_middle() -> None:
    ahead = np.array(CAMERA.position) + CAMERA.rotation()[2] * 4
    assert CAMERA.to_pixels(ahead, SIZE) == pytest.approx([(SIZE[0] - 1) / 2, (SIZE[1] - 1) / 2], abs=1e-3)


def test_rendered_points_lie_at_their_pixels() -> None:
    points = np.array([[0.5, 1.0, -4.0], [-1.0, 0.2, -6.0], [0.0, 2.0, -3.0]])
    clip = np.concatenate([points, np.ones((3, 1))], 1) @ CAMERA.clip_matrix(SIZE).T
    device = clip[:, :2] / clip[:, 3:]
    pixels = (device * [1, -1] + 1) / 2 * SIZE - 0.5
    assert CAMERA.to_pixels(points, SIZE) == pytest.approx(pixels, abs=0.51)


def test_behind_the_camera_is_nowhere() -> None:
    assert np.isnan(CAMERA.to_pixels(np.array([0.0, 1.5, 5.0]), SIZE)).all()
