"""Losses, schedule, batches, and that a resumed training is the uninterrupted one."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from edgeact.errors import SourceFormatError
from tests.trainer.published_tinypose import random_weights, write_weights
from trainer.data.pose_patches import PATCH_HEIGHT, PATCH_WIDTH
from trainer.data.pose_sets import batches, load_patch_set, training_sets
from trainer.fit_pose import evaluate, fit, fit_teacher
from trainer.models.edge_pose import INPUT_HEIGHT, INPUT_WIDTH, MAP_STRIDE
from trainer.models.pose_teacher import PoseTeacher
from trainer.pose_losses import distillation_loss, pose_loss, resized_maps
from trainer.recipe import PoseRecipe, TeacherRecipe
from trainer.schedule import learning_rate


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


@pytest.mark.parametrize(("height", "width"), [(40, 32), (64, 48)], ids=["the network's", "the teacher's"])
def test_maps_of_any_size_are_drawn_to_the_same_place(height: int, width: int) -> None:
    def loss(x: float, y: float) -> float:
        rows = (torch.arange(height) + 0.5) * INPUT_HEIGHT / height - 0.5
        columns = (torch.arange(width) + 0.5) * INPUT_WIDTH / width - 0.5
        square = (rows[:, None] - y) ** 2 + (columns - x) ** 2
        return float(pose_loss((-square / (2 * 6.0**2))[None, None], torch.tensor([[[60.3, 81.2, 1.0]]])))

    there = loss(60.3, 81.2)
    assert all(there < loss(60.3 + x, 81.2 + y) for x, y in ((0.5, 0), (-0.5, 0), (0, 0.5), (0, -0.5)))


def test_distillation_draws_the_maps_to_the_teachers() -> None:
    random = torch.Generator().manual_seed(0)
    teacher, noise = 3 * torch.randn(2, 3, 40, 32, generator=random), torch.randn(2, 3, 40, 32, generator=random)
    losses = [float(distillation_loss(teacher + share * noise, teacher)) for share in (0.0, 0.1, 0.3, 1.0)]
    assert losses == sorted(losses)
    logits = (teacher + noise).requires_grad_()
    distillation_loss(logits, teacher.requires_grad_()).backward()
    assert logits.grad is not None
    assert teacher.grad is None
    assert float((logits.grad * noise).sum()) > 0  # downhill leads back to the teacher


def test_a_teacher_of_another_size_shows_the_same_places() -> None:
    teacher = torch.full((1, 1, 64, 48), -20.0)
    teacher[0, 0, 16, 24] = 0.0  # its centre lies at x = 24.5/48, y = 16.5/64 of the crop
    maps = resized_maps(teacher, (40, 32))
    assert maps.sum().item() == pytest.approx(1.0)
    x = (maps.sum(2) * (torch.arange(32) + 0.5) / 32).sum().item()
    y = (maps.sum(3) * (torch.arange(40) + 0.5) / 40).sum().item()
    assert x == pytest.approx(24.5 / 48, abs=2e-3)
    assert y == pytest.approx(16.5 / 64, abs=2e-3)


def test_batches_are_the_same_whoever_draws_them(tmp_path: Path) -> None:
    sets = training_sets(write_patches(tmp_path))
    own = list(batches(sets, range(2, 5), batch=3, mild_from=3, threads=0))
    others = list(batches(sets, range(2, 5), batch=3, mild_from=3, threads=2))
    later = list(batches(sets, range(4, 5), batch=3, mild_from=3, threads=0))
    assert len(own) == len(others) == 3
    for one, other in zip([*own, own[2]], [*others, later[0]], strict=True):
        assert torch.equal(one[0], other[0])
        assert torch.equal(one[1], other[1])
    assert own[0][0].dtype is torch.uint8


def test_an_interrupted_training_ends_where_the_uninterrupted_one_does(tmp_path: Path) -> None:
    patches = write_patches(tmp_path / "patches")
    weights = write_weights(tmp_path / "tinypose.onnx", random_weights())

    def recipe(steps: int) -> PoseRecipe:
        teaching = TeacherRecipe(steps=1, rate=1e-3, mild_from=0, share=0.5)
        return PoseRecipe(cycles=(steps,), rates=(1e-3,), mild_from=1, batch=2, teacher=teaching)

    teacher = fit_teacher(patches, weights, tmp_path / "teacher" / "checkpoint.pt", recipe(1))

    def train(name: str, steps: int) -> dict[str, torch.Tensor]:
        return fit(
            patches, weights, tmp_path / name / "checkpoint.pt", recipe(steps), teacher=teacher, save_every=1
        ).state_dict()

    torch.use_deterministic_algorithms(True)
    try:
        whole = train("whole", 2)
        train("parts", 1)
        resumed = train("parts", 2)
    finally:
        torch.use_deterministic_algorithms(False)
    assert all(torch.allclose(value.float(), resumed[name].float(), atol=1e-6) for name, value in whole.items())


def test_the_teacher_is_judged_like_the_network(tmp_path: Path) -> None:
    scores = evaluate(PoseTeacher(), [load_patch_set(write_patches(tmp_path) / "lspet", "validation")])
    assert 0.0 <= scores["lspet"] <= 1.0
