"""Distances before and after alignment, bones that stretch, limbs that flip."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from edgeact.skeleton import BODY_21
from trainer.evaluate.metrics.pose_3d import (
    aligned_distances,
    bone_variation,
    depth_flips,
    joint_distances,
    mpjpe,
    p_mpjpe,
)


def body(frames: int) -> np.ndarray:
    return np.repeat(np.random.default_rng(0).normal(0, 0.3, (1, 21, 3)), frames, 0).astype(np.float32)


def test_alignment_takes_out_rotation_scale_and_shift_and_no_mirroring() -> None:
    wanted = np.random.default_rng(1).normal(0, 0.3, (7, 12, 3)).astype(np.float32)
    turned = 1.3 * Rotation.from_euler("xyz", [0.3, -1.0, 2.0]).apply(wanted.reshape(-1, 3)).reshape(wanted.shape) + 2
    assert joint_distances(turned.astype(np.float32), wanted).mean() > 0.5
    assert aligned_distances(turned.astype(np.float32), wanted).max() < 1e-5
    mirrored = wanted * np.float32([-1, 1, 1])
    assert aligned_distances(mirrored, wanted).mean() > 0.05


def test_protocol_1_puts_the_roots_together_and_protocol_2_the_whole_pose() -> None:
    wanted = np.array([[[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]], np.float32)
    assert mpjpe(wanted + 5, wanted, root=0) == pytest.approx(0)
    # Twice as large about the root: its three other joints are off by 1, 1 and 1.
    assert mpjpe(2 * wanted + 5, wanted, root=0) == pytest.approx(3 / 4)
    assert p_mpjpe(2 * wanted + 5, wanted) == pytest.approx(0, abs=1e-5)


def test_an_error_of_one_joint_is_measured_in_its_own_unit() -> None:
    wanted = body(2)
    found = wanted.copy()
    found[0, 3] += np.float32([0.03, 0, 0.04])
    distances = joint_distances(found, wanted)
    assert distances[0, 3] == pytest.approx(0.05, abs=1e-6)
    assert distances.sum() == pytest.approx(0.05, abs=1e-6)


def test_a_rigid_body_does_not_vary_and_a_growing_arm_does() -> None:
    joints = body(40)
    assert bone_variation(joints) < 1e-6
    wrist, elbow = BODY_21.index("left_wrist"), BODY_21.index("left_elbow")
    for frame in range(40):
        joints[frame, wrist] = joints[frame, elbow] + (joints[frame, wrist] - joints[frame, elbow]) * (1 + frame % 2)
    assert bone_variation(joints) == pytest.approx(1 / 3 / 8, abs=1e-3)


@pytest.mark.parametrize(("slope", "flips"), [(0.8, 4), (0.2, 0)])
def test_a_shin_that_jumps_from_front_to_back_is_a_flip(slope: float, flips: int) -> None:
    joints = np.zeros((25, 21, 3), np.float32)
    joints[:, BODY_21.index("left_ankle")] = [0, 0.4, 0]
    sign = np.where(np.arange(25) // 5 % 2 == 0, 1, -1)
    joints[:, BODY_21.index("left_ankle"), 2] = sign * 0.4 * slope / np.sqrt(1 - slope**2)
    assert depth_flips(joints, np.arange(25) / 15) == flips


def test_a_leg_that_swings_through_is_no_flip() -> None:
    time = np.arange(60) / 15
    joints = np.zeros((60, 21, 3), np.float32)
    angle = 0.7 * np.sin(2 * np.pi * time / 1.2)  # 40° forward and back, a step in 0.6 s
    joints[:, BODY_21.index("left_knee"), 1] = np.cos(angle) * 0.4
    joints[:, BODY_21.index("left_knee"), 2] = np.sin(angle) * 0.4
    assert depth_flips(joints, time) == 0
