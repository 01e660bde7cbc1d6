"""Tests of walking along a scripted path."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from trainer.data.studio.motion import Motion
from trainer.data.studio.walk_path import Stop, walk_path

RATE = 30.0
BONES = ("pelvis",)


def gait(metres_per_second: float = 1.2, frames: int = 30) -> Motion:
    """Slides along +Z at this speed, for a leg of a metre."""
    hips = np.zeros((frames, 3))
    hips[:, 1], hips[:, 2] = 1.0, np.arange(frames) * metres_per_second / RATE
    return Motion("gait", "walk", np.tile([0.0, 0, 0, 1], (frames, 1, 1)), hips, BONES, RATE)


def rest() -> Motion:
    return Motion("rest", "idle", np.tile([0.0, 0, 0, 1], (10, 1, 1)), np.tile([0.0, 0.9, 0], (10, 1)), BONES, RATE)


def walk(*stops: Stop, seconds: float, leg: float = 1.0) -> Motion:
    return walk_path(gait(), rest(), stops, leg_length=leg, seconds=seconds)


def test_somebody_walks_to_a_place_in_the_time_that_the_gait_takes_and_stays() -> None:
    motion = walk(Stop((1.0, -5.0)), Stop((1.0, -2.6)), seconds=4.0)
    path = motion.hips[:, [0, 2]] + [1.0, -5.0]
    assert path[0] == pytest.approx([1.0, -5.0])
    assert path[round(1.0 * RATE)] == pytest.approx([1.0, -3.8], abs=0.05)
    assert path[-1] == pytest.approx([1.0, -2.6], abs=0.16)
    assert (motion.hips[-10:] == motion.hips[-1]).all()
    assert motion.hips[-1, 1] == pytest.approx(0.9)  # stands


def test_a_pause_is_kept_and_the_body_faces_the_way_that_it_goes() -> None:
    motion = walk(Stop((0.0, 0.0), pause=1.0), Stop((2.4, 0.0)), Stop((0.0, 0.0)), seconds=6.0)
    assert (motion.hips[: round(RATE)] == motion.hips[0]).all()
    facing = Rotation.from_quat(motion.rotations[:, 0]).apply([0, 0, 1])
    assert facing[round(2.0 * RATE)] == pytest.approx([1, 0, 0], abs=1e-6)
    assert facing[round(5.0 * RATE)][0] < -0.95  # turned back
    assert np.abs(np.diff(motion.hips, axis=0)).max() <= 1.2 / RATE + 1e-6  # never jumps


def test_longer_legs_take_longer_steps() -> None:
    motion = walk(Stop((0.0, 0.0)), Stop((0.0, 9.0)), seconds=2.0, leg=0.5)
    assert motion.hips[-1, 2] * 0.5 == pytest.approx(0.5 * 1.2 * 2.0, abs=0.03)
