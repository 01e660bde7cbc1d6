"""Actions from poses: a set is learnt from its training rows alone, and cameras and sizes do not matter."""

from pathlib import Path

import numpy as np
import pytest
import torch

from trainer.claims.action_from_poses import facing, try_action_from_poses, varied
from trainer.data.pose_action_sets import PoseActionSet

MIRROR = (0, 2, 1, 3)


def waves_and_jumps(dimensions: int) -> PoseActionSet:
    """Four joints: one action moves joint 1 to the side, the other all joints up; 24 train, 8 measure."""
    rng = np.random.default_rng(0)
    rest = np.zeros((4, dimensions), np.float32)
    rest[:, 1] = (3, 1, 1, 0)
    rest[1:3, 0] = (1, -1)
    sequences = []
    for number in range(32):
        time = np.sin(np.linspace(0, 6, 20, dtype=np.float32))
        joints = np.repeat(rest[None], 20, 0) * rng.uniform(0.5, 2) + rng.normal(0, 0.02, (20, 4, dimensions))
        if number % 2:
            joints[:, 1, 0] += 2 * time
        else:
            joints[..., 1] += 2 * time[:, None]
        sequences.append(np.concatenate([joints, np.ones((20, 4, 1))], -1).astype(np.float32))
    hips = (1, 2) if dimensions == 3 else None
    rows = np.arange(32)
    return PoseActionSet("toy", tuple(sequences), rows % 2, rows[:24], rows[24:], ("jump", "wave"), MIRROR, hips)


@pytest.mark.parametrize("dimensions", [2, 3])
def test_two_actions_are_told_apart(dimensions: int, tmp_path: Path) -> None:
    torch.set_num_threads(1)
    chosen = waves_and_jumps(dimensions)
    tried = try_action_from_poses([chosen], tmp_path, seeds=1, steps=12, progress=lambda items, _: items)
    [(measured, outcome)] = list(tried)
    assert measured is chosen
    assert outcome.mean > 0.8  # by chance: a half


def test_the_body_is_turned_to_face_the_camera() -> None:
    clips = torch.zeros(1, 2, 4, 4)
    clips[0, :, 1, :3], clips[0, :, 2, :3] = torch.tensor([0.0, 0, 1]), torch.tensor([0.0, 0, -1])
    clips[0, :, 3, :3] = torch.tensor([0.0, 5, 0])
    found = facing(clips, (1, 2))
    across = found[0, 0, 2, :3] - found[0, 0, 1, :3]
    assert torch.allclose(across, torch.tensor([2.0, 0, 0]), atol=1e-6)
    assert torch.allclose(found[0, :, 3], clips[0, :, 3])  # the height stays
    assert facing(clips, None) is clips


def test_changes_are_small_and_mirror_left_and_right() -> None:
    chosen = waves_and_jumps(2)
    clips = torch.from_numpy(np.stack(chosen.sequences[:16]))
    found = varied(clips, chosen, torch.Generator().manual_seed(0))
    assert found.shape == clips.shape
    assert torch.equal(varied(clips, chosen, torch.Generator().manual_seed(0)), found)
    sides = found[:, 0, 1, 0] > found[:, 0, 2, 0]  # a mirror changes names and places: joint 1 stays on its side
    assert sides.float().mean() > 0.9
    assert (found[..., -1] == 0).any()  # some joint is lost
    assert ((found[..., -1] == 0) | (found[..., -1] == 1)).all()
