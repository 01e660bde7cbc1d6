"""Every loss against numbers worked out by hand, and what a missing label must not do."""

import math

import pytest
import torch

from trainer.losses import (
    MISSING,
    binary_cross_entropy,
    elastic_net,
    focal,
    human_mask,
    is_annotated,
    joint_confidence,
    multitask_aware,
    weighted_squared_error,
)


def test_annotated_is_what_has_any_label() -> None:
    joints = torch.tensor([[[-1.0, -1.0], [-1.0, -1.0]], [[-1.0, -1.0], [3.0, 4.0]]])
    assert is_annotated(joints).tolist() == [False, True]
    assert is_annotated(torch.tensor([MISSING, 0, 2])).tolist() == [False, True, True]


def test_weighted_squared_error_by_hand() -> None:
    maps = torch.tensor([[[[1.0, 0.0]], [[2.0, 2.0]]]])  # one sample, two joints, maps of 1×2
    targets = torch.tensor([[[[0.0, 0.0]], [[0.0, 1.0]]]])
    # ½·(1² + 0 + 0 + 0)/4 with the second joint left out; ½·(1 + 4 + 1)/4 with both
    assert weighted_squared_error(maps, targets, torch.tensor([[1.0, 0.0]])).tolist() == [0.125]
    assert weighted_squared_error(maps, targets, torch.ones(1, 2)).tolist() == [0.75]


def test_focal_loss_by_hand() -> None:
    # Logits 0 and log 3: probabilities ¼ and ¾.
    logits = torch.tensor([[0.0, math.log(3)]]).repeat(3, 1)
    labels = torch.tensor([0, 1, MISSING])
    expected = [-((3 / 4) ** 2) * math.log(1 / 4), -((1 / 4) ** 2) * math.log(3 / 4), 0.0]
    assert focal(logits, labels).tolist() == pytest.approx(expected)
    cross_entropy = torch.nn.functional.cross_entropy(logits[:2], labels[:2], reduction="none")
    assert torch.allclose(focal(logits, labels, gamma=0.0)[:2], cross_entropy)


def test_binary_cross_entropy_by_hand() -> None:
    logits = torch.tensor([[0.0, math.log(3)], [0.0, math.log(3)], [5.0, 5.0]])
    labels = torch.tensor([[1, 0], [1, MISSING], [MISSING, MISSING]])
    # σ(0) = ½, σ(log 3) = ¾
    assert binary_cross_entropy(logits, labels).tolist() == pytest.approx([(math.log(2) + math.log(4)) / 2, math.log(2), 0.0])


def test_multitask_loss_with_labels_missing_both_ways() -> None:
    pose = torch.tensor([1.0, 2.0, float("nan"), 8.0], requires_grad=True)
    image = torch.tensor([10.0, float("inf"), 20.0, 40.0], requires_grad=True)
    part = torch.tensor([1.0, 2.0, 3.0, 4.0], requires_grad=True)
    has_pose, has_action = torch.tensor([True, True, False, False]), torch.tensor([True, False, True, False])
    loss = multitask_aware(pose, has_pose, [image, part], has_action, balance=0.1)
    # ((1 + .1·11) + 2 + .1·23 + 0) / 4: the divisor is N, whatever is missing (eq. 3)
    assert loss.item() == pytest.approx((1 + 1.1 + 2 + 2.3) / 4)
    loss.backward()
    assert pose.grad is not None
    assert image.grad is not None
    assert pose.grad.tolist() == pytest.approx([0.25, 0.25, 0, 0])
    assert image.grad.tolist() == pytest.approx([0.025, 0, 0.025, 0])


def test_a_batch_without_labels_gives_nothing_to_learn() -> None:
    pose, action = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    nobody = torch.tensor([False, False])
    loss = multitask_aware(pose, nobody, [action] * 4, nobody)
    loss.backward()
    assert loss.item() == 0
    assert pose.grad is not None
    assert pose.grad.abs().sum() == 0


def test_the_balance_is_the_papers() -> None:
    one = torch.ones(1)
    yes = torch.tensor([True])
    assert multitask_aware(torch.zeros(1), yes, [one] * 4, yes).item() == pytest.approx(4 * 0.00075)


def test_human_mask_loss_by_hand() -> None:
    maps = torch.tensor([[[[0.5, 0.0], [1.0, 2.0]]]])
    masks = torch.tensor([[[[1.0, 0.0], [1.0, 0.0]]]])
    assert human_mask(maps, masks).tolist() == [0.25 + 4.0]


def test_elastic_net_by_hand_leaves_out_what_is_not_there() -> None:
    found = torch.tensor([[[0.5, 0.5, 0.9], [0.25, 0.0, 0.1]]])
    wanted = torch.tensor([[[0.5, 0.25, 0.4], [9.0, 9.0, 9.0]]])
    everything = torch.ones(1, 2, 3, dtype=torch.bool)
    no_depth = everything.clone()
    no_depth[..., 2] = False
    no_depth[0, 1] = False
    assert elastic_net(found, wanted, no_depth).tolist() == pytest.approx([0.25 + 0.25**2])  # the second joint does not dilute the mean
    both = everything.clone()
    both[0, 1] = False
    assert elastic_net(found, wanted, both).tolist() == pytest.approx([0.25 + 0.0625 + 0.5 + 0.25])
    assert elastic_net(found, wanted, torch.zeros_like(everything)).tolist() == [0.0]


def test_coordinates_that_are_not_there_get_no_gradient_even_if_not_finite() -> None:
    found = torch.zeros(1, 1, 3, requires_grad=True)
    wanted = torch.tensor([[[1.0, 1.0, float("nan")]]])
    elastic_net(found, wanted, torch.tensor([[[True, True, False]]])).sum().backward()
    assert found.grad is not None
    assert found.grad.tolist() == [[[-3.0, -3.0, 0.0]]]  # d(|x| + x²)/dx at −1


def test_joint_confidence_by_hand() -> None:
    confidence = torch.tensor([[0.5, 0.25, 1.0], [1.0, 0.0, 0.3]])
    present = torch.tensor([[1, 0, MISSING], [1, 0, MISSING]])
    loss = joint_confidence(confidence, present)
    assert loss[0].item() == pytest.approx((math.log(2) + math.log(4 / 3)) / 2)
    assert loss[1].item() == pytest.approx(0.0, abs=2e-6)
    assert torch.isfinite(joint_confidence(1 - confidence, present)).all()
