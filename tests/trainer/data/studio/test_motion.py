"""How a camera sees a motion."""

import numpy as np
import pytest

from trainer.data.studio.motion import project, rotation_between


def test_the_middle_of_the_motion_is_in_the_middle_of_the_picture() -> None:
    joints = np.array([[[-1, 0, 0], [1, 2, 0]], [[-1, 0, 0], [1, 2, 0]]], np.float32)
    seen = project(joints, yaw=0.0, pitch=0.0, distance=5.0, focal=500.0)
    assert seen.mean((0, 1)) == pytest.approx([319.5, 239.5])
    assert seen[0, 1, 1] < seen[0, 0, 1]  # up in the world is up in the picture
    assert seen[0, 1, 0] - seen[0, 0, 0] == pytest.approx(2 * 500 / 5)


def test_what_is_behind_the_camera_is_unknown() -> None:
    assert np.isnan(
        project(np.array([[[0, 0, 0], [0, 0, 40]]], np.float32), yaw=0.0, pitch=0.0, distance=1.0, focal=500.0)[0, 1]
    ).all()


@pytest.mark.parametrize("seed", range(4))
def test_the_smallest_rotation_turns_one_direction_into_the_other(seed: int) -> None:
    first, second = np.random.default_rng(seed).normal(size=(2, 3))
    rotation = rotation_between(first, second)
    assert rotation @ first / np.linalg.norm(first) == pytest.approx(second / np.linalg.norm(second))
    assert np.linalg.det(rotation) == pytest.approx(1.0)
