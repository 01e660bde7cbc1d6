"""Loss, schedule, and that a resumed training is the uninterrupted one."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from edgeact.errors import SourceFormatError
from tests.trainer.published_tinypose import random_weights, write_weights
from trainer.data.pose_patches import PATCH_HEIGHT, PATCH_WIDTH
from trainer.fit_pose import fit, learning_rate, load_patch_set, pose_loss
from trainer.models.edge_pose import MAP_STRIDE
from trainer.recipe import PoseRecipe


def at(x: float, y: float) -> torch.Tensor:
    """Joint in crop pixels in the middle of a cell."""
    return torch.tensor([[[(x + 0.5) * MAP_STRIDE - 0.5, (y + 0.5) * MAP_STRIDE - 0.5, 1.0]]])


def test_the_loss_falls_toward_the_target() -> None:
    def loss(x: int, y: int) -> float:
        logits = torch.zeros(1, 1, 40, 32)
        logits[0, 0, y - 1 : y + 2, x - 1 : x + 2] = 6.0
        return float(pose_loss(logits, at(10, 20)))

    assert loss(10, 20) < loss(12, 20) < loss(20, 20) < loss(30, 38)


def test_unlabelled_joints_do_not_count() -> None:
    logits = torch.randn(2, 3, 40, 32, requires_grad=True)
    joints = torch.tensor([[30.0, 40.0, 1.0]]).repeat(2, 3, 1)
    joints[:, 1, 2] = 0
    pose_loss(logits, joints).backward()
    assert logits.grad is not None
    assert not logits.grad[:, 1].any()
    assert logits.grad[:, 0].any()


def test_nobody_labelled_gives_zero_not_nan() -> None:
    assert float(pose_loss(torch.randn(2, 3, 40, 32), torch.zeros(2, 3, 3))) == 0.0


def test_the_learning_rate_starts_anew_after_each_cycle() -> None:
    cycles, peaks = (1000, 3000), (1.0, 0.5)
    assert learning_rate(199, cycles, peaks) == 1.0
    assert learning_rate(999, cycles, peaks) == pytest.approx(0.01, abs=1e-4)
    assert learning_rate(1000, cycles, peaks) == pytest.approx(0.5 / 200)
    assert learning_rate(1200, cycles, peaks) == pytest.approx(0.5)
    assert learning_rate(2999, cycles, peaks) == pytest.approx(0.005, abs=1e-4)


def write_patches(root: Path) -> Path:
    """Random patches of the two sets that are also checked on, a few of them for validation."""
    rng = np.random.default_rng(0)
    for name in ("lspet", "stock_upright"):
        folder = root / name
        folder.mkdir(parents=True)
        joints = rng.uniform(60, 130, (8, 21, 3)).astype(np.float32)
        joints[..., 2] = 1
        np.save(folder / "patches.npy", rng.integers(0, 255, (8, PATCH_HEIGHT, PATCH_WIDTH, 3), np.uint8))
        np.save(folder / "joints.npy", joints)
        np.save(folder / "torso.npy", np.full(8, 40, np.float32))
        rows = [{"split": "validation" if i < 2 else "train", "name": str(i)} for i in range(8)]
        (folder / "index.json").write_text(json.dumps(rows))
    return root


def test_splits_are_kept_apart(tmp_path: Path) -> None:
    patches = write_patches(tmp_path)
    assert load_patch_set(patches / "lspet", "train").rows.tolist() == [2, 3, 4, 5, 6, 7]
    assert load_patch_set(patches / "lspet", "validation").rows.tolist() == [0, 1]


def test_patches_of_another_network_are_refused(tmp_path: Path) -> None:
    folder = write_patches(tmp_path) / "lspet"
    np.save(folder / "patches.npy", np.zeros((8, 256, 192, 3), np.uint8))
    with pytest.raises(SourceFormatError, match="delete it to cut them anew"):
        load_patch_set(folder, "train")


def test_an_interrupted_training_ends_where_the_uninterrupted_one_does(tmp_path: Path) -> None:
    patches = write_patches(tmp_path / "patches")
    weights = write_weights(tmp_path / "tinypose.onnx", random_weights())

    def train(name: str, steps: int) -> dict[str, torch.Tensor]:
        recipe = PoseRecipe(cycles=(steps,), rates=(1e-3,), mild_from=1, batch=2)
        return fit(patches, weights, tmp_path / name / "checkpoint.pt", recipe, save_every=1).state_dict()

    torch.use_deterministic_algorithms(True)
    try:
        whole = train("whole", 2)
        train("parts", 1)
        resumed = train("parts", 2)
    finally:
        torch.use_deterministic_algorithms(False)
    assert all(torch.allclose(value.float(), resumed[name].float(), atol=1e-6) for name, value in whole.items())
