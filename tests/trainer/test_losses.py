"""Every loss against numbers worked out by hand, and what a missing label must not do."""

import math
from collections.abc import Callable

import pytest
import torch

from trainer.inputs.batch import MISSING
from trainer.losses import (
    binary_cross_entropy,
    elastic_net,
    focal,
    human_mask,
    is_annotated,
    joint_confidence,
    mask_guided,
    multitask_aware,
    pose_and_action,
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


@pytest.mark.parametrize("gamma", [0.0, 0.25, 0.5, 1.0, 2.0])
def test_focal_loss_has_gradients_where_the_network_is_sure(gamma: float) -> None:
    """At p = 1 the slope of (1 − p)^γ is infinite for γ < 1; the loss has none there."""
    logits = torch.tensor([[200.0, 0.0], [0.0, math.log(3)], [-200.0, 0.0]], requires_grad=True)
    loss = focal(logits, torch.zeros(3, dtype=torch.long), gamma=gamma)
    assert loss.tolist() == pytest.approx([0.0, -((3 / 4) ** gamma) * math.log(1 / 4), 200.0])
    loss.sum().backward()
    # d/dp of −(1 − p)^γ·log p, times dp/dlogit = p·(1 − p), at p = ¼; at p = 0 what cross-entropy has.
    slope = (gamma * 0.75 ** (gamma - 1) * math.log(0.25) - 0.75**gamma / 0.25) * 0.25 * 0.75
    assert logits.grad is not None
    assert logits.grad.flatten().tolist() == pytest.approx([0, 0, slope, -slope, -1, 1], abs=1e-6)


def test_binary_cross_entropy_by_hand() -> None:
    logits = torch.tensor([[0.0, math.log(3)], [0.0, math.log(3)], [5.0, 5.0]])
    labels = torch.tensor([[1, 0], [1, MISSING], [MISSING, MISSING]])
    # σ(0) = ½, σ(log 3) = ¾
    assert binary_cross_entropy(logits, labels).tolist() == pytest.approx(
        [(math.log(2) + math.log(4)) / 2, math.log(2), 0.0]
    )


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
    assert elastic_net(found, wanted, no_depth).tolist() == pytest.approx(
        [0.25 + 0.25**2]
    )  # the second joint does not dilute the mean
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


def test_mask_guided_loss_by_hand() -> None:
    """Paper B: L = L_cls + L_mask; a sample that lacks one of them has the other."""
    scores = torch.tensor([[0.0, math.log(3)]]).repeat(3, 1)  # probabilities ¼ and ¾
    maps, masks = torch.tensor([[[[0.5, 2.0]]]]).repeat(3, 1, 1, 1), torch.tensor([[[[1.0, 0.0]]]]).repeat(3, 1, 1, 1)
    found = mask_guided(scores, torch.tensor([0, MISSING, 1]), maps, masks, torch.tensor([True, True, False]))
    assert found.tolist() == pytest.approx([math.log(4) + 0.25 + 4.0, 0.25 + 4.0, math.log(4 / 3)])
    assert mask_guided(scores[:1], torch.tensor([0]), maps[:1], masks[:1]).tolist() == pytest.approx(
        [math.log(4) + 4.25]
    )


def test_pose_and_action_loss_by_hand() -> None:
    """Paper E: two blocks of three pictures or frames each, of which the second predicts the actions of two clips."""
    pose = [torch.tensor([1.0, 2.0, 3.0]), torch.tensor([0.0, 0.0, 6.0])]
    confidence = [torch.tensor([30.0, 0.0, 0.0]), torch.tensor([0.0, 60.0, 0.0])]
    actions = [torch.tensor([100.0, 300.0])]
    assert pose_and_action(pose, confidence, actions).item() == pytest.approx((2 + 2) + 0.01 * (10 + 20) + 0.01 * 200)
    assert pose_and_action(pose, confidence, []).item() == pytest.approx(4.3)  # a batch of pictures
    assert pose_and_action([], [], actions, weight=0.02).item() == pytest.approx(4.0)  # actions alone
    with pytest.raises(
        ValueError, match="pose, confidence and actions are all empty; give the losses of at least one block"
    ):
        pose_and_action([], [], [])


Loss = Callable[[torch.Tensor, list[bool]], torch.Tensor]


def _with_holes(values: torch.Tensor, there: list[bool], hole: float = float("nan")) -> torch.Tensor:
    """Targets in which those of missing samples are no numbers."""
    there_each = torch.tensor(there).reshape(-1, *[1] * (values.ndim - 1))
    return torch.where(there_each, values, torch.full_like(values, hole))


def _maps(inputs: torch.Tensor, there: list[bool]) -> torch.Tensor:
    weights = torch.tensor(there, dtype=torch.float32)[:, None].expand(-1, 2)
    return weighted_squared_error(
        inputs.reshape(-1, 2, 2, 2), _with_holes(torch.ones(len(there), 2, 2, 2), there), weights
    )


def _mask(inputs: torch.Tensor, there: list[bool]) -> torch.Tensor:
    return human_mask(
        inputs.reshape(-1, 1, 2, 4), _with_holes(torch.ones(len(there), 1, 2, 4), there), torch.tensor(there)
    )


def _guided(inputs: torch.Tensor, there: list[bool]) -> torch.Tensor:
    labels = _with_holes(torch.ones(len(there)), there, MISSING).long()
    maps, masks = inputs[:, 4:].reshape(-1, 1, 2, 2), _with_holes(torch.ones(len(there), 1, 2, 2), there)
    return mask_guided(inputs[:, :4], labels, maps, masks, torch.tensor(there))


def _elastic(inputs: torch.Tensor, there: list[bool]) -> torch.Tensor:
    available = torch.tensor(there)[:, None, None].expand(-1, 4, 2)
    return elastic_net(inputs.reshape(-1, 4, 2), _with_holes(torch.ones(len(there), 4, 2), there), available)


def _focal(inputs: torch.Tensor, there: list[bool]) -> torch.Tensor:
    return focal(inputs, _with_holes(torch.ones(len(there)), there, MISSING).long())


def _binary(inputs: torch.Tensor, there: list[bool]) -> torch.Tensor:
    return binary_cross_entropy(inputs, _with_holes(torch.ones(len(there), 8), there, MISSING))


def _confidence(inputs: torch.Tensor, there: list[bool]) -> torch.Tensor:
    return joint_confidence(torch.sigmoid(inputs), _with_holes(torch.ones(len(there), 8), there, MISSING))


@pytest.mark.parametrize("loss", [_maps, _mask, _guided, _elastic, _focal, _binary, _confidence])
def test_missing_samples_teach_a_weight_nothing(loss: Loss) -> None:
    """The gradient of a weight behind the loss is that of the batch without them, though their targets are NaN."""
    layer = torch.nn.Linear(3, 8)
    inputs, there = torch.randn(4, 3, generator=torch.Generator().manual_seed(0)), [True, False, True, False]
    present = inputs[[0, 2]]

    def gradient(rows: torch.Tensor, has: list[bool]) -> torch.Tensor:
        layer.zero_grad()
        every = loss(layer(rows), has)
        assert every.shape == (len(rows),)
        assert every[~torch.tensor(has)].abs().sum() == 0
        every.sum().backward()
        assert layer.weight.grad is not None
        return layer.weight.grad.clone()

    expected = gradient(present, [True, True])
    assert expected.abs().sum() > 0
    assert torch.allclose(gradient(inputs, there), expected, atol=1e-6)


def test_a_missing_pose_leaves_the_weight_of_the_multitask_loss_alone() -> None:
    """What a batch of samples with poses and of others with actions teaches, is what each of them teaches."""
    layer = torch.nn.Linear(3, 8)
    inputs, has_pose = torch.randn(4, 3, generator=torch.Generator().manual_seed(0)), [True, False, True, False]
    has_action = [not has for has in has_pose]

    def gradient(rows: list[int]) -> torch.Tensor:
        layer.zero_grad()
        outputs, posed, acting = layer(inputs[rows]), [has_pose[row] for row in rows], [has_action[row] for row in rows]
        loss = multitask_aware(
            _maps(outputs, posed), torch.tensor(posed), [_focal(outputs, acting)], torch.tensor(acting), balance=0.1
        )
        (loss * len(rows)).backward()
        assert layer.weight.grad is not None
        return layer.weight.grad.clone()

    assert torch.allclose(gradient([0, 1, 2, 3]), gradient([0, 2]) + gradient([1, 3]), atol=1e-6)


def test_confident_outputs_of_missing_labels_do_not_end_a_training() -> None:
    """Infinite scores have a loss of 0·∞ where nobody said what is right; it does not reach the gradient."""
    scores = torch.tensor([[math.inf, 0.0], [1.0, 2.0]], requires_grad=True)
    for labels, loss in (
        (torch.tensor([MISSING, 1]), focal),
        (torch.tensor([[MISSING, MISSING], [0, 1]]), binary_cross_entropy),
    ):
        (gradient,) = torch.autograd.grad(loss(scores, labels).sum(), scores)  # type: ignore[operator]
        assert torch.isfinite(gradient).all()
        assert gradient[0].tolist() == [0.0, 0.0]
