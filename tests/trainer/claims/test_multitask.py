"""The claim about both tasks in one network: each set trains what it labels, and both are measured."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from edgeact.skeleton import MPII_16
from trainer.claims import multitask
from trainer.claims.multitask import TaskSet, read_task_sets, try_multitask
from trainer.data.labelled_samples import LabelledSample
from trainer.inputs.batch import MISSING
from trainer.models.efficientnet_lite import EfficientNetLite

SIDE = 64


def some_people() -> tuple[TaskSet, TaskSet]:
    """People who do one of two things, and people whose shoulders and hips are in one of two places."""
    rng = np.random.default_rng(0)
    kind = np.arange(16) % 2
    maps = rng.normal(0, 0.1, (16, 192, 2, 2)).astype(np.float16)
    maps[:, 0] += 4 * kind[:, None, None]
    joints = np.full((16, 16, 2), MISSING, np.float32)
    for name, y in (("left_shoulder", 8), ("left_hip", 52)):
        joints[:, MPII_16.index(name), 1] = y
        joints[:, MPII_16.index(name), 0] = 8 + 44 * kind
    nobody, training, measured = np.full((16, 16, 2), MISSING, np.float32), np.arange(8), np.arange(8, 16)
    return TaskSet(maps, kind, nobody, training, measured), TaskSet(
        maps, np.full(16, MISSING), joints, training, measured
    )


def test_each_set_trains_what_it_labels(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    torch.set_num_threads(1)
    monkeypatch.setattr(multitask, "BATCH", 8)
    torch.manual_seed(0)
    precision, joints = try_multitask(
        EfficientNetLite(classes=0), *some_people(), tmp_path, seeds=1, epochs=12, side=SIDE
    )
    assert [outcome.variant for outcome in precision] == ["actions alone", "both"]
    assert [outcome.variant for outcome in joints] == ["poses alone", "both"]
    assert min(outcome.mean for outcome in precision) > 0.8  # by chance: a half
    assert all(0 <= outcome.mean <= 1 for outcome in joints)


def test_a_map_that_says_nothing_costs_more_than_one_that_points_at_the_joint() -> None:
    joints = torch.full((2, 16, 2), float(MISSING))
    joints[0, 3] = torch.tensor([11.5, 19.5])  # the second cell of the third row, of 8 pixels each
    flat, right, wrong = (torch.zeros(2, 16, 8, 8) for _ in range(3))
    right[0, 3, 2, 1], wrong[0, 3, 6, 6] = 1.0, 1.0
    right[0, 4, 6, 6] = 50.0  # nobody said where this joint is
    costs = [multitask.pose_error(heat, joints, SIDE) for heat in (right, flat, wrong)]
    assert costs[0][0] < costs[1][0] < costs[2][0]
    assert costs[1][0].item() == pytest.approx(np.log(64))  # as for every map that does not prefer a cell
    assert [cost[1].item() for cost in costs] == [0, 0, 0]  # of the other person nothing is known


class _TopLeft(nn.Module):
    """Answers with the highest heat at the top left, whoever is asked about."""

    def forward(self, maps: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        heat = torch.zeros(len(maps), 16, 8, 8)
        heat[:, :, 1, 1] = 1  # cells of 8 pixels: the joints are at 12 − ½
        return torch.zeros(len(maps), 2), heat


def test_joints_are_right_within_a_fifth_of_the_torso() -> None:
    _, posed = some_people()  # shoulders at y 8 and x 8 or 52, hips 44 below: 8.8 pixels are near enough
    assert multitask.right_joints(_TopLeft(), posed, SIDE) == pytest.approx(0.25)


def test_joints_move_into_the_square(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    joints = np.full((16, 2), MISSING, np.float32)
    joints[3] = (50, 50)
    box = np.float32([10, 10, 90, 90])
    posed = [LabelledSample(tmp_path / f"{split}.jpg", split, None, box, joints) for split in ("train", "validation")]
    acting = [LabelledSample(tmp_path / f"{split}.jpg", split, 5, box) for split in ("train", "test")]
    monkeypatch.setattr(multitask, "lspet_poses", lambda root: posed)
    monkeypatch.setattr(multitask, "some_actions", lambda root, actions: (acting, [0, 0]))
    monkeypatch.setattr(multitask, "frozen_maps", lambda *_, **__: np.zeros((2, 192, 2, 2), np.float16))
    actions, poses = read_task_sets(
        EfficientNetLite(classes=0), tmp_path, tmp_path, tmp_path, actions=1, people=1, side=SIDE,
        progress=lambda items, _: items,
    )  # fmt: skip
    assert poses.joints[0, 3] == pytest.approx([31.5, 31.5], abs=1)  # the middle of the box is that of the square
    assert (poses.joints[0, 4] == MISSING).all()
    assert (actions.joints == MISSING).all()
    assert (poses.training.tolist(), poses.measured.tolist(), poses.actions.tolist()) == ([0], [1], [MISSING, MISSING])
