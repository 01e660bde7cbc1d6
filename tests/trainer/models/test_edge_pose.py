"""Soft-argmax and its window."""

import pytest
import torch

from trainer.models.edge_pose import MAP_HEIGHT, MAP_STRIDE, MAP_WIDTH, EdgePose, peak_soft_argmax
from trainer.pose_losses import expected_joints


def test_the_expectation_of_one_cell_is_its_centre() -> None:
    maps = torch.zeros(1, 1, MAP_HEIGHT, MAP_WIDTH)
    maps[0, 0, 3, 2] = 1.0
    assert expected_joints(maps)[0, 0].tolist() == [2.5 * MAP_STRIDE - 0.5, 3.5 * MAP_STRIDE - 0.5]


def test_the_expectation_of_two_cells_lies_between() -> None:
    maps = torch.zeros(1, 1, MAP_HEIGHT, MAP_WIDTH)
    maps[0, 0, 1, 2], maps[0, 0, 1, 6] = 0.75, 0.25
    assert expected_joints(maps)[0, 0].tolist() == [3.5 * MAP_STRIDE - 0.5, 1.5 * MAP_STRIDE - 0.5]


def test_a_second_person_does_not_pull_the_joint_away() -> None:
    logits = torch.full((1, 1, 48, 36), -20.0)
    logits[0, 0, 10, 8], logits[0, 0, 40, 30] = 2.0, 1.0
    joints, mass, maps = peak_soft_argmax(logits)
    assert joints[0, 0].tolist() == pytest.approx([8.5 * MAP_STRIDE - 0.5, 10.5 * MAP_STRIDE - 0.5], abs=1e-3)
    assert float(mass) == pytest.approx(torch.sigmoid(torch.tensor(1.0)).item(), abs=1e-4)  # e² / (e² + e¹)
    assert float(maps.sum()) == pytest.approx(1.0, abs=1e-5)


def test_every_parameter_learns() -> None:
    torch.manual_seed(0)
    model = EdgePose().train()
    logits = model(torch.randn(2, 3, 160, 128))
    assert logits.shape == (2, 21, 40, 32)
    (logits * torch.randn_like(logits)).sum().backward()
    # A branch that nothing reads would have no gradient.
    without = [
        name
        for name, parameter in model.named_parameters()
        if parameter.grad is None or not parameter.grad.abs().sum() > 0
    ]
    assert without == []
